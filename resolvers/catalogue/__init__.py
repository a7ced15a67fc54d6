"""Every code that a caller can meet: what it means, whether trying again helps, and what to do."""
