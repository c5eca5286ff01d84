"""LNbits: a wallet, and the node behind it, over its HTTP interface."""
