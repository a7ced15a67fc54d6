"""After-sale cases: what a buyer may claim, what is agreed to, what comes back, and what the buyer gets for it. Pure."""
