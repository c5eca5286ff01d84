"""Nodes that are steered: what they show to a policy, and what a policy makes them do."""
