"""Embedded twins of the public services: tables of their own schema in the same PostgreSQL."""
