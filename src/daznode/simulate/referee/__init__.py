"""The referee: which nodes and seeds are tried, what the runs prove, and how sure that is."""
