"""The graph of what an attacker can reach: paths, what falls with a host, the least cut, and what if."""
