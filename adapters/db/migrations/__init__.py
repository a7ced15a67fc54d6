"""The alembic environment; its revisions live in `versions`."""
