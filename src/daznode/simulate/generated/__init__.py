"""Networks made from a seed: nodes, channels and policies distributed like those of the real one, and their days."""
