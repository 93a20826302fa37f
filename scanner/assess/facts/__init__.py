"""What was observed, indexed for judging: a view a zone, and what canaries heard."""
