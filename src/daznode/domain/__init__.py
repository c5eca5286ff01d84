"""The nouns: frozen dataclasses and enums, no IO, no clock, no randomness."""
