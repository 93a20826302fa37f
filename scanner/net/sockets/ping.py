"""The sweep without privilege: ping sockets where the system grants them, and the kernel's own neighbour table.

Nothing else is sent: a connection or datagram to wake a neighbour up would go to a port that nobody asked for.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator

from scanner.model.addresses import AddressSet, is_link_local
from scanner.model.network import Knock, Pace, Sweep
from scanner.model.observation import Event, HostSeen, Limitation, PortState, Progress, Vantage
from scanner.net.packets import frames
from scanner.net.raw.reverse import look_up
from scanner.net.raw.sweep import ECHO, told
from scanner.net.route import Hop, Interface, neighbours, tables, ways
from scanner.net.sockets import connect
from scanner.net.sockets.opening import aimed, refuse_unreached
from scanner.net.sockets.udp import DatagramWire
from scanner.net.volley.passes import MOST_PROBES, volley
from scanner.plan import DISCOVERY_PORTS


def granted() -> bool:
    """Whether this user may open ping sockets (net.ipv4.ping_group_range)."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, frames.ICMP).close()
    except OSError:
        return False
    return True


def sweep(request: Sweep, pace: Pace, vantage: Vantage, interface: Interface) -> Iterator[Event]:
    """Who is alive, as far as it can be seen without raw packets; what cannot be is a Limitation."""
    if request.named:
        yield from look_up(AddressSet.parse(request.named), request.resolver, vantage, interface, pace)
        return
    on_link, routed, discover = map(AddressSet.parse, (request.on_link, request.routed, request.discover))
    asked = on_link | routed | discover
    beyond = ways(asked, interface, vantage)
    own = AddressSet(span for part, hop in beyond if hop is not None and hop.kind == "self" for span in part.spans)
    yield from (HostSeen(each, "self", time.time(), interface.mac) for each in own if each in on_link | routed)
    patient = on_link | routed
    unknown = discover - patient
    # What the laptop's own table knows is old perhaps, and asked like any other.
    revealed = AddressSet.of(neighbours(interface)) & AddressSet.parse(request.revealed)
    patient |= revealed - unknown
    echoed = unknown if "echo" in request.methods else AddressSet()
    seen: set[str] = set()
    if granted():
        # Of those to be discovered silence is no evidence, so no router's late report is waited for.
        for some, patience in ((patient - own, request.patience), (echoed - own, 0.0)):
            for part in some.chunks(MOST_PROBES):
                for event in _echoed(part, routed, echoed, patience, request, pace, vantage, interface):
                    if isinstance(event, HostSeen):
                        seen.add(event.address)
                    yield event
    else:
        neighbours_only = "neighbours that the system knows" if tables() else "hosts that accept or refuse a connection"
        mend = " (sysctl net.ipv4.ping_group_range) nor raw ones (run with sudo)" if tables() else ""
        yield Limitation(
            f"which hosts are alive: no ICMP echo and no ARP, so of the own zone only {neighbours_only}",
            f"this user may open neither ping sockets{mend}" if mend else "this user may open no ping sockets",
            time.time(),
        )
    silent = unknown - own - AddressSet.of(seen)
    if not tables():
        # No table names the neighbours, so they are looked for like anybody else.
        silent |= on_link - own - AddressSet.of(seen)
    if "syn" in request.methods and silent:
        yield from _connected(silent, request, pace, vantage, interface)
    yield from _table(on_link, [hop for _, hop in beyond], interface)
    if request.link_local:
        what = "neighbours that IPv6 reaches on the own link, but those that the system already knows"
        yield Limitation(what, "only raw packets ask the whole link: run with sudo", time.time())
        for each, mac in neighbours(interface).items():
            if is_link_local(each):
                yield HostSeen(each, "neighbour-table", time.time(), mac)


def _echoed(
    part: AddressSet,
    routed: AddressSet,
    discover: AddressSet,
    patience: float,
    request: Sweep,
    pace: Pace,
    vantage: Vantage,
    interface: Interface,
) -> Iterator[Event]:
    tally, hops = aimed(part, ECHO, request.tries, vantage, interface)
    wire = DatagramWire(tally, hops, interface, {})
    try:
        for event in volley(wire, tally, pace, stage="sweep", patience=patience):
            yield from _told(event, routed, discover)
        refuse_unreached(tally, hops, interface)
        for row in tally.rows(time.time()):
            yield from _told(row, routed, discover)
    finally:
        wire.close()


def _connected(
    silent: AddressSet, request: Sweep, pace: Pace, vantage: Vantage, interface: Interface
) -> Iterator[Event]:
    """Who is alive among those that give no echo: by connections to what a host may be expected to answer."""
    knock = Knock(str(silent), DISCOVERY_PORTS["syn"], tries=request.tries, patience=0.0)
    seen: set[str] = set()
    for event in connect.knock(knock, pace, vantage, interface):
        if isinstance(event, PortState) and event.state in ("open", "closed") and event.address not in seen:
            seen.add(event.address)
            yield HostSeen(event.address, "tcp", event.at, None, event.ttl, event.rtt_ms)
        elif isinstance(event, Progress):
            yield Progress("sweep", event.done, event.total, event.at, event.rate)


def _told(event: Event, routed: AddressSet, discover: AddressSet) -> Iterator[Event]:
    """Like `sweep.told`; of those to be discovered the answers are flows, too, but their silence says nothing."""
    if isinstance(event, PortState) and event.address in discover:
        if event.state == "open":
            yield HostSeen(event.address, "echo-reply", event.at, None, event.ttl, event.rtt_ms)
        yield event
    else:
        yield from told(event, routed)


def _table(on_link: AddressSet, beyond: Iterable[Hop | None], interface: Interface) -> Iterator[HostSeen]:
    table = neighbours(interface)
    at = time.time()
    for each, mac in table.items():
        if each in on_link:
            yield HostSeen(each, "neighbour-table", at, mac)
    for each in sorted({hop.via for hop in beyond if hop is not None and hop.kind == "routed"}):
        if each in table:
            yield HostSeen(each, "gateway", at, table[each])
