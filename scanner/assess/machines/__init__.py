"""Which hosts are there, what runs on them, and which of them are one machine."""
