"""Resolvers that read."""
