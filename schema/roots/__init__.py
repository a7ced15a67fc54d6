"""The three root types."""
