"""The raw engine: packets of our own on the link."""
