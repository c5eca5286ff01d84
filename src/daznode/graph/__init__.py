"""Measures the network: arrays in, numbers out; no IO."""
