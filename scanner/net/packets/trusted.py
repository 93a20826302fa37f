"""Source ports that careless rules trust, taken from the laptop for one scan: 53, 20, 88, 123."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterable, Sequence

from scanner.model.base import Transport
from scanner.net.interfaces import Interface
from scanner.net.packets.link import Link

_FRAMES = 1 << 12
_KINDS: tuple[tuple[Transport, socket.SocketKind], ...] = (("tcp", socket.SOCK_STREAM), ("udp", socket.SOCK_DGRAM))


class TrustedPort:
    """One such port, and the link that hears what comes back to it.

    It is bound to the vantage's own addresses, and never listened on, so that no daemon of the laptop uses it
    meanwhile, and the kernel answers a SYN-ACK with RST and a datagram with nothing. `refused` says of each transport
    why that is not to be had; what is refused must not be sent from.
    """

    def __init__(self, interface: Interface, port: int, addresses: Sequence[str]) -> None:
        self.port = port
        self.refused: dict[Transport, str] = {}
        with contextlib.ExitStack() as undo:
            for transport, kind in _KINDS:
                reason = _bind(undo, kind, port, addresses, interface.index)
                if reason is not None:
                    self.refused[transport] = reason
            self.link = undo.enter_context(Link(interface, range(port, port + 1), _FRAMES))
            self._open = undo.pop_all()

    def close(self) -> None:
        self._open.close()


def _bind(
    undo: contextlib.ExitStack, kind: socket.SocketKind, port: int, addresses: Iterable[str], index: int
) -> str | None:
    """Take the port of each address; why that cannot be done, or None."""
    for address in addresses:
        six = ":" in address
        try:
            sock = undo.enter_context(socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind))
            if six:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            scope = index if address.startswith("fe80:") else 0
            sock.bind((address, port, 0, scope) if six else (address, port))
        except OSError as error:
            return why(error, port)
    return None


def why(error: OSError, port: int) -> str:
    """Why a source port cannot be had, with the mend."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"binding port {port} needs root or CAP_NET_BIND_SERVICE"
    if error.errno == errno.EADDRINUSE:
        return f"a program of this laptop uses port {port}: stop it for the scan"
    return f"port {port} cannot be bound ({error.strerror})"
