"""The far side of a fence: what listens there for our signed probes, and what it answers."""
