"""What whoever watches the service sees: log, metrics and health."""
