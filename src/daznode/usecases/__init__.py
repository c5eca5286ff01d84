"""The verbs: one file, one trip; gather through ports, think in pure rooms, store, tell."""
