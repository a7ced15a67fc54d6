"""Who is asking, and what of the orders they may see and do. Pure."""
