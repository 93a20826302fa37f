"""The types. Floor 1: imports nothing of ours but itself."""
