"""Resolvers of mutations: input, command, outcome."""
