"""Where secrets of nodes are kept: sealed records and their audit trail in the embedded database."""
