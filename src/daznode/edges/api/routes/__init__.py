"""One file per noun: what it takes, which use-case it asks, what it gives."""
