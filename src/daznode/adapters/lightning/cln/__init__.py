"""Core Lightning 24.02 and newer, over clnrest with a rune."""
