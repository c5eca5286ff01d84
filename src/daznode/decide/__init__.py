"""Proposes: what to change on the node, with evidence and expected gain."""
