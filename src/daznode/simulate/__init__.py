"""Tries: a seeded, virtual-time Lightning network."""
