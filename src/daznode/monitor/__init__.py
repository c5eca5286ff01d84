"""Judges: rules over a day's figures; state in, alerts out."""
