"""The order logic: pure rules, the ports they need, and the actions that bring both together."""
