"""Explains: figures to findings to a page in words."""
