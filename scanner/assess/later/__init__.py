"""Findings asked again, and reports compared."""
