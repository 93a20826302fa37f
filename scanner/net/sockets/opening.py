"""Sockets of the laptop's own IP stack, set up so that they leave from the vantage and report ICMP errors."""

from __future__ import annotations

import contextlib
import errno
import select
import selectors
import socket
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from scanner.model.addresses import AddressSet
from scanner.model.observation import State, Vantage
from scanner.net.route import Hop, Interface, index_of, neighbours, tables, ways
from scanner.net.sockets.errqueue import error_options
from scanner.net.volley.tally import NO_ROUTE, Question, Tally

SO_BINDTODEVICE: int = getattr(socket, "SO_BINDTODEVICE", 0)
"""0 where there is none: the source address has to steer the route, and `route.ways` has checked that it does."""
IP_BIND_ADDRESS_NO_PORT = 24
NO_NEXT_HOP = "its next hop does not answer"
"""The kernel's own ARP or NDP failed: nothing went further than the laptop."""
ICMP_ERRORS: dict[int, tuple[State, str]] = {
    errno.EHOSTUNREACH: ("unreachable", "host-unreachable"),
    errno.ENETUNREACH: ("unreachable", "network-unreachable"),
    errno.EACCES: ("rejected", "prohibited"),
}
"""State and reason of an ICMP error of which only the errno is known. EACCES is an error of IPv6; where the laptop
itself forbids something, it says so at once."""
_MOST_DESCRIPTORS = 8192
_RESERVE = 128
_FEW = 800
"""Where nobody tells the limit."""
_SELECTED = 448
"""Under select alone: Windows takes 512 sockets, others the descriptors below 1024."""

_SOCKET_FLAGS = getattr(socket, "SOCK_CLOEXEC", 0) | getattr(socket, "SOCK_NONBLOCK", 0)
_BORN_NONBLOCKING = hasattr(socket, "SOCK_NONBLOCK")


def open_socket(source: str, interface: str, kind: int, protocol: int = 0, port: int = 0) -> socket.SocketType:
    """A non-blocking socket that sends from `source`, by that interface (`""`: by whichever), and from `port` if one is
    given, which other such sockets may share."""
    six = ":" in source
    # The bare type: a scan opens hundreds of thousands, and they need none of what `socket.socket` adds.
    sock = socket.SocketType(socket.AF_INET6 if six else socket.AF_INET, kind | _SOCKET_FLAGS, protocol)
    try:
        if not _BORN_NONBLOCKING:
            sock.setblocking(False)
        for level, name, value in _options(six, interface, kind == socket.SOCK_STREAM):
            try:
                sock.setsockopt(level, name, value)
            except PermissionError:
                # Kernels before 5.7 let only the privileged bind to a device; the source steers the route there.
                continue
        scope = index_of(interface) if source.startswith("fe80:") and interface else 0
        if port and kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((source, port, 0, scope) if six else (source, port))
    except OSError:
        sock.close()
        raise
    return sock


@lru_cache(maxsize=64)
def _options(six: bool, interface: str, stream: bool) -> tuple[tuple[int, int, int | bytes], ...]:
    options: list[tuple[int, int, int | bytes]] = list(error_options(six))
    if interface and SO_BINDTODEVICE:
        options.append((socket.SOL_SOCKET, SO_BINDTODEVICE, interface.encode() + b"\0"))
    if stream and SO_BINDTODEVICE:
        # A port is chosen with the destination in view, so that those of closed connections may be used again.
        options.append((socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1))
    return tuple(options)


def endpoint(address: str, port: int, interface: Interface) -> tuple[str, int] | tuple[str, int, int, int]:
    """A socket address; a link-local one names its interface."""
    if ":" not in address:
        return address, port
    return address, port, 0, interface.index if address.startswith("fe80:") else 0


def ready(socks: Iterable[socket.SocketType], event: int, seconds: float) -> list[socket.SocketType]:
    """Those that are ready (for reading: an error counts) within so many seconds."""
    with _Waiting() as waiting:
        for sock in socks:
            waiting.register(sock.fileno(), event, sock)
        return [key.data for key, _ in waiting.select(max(0.0, seconds))]


_Waiting = selectors.PollSelector if hasattr(select, "poll") else selectors.SelectSelector


def aimed(
    addresses: AddressSet, questions: Sequence[Question], tries: int, vantage: Vantage, interface: Interface
) -> tuple[Tally, list[Hop | None]]:
    """A tally of those addresses, and the way to each (`Hop.to` fills in the address); those without are refused."""
    places = sorted(
        ((span, hop) for part, hop in ways(addresses, interface, vantage) for span in part.spans),
        key=lambda place: place[0],
    )
    found: list[Hop | None] = []
    for (_, low, high), hop in places:
        found.extend([hop] * (high - low + 1))
    tally = Tally(list(addresses), questions, tries, [hop is not None and hop.kind == "routed" for hop in found])
    for host, hop in enumerate(found):
        if hop is None:
            tally.refuse(host, NO_ROUTE)
    return tally, found


def refuse_unreached(tally: Tally, ways_: Sequence[Hop | None], interface: Interface) -> None:
    """Withdraw the silence of routed hosts whose next hop the kernel could not resolve.

    To a socket bound to a device the kernel does not report that failure, so its neighbour table is asked. Where there
    is none, that silence stays: a Limitation says so.
    """
    if not tables() or not interface.resolves or not tally.missing_late:
        return
    known = neighbours(interface)
    dead = {hop.via for hop in ways_ if hop is not None and hop.kind == "routed"} - set(known)
    for host, hop in enumerate(ways_ if dead else ()):
        if hop is not None and hop.via in dead and hop.kind == "routed" and not tally.answered(host):
            tally.refuse(host, NO_NEXT_HOP)


def refusal(code: int) -> str | None:
    """Why the laptop itself would not send, by errno; None for any other error."""
    if code in (errno.EACCES, errno.EPERM):
        return "the laptop's own firewall or routes forbid it"
    if code == errno.ENETUNREACH:
        return NO_ROUTE
    return None


@contextlib.contextmanager
def descriptors() -> Iterator[int]:
    """How many sockets may be open at once, besides what is open already; meanwhile the soft limit is raised."""
    watched = _SELECTED if issubclass(selectors.DefaultSelector, selectors.SelectSelector) else _MOST_DESCRIPTORS
    try:
        import resource
    except ImportError:
        yield min(_FEW, watched)
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    raised = soft != resource.RLIM_INFINITY and soft < most
    if raised:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        except (OSError, ValueError):
            raised = False  # macOS has a lower bound of its own below an infinite one
    usable = most if raised or soft == resource.RLIM_INFINITY else min(soft, _MOST_DESCRIPTORS)
    try:
        yield min(watched, max(16, usable - _RESERVE))
    finally:
        if raised:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
