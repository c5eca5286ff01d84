"""The world of the demo: a node with a story in a generated network in which every payment is tried."""
