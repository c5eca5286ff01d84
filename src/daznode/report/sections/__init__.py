"""The sections of the laid-out report, one file per theme."""
