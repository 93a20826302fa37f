"""The source ports of one scan, taken so that nobody else on the laptop uses them."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path

from scanner.errors import NetworkFailed


class Reserved:
    """Source ports that nobody else on the laptop uses, and that the kernel picks for no connection.

    They are bound and never listened on: to a SYN-ACK the kernel then answers RST, and a UDP answer causes no ICMP
    error towards the target.
    """

    def __init__(self, count: int) -> None:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        spans = [each for each in (range(high + 1, 65536), range(1024, low)) if len(each) >= count]
        self._sockets: list[socket.socket] = []
        for _ in range(50):
            span = spans[0] if spans else range(1024, 65536)
            first = random.randrange(span.start, span.stop - count + 1)
            try:
                for port in range(first, first + count):
                    self._bind(port)
            except OSError:
                self.close()
                continue
            self.ports = range(first, first + count)
            return
        raise NetworkFailed("no source port is free outside net.ipv4.ip_local_port_range")

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    def _bind(self, port: int) -> None:
        for family in (socket.AF_INET, socket.AF_INET6):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try:
                    sock = socket.socket(family, kind | socket.SOCK_CLOEXEC)
                except OSError:
                    if family == socket.AF_INET6:
                        continue  # a kernel without IPv6
                    raise
                self._sockets.append(sock)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
