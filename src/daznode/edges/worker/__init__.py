"""Background work: what the clock starts, and what Celery hands out."""
