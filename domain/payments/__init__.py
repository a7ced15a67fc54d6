"""Payments of an order: what an answer of the provider means. Pure."""
