"""Sockets of the laptop's own IP stack, set up so that they leave from the vantage and report ICMP errors."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Mapping, Sequence

from scanner.model.observation import Vantage
from scanner.net.errqueue import listen_for_errors
from scanner.net.resolve import hops
from scanner.net.route import Hop, Interface, neighbours
from scanner.net.tally import NO_ROUTE, Question, Tally

SO_BINDTODEVICE = 25
NO_NEXT_HOP = "its next hop does not answer"
"""The kernel's own ARP or NDP failed: nothing went further than the laptop."""


def open_socket(hop: Hop, interface: Interface, kind: int, protocol: int = 0) -> socket.socket:
    """A non-blocking socket that sends from the hop's source address, by the vantage's interface."""
    family = socket.AF_INET6 if ":" in hop.source else socket.AF_INET
    sock = socket.socket(family, kind | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
    try:
        listen_for_errors(sock)
        if hop.kind != "self":
            # Refused to the unprivileged by kernels before 5.7; the source address steers the route there.
            with contextlib.suppress(PermissionError):
                sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, interface.name.encode() + b"\0")
        sock.bind(endpoint(hop.source, 0, interface))
    except OSError:
        sock.close()
        raise
    return sock


def endpoint(address: str, port: int, interface: Interface) -> tuple[str, int] | tuple[str, int, int, int]:
    """A socket address; a link-local one names its interface."""
    if ":" not in address:
        return address, port
    return address, port, 0, interface.index if address.startswith("fe80:") else 0


def aimed(
    addresses: Sequence[str], questions: Sequence[Question], tries: int, vantage: Vantage, interface: Interface
) -> tuple[Tally, Mapping[str, Hop | None]]:
    """A tally of those addresses, and the way to each; those without one are refused."""
    ways = hops(addresses, interface, vantage)
    unique = list(ways)
    late = [hop is not None and hop.kind == "routed" for hop in ways.values()]
    tally = Tally(unique, questions, tries, late)
    for index, address in enumerate(unique):
        if ways[address] is None:
            tally.refuse(index, NO_ROUTE)
    return tally, ways


def refuse_unreached(tally: Tally, ways: Mapping[str, Hop | None], interface: Interface) -> None:
    """Withdraw the silence of routed hosts whose next hop the kernel could not resolve.

    To a socket bound to a device the kernel does not report that failure, so its neighbour table is asked.
    """
    if not interface.resolves or not tally.missing_late:
        return
    known = neighbours(interface)
    for host, address in enumerate(tally.addresses):
        hop = ways[address]
        if hop is not None and hop.kind == "routed" and hop.via not in known and not tally.answered(host):
            tally.refuse(host, NO_NEXT_HOP)


def refusal(code: int) -> str | None:
    """Why the laptop itself would not send, by errno; None for any other error."""
    if code in (errno.EACCES, errno.EPERM):
        return "the laptop's own firewall or routes forbid it"
    if code == errno.ENETUNREACH:
        return NO_ROUTE
    return None
