"""Packets as bytes, by hand and by the thousand, and the sockets that they pass."""
