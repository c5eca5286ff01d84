"""Where network snapshots come from."""
