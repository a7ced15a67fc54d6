"""The object types, inputs' scalars and enums of the contract, over the domain's read models."""
