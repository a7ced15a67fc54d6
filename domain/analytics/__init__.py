"""What orders are counted by and how a question is planned: pure rules, no SQL."""
