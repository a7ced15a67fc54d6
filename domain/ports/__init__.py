"""What the order logic needs from outside, as protocols."""
