"""Analytical engines beside the database: each keeps a copy of what analytics reads and answers in place of PostgreSQL."""
