"""The order aggregate: its read models, its state tables, pricing and splitting. Pure."""
