"""The sweep without privilege: ping sockets where the system grants them, and the kernel's own neighbour table.

Nothing else is sent: a connection or datagram to wake a neighbour up would go to a port that nobody asked for.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator

from scanner.model.network import Pace, Sweep
from scanner.model.observation import Event, HostSeen, Limitation, Vantage
from scanner.net import frames
from scanner.net.kernel import aimed, refuse_unreached
from scanner.net.route import Hop, Interface, neighbours
from scanner.net.sweep import ECHO, told
from scanner.net.udp import DatagramWire
from scanner.net.volley import volley


def granted() -> bool:
    """Whether this user may open ping sockets (net.ipv4.ping_group_range)."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, frames.ICMP).close()
    except OSError:
        return False
    return True


def sweep(request: Sweep, pace: Pace, vantage: Vantage, interface: Interface) -> Iterator[Event]:
    """Who is alive, as far as it can be seen without raw packets; what cannot be is a Limitation."""
    asked = [*request.on_link, *request.routed]
    own = [each for each in asked if interface.has(each)]
    for each in own:
        yield HostSeen(each, "self", time.time(), interface.mac)
    tally, ways = aimed([each for each in asked if each not in own], ECHO, request.tries, vantage, interface)
    if granted():
        wire = DatagramWire(tally, ways, interface, {})
        routed = frozenset(request.routed)
        try:
            for event in volley(wire, tally, pace, stage="sweep"):
                yield from told(event, routed)
            refuse_unreached(tally, ways, interface)
            for row in tally.rows(time.time()):
                yield from told(row, routed)
        finally:
            wire.close()
    else:
        yield Limitation(
            "which hosts are alive: no ICMP echo and no ARP, so of the own zone only neighbours that the system knows",
            "this user may open neither ping sockets (sysctl net.ipv4.ping_group_range) nor raw ones (run with sudo)",
            time.time(),
        )
    yield from _table(ways.values(), request, interface)


def _table(ways: Iterable[Hop | None], request: Sweep, interface: Interface) -> Iterator[HostSeen]:
    table = neighbours(interface)
    at = time.time()
    for each in request.on_link:
        if each in table:
            yield HostSeen(each, "neighbour-table", at, table[each])
    for each in sorted({hop.via for hop in ways if hop is not None and hop.kind == "routed"}):
        if each in table:
            yield HostSeen(each, "gateway", at, table[each])
