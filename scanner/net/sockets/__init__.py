"""The connect engine: ordinary sockets of the laptop's own IP stack, no privilege needed."""
