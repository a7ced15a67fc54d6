"""How an operation is read, checked and run: knows GraphQL and Strawberry, no order."""
