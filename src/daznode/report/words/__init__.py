"""The texts of the report, one file per language."""
