// The production half of graphql/jsutils/instanceOf. The other half explains to developers how two copies of graphql come
// about; here is one copy, and the bundler would keep that text.
export const instanceOf = (value, constructor) => value instanceof constructor;
