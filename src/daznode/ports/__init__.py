"""What the outside must do for us: Protocols over domain types, nothing else."""
