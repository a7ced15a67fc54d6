"""Bulk exports: which datasets there are, and what a job is."""
