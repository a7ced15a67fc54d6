"""The state tables, one module per machine: data, no code."""
