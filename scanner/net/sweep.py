"""The raw engine's sweep: ARP and NDP on the own link, echo requests to what is there and to every routed address."""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterator

import msgspec

from scanner.model.addresses import addresses_of, addresses_text
from scanner.model.network import Pace, Sweep
from scanner.model.observation import Event, HostSeen, PortState, Progress, Silence, Vantage
from scanner.net import frames
from scanner.net.link import Link
from scanner.net.raw import RawWire, aimed, losses
from scanner.net.resolve import Macs, hops, packed, resolve, text
from scanner.net.route import Interface
from scanner.net.tally import Question
from scanner.net.volley import volley

ECHO: list[Question] = [("icmp", 8)]
_NEIGHBOURS_WAIT = 1.0
_MOST_NEIGHBOURS = 4096


def sweep(request: Sweep, pace: Pace, vantage: Vantage, interface: Interface, macs: Macs) -> Iterator[Event]:
    """Who is alive: neighbours and gateways as they answer, echoes of other zones as icmp rows, the silent last."""
    ways = hops((*request.on_link, *request.routed), interface, vantage)
    for address, hop in ways.items():
        if hop is not None and hop.kind == "self":
            yield HostSeen(address, "self", time.time(), interface.mac)
    with Link(interface) as link:
        # Every neighbour is asked again, however lately it answered: a sweep says who is there now.
        neighbours = {hop.via: hop for hop in ways.values() if hop is not None and hop.kind == "on-link"}
        gateways = {hop.via: hop for hop in ways.values() if hop is not None and hop.kind == "routed"}
        wanted = [*neighbours.values(), *(hop for via, hop in gateways.items() if via not in neighbours)]
        tick = time.monotonic()
        for found in resolve(link, wanted, request.tries, pace):
            if found is None:
                if time.monotonic() - tick > 0.5:
                    tick = time.monotonic()
                    yield Progress("sweep", 0, len(ways), time.time())
                continue
            macs.put(found.address, found.mac)
            mac = found.mac.hex(":")
            if found.address in neighbours:
                yield HostSeen(
                    found.address, "ndp" if ":" in found.address else "arp", found.at, mac, rtt_ms=found.rtt_ms
                )
            if found.address in gateways:
                yield HostSeen(found.address, "gateway", found.at, mac, rtt_ms=found.rtt_ms)
        if vantage.address6 is not None or any(":" in each for each in request.on_link):
            yield from _neighbours6(link, vantage, pace, macs)
        rest = {address: hop for address, hop in ways.items() if hop is None or hop.kind != "self"}
        tally, to = aimed(interface, rest, ECHO, request.tries, macs)
        routed = frozenset(request.routed)
        for event in volley(RawWire(link, to, tally, range(0), {}), tally, pace, stage="sweep"):
            yield from told(event, routed)
        for row in tally.rows(time.time()):
            yield from told(row, routed)
        yield from losses(link)


def told(event: Event, routed: Container[str]) -> Iterator[Event]:
    """What an echo says: of a routed address a flow, of a neighbour no more than that it is alive."""
    if isinstance(event, PortState) and event.address not in routed:
        if event.state == "open":
            yield HostSeen(event.address, "echo-reply", event.at, ttl=event.ttl, rtt_ms=event.rtt_ms)
    elif isinstance(event, Silence):
        silent = [each for each in addresses_of(event.addresses) if each in routed]
        if silent:
            yield msgspec.structs.replace(event, addresses=addresses_text(silent))
    else:
        yield event


def _neighbours6(link: Link, vantage: Vantage, pace: Pace, macs: Macs) -> Iterator[HostSeen]:
    """Ask all IPv6 nodes of the link at once: the only way to find those that no list names."""
    interface = link.interface
    sources = {each for each in (vantage.address6, interface.link_local()) if each is not None}
    identifier = int.from_bytes(os.urandom(2), "big")
    asked = {packed(each) for each in sources}
    sent = time.time()
    for source in asked:
        data = frames.echo(source, frames.ALL_NODES, identifier, 1, b"fencewalk")
        packet = frames.ip_head(source, frames.ALL_NODES, frames.ICMP6, len(data)) + data
        pace.take(1)
        link.send(frames.ETH_IP6, frames.group_mac(frames.ALL_NODES) if interface.resolves else b"", packet)
    seen: set[bytes] = set()
    end = time.monotonic() + _NEIGHBOURS_WAIT
    while (left := end - time.monotonic()) > 0 and len(seen) < _MOST_NEIGHBOURS:
        for packet_ in link.receive(left):
            said = frames.heard(packet_.data) if packet_.ethertype == frames.ETH_IP6 else None
            if said is None or said.reason != "echo-reply" or said.local != identifier or said.target in seen:
                continue
            seen.add(said.target)
            address, rtt = text(said.target), round(max(0.0, packet_.at - sent) * 1000, 3)
            macs.put(address, packet_.mac)
            mac = packet_.mac.hex(":") or None
            yield HostSeen(address, "echo-reply", packet_.at, mac, said.ttl, rtt)
