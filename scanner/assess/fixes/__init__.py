"""What to change, and as firewalls write it."""
