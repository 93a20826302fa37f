"""Runs in a router's namespace: one router advertisement to all nodes of a link.

Usage: advertiser.py INTERFACE PREFIX, the prefix a /64 without its length (`fd83:1::`).
"""

from __future__ import annotations

import socket
import struct
import sys

INFINITE = 0xFFFFFFFF
ON_LINK_AND_AUTONOMOUS = 0xC0


def advertisement(prefix: str) -> bytes:
    """Type 134, hop limit 64, a router for half an hour; the kernel fills the checksum in."""
    head = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
    option = struct.pack("!BBBBIII", 3, 4, 64, ON_LINK_AND_AUTONOMOUS, INFINITE, INFINITE, 0)
    return head + option + socket.inet_pton(socket.AF_INET6, prefix)


if __name__ == "__main__":
    interface, prefix = sys.argv[1:]
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sock.sendto(advertisement(prefix), ("ff02::1", 0, 0, socket.if_nametoindex(interface)))
