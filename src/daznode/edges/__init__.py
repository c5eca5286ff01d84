"""Doors: parse, call one use-case, present."""
