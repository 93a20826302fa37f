"""What the facts prove: of a flow, of a zone pair, of what a canary measured."""
