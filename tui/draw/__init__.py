"""Drawings out of boxes and lines: pure functions from a report's rows to a document of a given width."""
