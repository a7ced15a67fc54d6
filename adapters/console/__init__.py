"""The page at /graphql for browsers: GraphiQL with example operations, complete without a network."""
