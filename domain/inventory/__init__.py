"""Stock: where units are taken from. Pure."""
