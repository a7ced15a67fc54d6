"""The GraphQL schema: types, roots and how they are assembled."""
