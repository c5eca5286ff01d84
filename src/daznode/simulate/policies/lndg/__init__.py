"""LNDg: automatic fees by liquidity, flow and failures, and the automatic rebalancer beside them."""
