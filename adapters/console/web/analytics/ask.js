// Asks the endpoint beside this page, under whatever prefix a proxy gives both.
const ENDPOINT = new URL("graphql", globalThis.location.href.replace(/[^/]*([?#].*)?$/, ""));

export class Refused extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

// The data, or a Refused with the first error's sentence and code.
export async function ask(query, variables, { key, signal } = {}) {
  const headers = { "content-type": "application/json", accept: "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  let answer;
  try {
    const response = await fetch(ENDPOINT, { method: "POST", headers, signal, body: JSON.stringify({ query, variables }) });
    answer = await response.json();
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new Refused("The server does not answer. Try again in a moment.", "UNREACHABLE");
  }
  const [error] = answer.errors ?? [];
  if (error) throw new Refused(error.message, error.extensions?.code);
  return answer.data;
}
