"""The loop that asks everything, again where answers were lost, and as fast as the network takes it."""
