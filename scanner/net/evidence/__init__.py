"""The packets behind the findings: captures and excerpts of them."""
