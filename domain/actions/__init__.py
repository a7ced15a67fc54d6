"""One module per action: load, decide (pure), save."""
