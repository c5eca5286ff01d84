"""Lightning node backends."""
