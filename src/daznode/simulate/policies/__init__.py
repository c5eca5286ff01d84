"""Policies that set fees: what the field's tools do, rebuilt, behind one face."""
