"""Talks to the outside: each file implements one port and translates both ways."""
