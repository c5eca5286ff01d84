"""Compiled loops of the payment simulator: search, attempt, settle."""
