"""The ports that a simulation runs the real actions on: a copy of one order in memory, and services that only say yes."""
