"""UDP sockets that ask the link from the vantage: ordinary ones, for which nobody needs a privilege.

They send from a port of the kernel's choice, so that answers come to this laptop alone, and a name service of its own
keeps its port.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence

import msgspec

from scanner.model.observation import Vantage
from scanner.net.carrier import Carrier
from scanner.net.raw.neighbours6 import sources
from scanner.net.route import Interface
from scanner.net.sockets.opening import SO_BINDTODEVICE, endpoint

_HOPS = 255
"""mDNS wants it, and whoever gets less knows that a router was in between."""
_BUFFER = 4 << 20
_MOST_AT_ONCE = 512


class Datagram(msgspec.Struct, frozen=True):
    """A datagram that came to one of the sockets."""

    source: str
    """Without a scope."""
    port: int
    data: bytes
    at: float
    """Seconds since the epoch."""


class NameSockets:
    """One socket for each of the vantage's addresses: IPv4, and IPv6 as `neighbours6.sources` chooses them."""

    def __init__(self, interface: Interface, vantage: Vantage) -> None:
        self._interface = interface
        self._carrier = Carrier(interface)
        self._sockets: dict[str, socket.socket] = {}
        four = () if ":" in vantage.address else (vantage.address,)
        for address in (*four, *sources(interface, vantage)):
            # An address may have gone since the vantage was chosen, and a kernel may be without IPv6.
            with contextlib.suppress(OSError):
                self._sockets[address] = _opened(address, interface)

    def close(self) -> None:
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    def group(self, version: int) -> list[str]:
        """The own addresses to ask a group of that IP version from."""
        return [each for each in self._sockets if (":" in each) == (version == 6)]

    def towards(self, address: str) -> str | None:
        """The own address to ask that address from; of IPv6, one of the same scope if there is one."""
        own = self.group(6 if ":" in address else 4)
        local = address.startswith("fe80:")
        return next((each for each in own if each.startswith("fe80:") == local), own[0] if own else None)

    def send(self, own: str, address: str, port: int, data: bytes) -> None:
        """Hand over one datagram. What this laptop cannot or may not send is not sent.

        NetworkFailed when that is because the interface is gone or down.
        """
        sock = self._sockets[own]
        try:
            sock.sendto(data, _scoped(address, port, self._interface))
        except OSError:
            self._carrier.check()

    def receive(self, timeout: float, limit: int) -> Iterator[Datagram]:
        """What has arrived; waits up to `timeout` seconds for the first. Datagrams are cut at `limit` bytes."""
        waiting: Sequence[socket.socket] = list(self._sockets.values())
        if timeout > 0:
            waiting, _, _ = select.select(waiting, [], [], timeout)
        for sock in waiting:
            for _ in range(_MOST_AT_ONCE):
                try:
                    data, peer = sock.recvfrom(limit)
                except OSError:
                    break
                yield Datagram(str(peer[0]).partition("%")[0], int(peer[1]), data, time.time())


def _scoped(address: str, port: int, interface: Interface) -> tuple[str, int] | tuple[str, int, int, int]:
    if address.startswith("ff02:"):
        return address, port, 0, interface.index
    return endpoint(address, port, interface)


def _opened(address: str, interface: Interface) -> socket.socket:
    six = ":" in address
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    try:
        # Refused to the unprivileged by kernels before 5.7; the source address steers the route there.
        with contextlib.suppress(PermissionError):
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.name.encode() + b"\0")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, interface.index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, _HOPS)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, _HOPS)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 0)
        else:
            here = struct.pack("=4s4si", bytes(4), socket.inet_aton(address), interface.index)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _HOPS)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, _HOPS)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)
        sock.bind(endpoint(address, 0, interface))
    except OSError:
        sock.close()
        raise
    return sock
