"""Lightning Network node intelligence: measure, propose, execute safely, explain."""

__version__ = "0.1.0"
