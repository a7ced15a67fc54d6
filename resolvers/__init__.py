"""How a field gets its value: reads through loaders, actions through handlers."""
