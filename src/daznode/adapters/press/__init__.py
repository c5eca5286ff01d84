"""Pages to documents: HTML and PDF."""
