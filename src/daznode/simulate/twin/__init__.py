"""The residual-demand twin: what a node's customers would have paid, recorded once, replayed at will."""
