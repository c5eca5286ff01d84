"""Compiled loops over raw arrays: the inner part of the measures."""
