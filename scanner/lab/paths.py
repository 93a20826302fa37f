"""Where a packet goes in a topology, and what comes back: Linux forwarding, nftables and neighbour resolution on paper.

Pure. It follows what the kernel does in the namespaces of the same topology: a router looks its route up before it
filters, filters before it resolves the neighbour, and lets replies to flows that it saw pass when it is stateful. A
host takes a packet for any of its addresses on any leg (the weak host model) and answers by its own routing table.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from scanner.lab.filtering import Packet, compiled, verdict, within
from scanner.lab.topology import Action, Host, Router, Service, Topology, same_family
from scanner.model.base import Transport
from scanner.model.observation import State

LAPTOP = "laptop"
TIMESTAMP = 13
"""The ICMP type of a timestamp request, which Linux answers as it answers echo."""
OUR_PORT = 61234
"""The source port of the laptop's probes: above the range that kernels hand out, as the raw engine's is."""
HOP_LIMIT = 64
"""What Linux puts into the packets that it makes itself."""
WINDOW, WINDOW6 = 64240, 64800
"""The window of a Linux SYN-ACK on an Ethernet link, IPv4 and IPv6."""
ARP_GIVES_UP_MS = 3060.0
"""How long a Linux router tries to resolve a neighbour before it says that the host is unreachable."""


class Node(msgspec.Struct, frozen=True, eq=False):
    """Anything with a network stack: a router, a host, or a laptop (which has neither `router` nor `host`)."""

    name: str
    legs: dict[str, tuple[str, ...]]
    addresses: frozenset[str]
    gateways: tuple[str, ...] = ()
    router: Router | None = None
    host: Host | None = None

    @property
    def forwards(self) -> bool:
        return self.router is not None or (self.host is not None and self.host.forwarding)

    @property
    def services(self) -> tuple[Service, ...]:
        owner = self.router or self.host
        return owner.services if owner else ()


class Answer(NamedTuple):
    """What the laptop receives for one probe."""

    state: State
    reason: str
    ttl: int
    source: str
    window: int | None
    rtt_ms: float
    service: Service | None = None
    """What listens there, where that is what answered."""


class Fate(NamedTuple):
    """Where a packet ended: delivered to `node`, lost without a word, or given up by the router `node`."""

    what: Literal["delivered", "lost", "no-route", "no-neighbour", "drop", "reject-rst", "reject-admin", "reject-host"]
    node: Node
    hops: int


class Fabric:
    """The topology with the laptop plugged in in `zone`, where the probes start."""

    def __init__(self, topology: Topology, zone: str) -> None:
        self._subnets = {each.name: each.subnets for each in topology.networks}
        self._chains = {
            (each.name, chain): compiled(rules, self._subnets)
            for each in topology.routers
            for chain, rules in (("forward", each.forward), ("local", each.local))
        }
        self._routers = [_node(each.name, each.legs, router=each) for each in topology.routers]
        hosts = [
            _node(each.name, each.legs, self._gateways(next(iter(each.legs), ""), each.gateway), host=each)
            for each in topology.hosts
        ]
        self.zone = zone
        self.laptop = _node(LAPTOP, {zone: topology.laptop(zone)}, self._gateways(zone, None))
        self._neighbours: dict[tuple[str, str], Node] = {}
        self.nodes = (*self._routers, *hosts, self.laptop)
        self._owners: dict[str, Node] = {}
        for node in self.nodes:
            for segment, addresses in node.legs.items():
                for each in addresses:
                    self._owners.setdefault(each, node)
                    self._neighbours.setdefault((segment, each), node)
        for node in self.nodes:  # Linux answers ARP for all its addresses on every leg; NDP only for the leg's own
            for segment in node.legs:
                for each in node.addresses:
                    if ":" not in each:
                        self._neighbours.setdefault((segment, each), node)

    def laptop_address(self, target: str) -> str | None:
        """The laptop's own address of the target's family, nearest to it; None: it speaks no such family here."""
        mine = [each for each in self.laptop.legs[self.zone] if same_family(each, target)]
        return next((each for each in mine if self._same_subnet(self.zone, each, target)), mine[0] if mine else None)

    def neighbour(self, addr: str) -> Node | None:
        """Who answers ARP or NDP for an address on the laptop's own link."""
        return self._neighbours.get((self.zone, addr))

    def all_nodes6(self, mac: Callable[[Node], str]) -> Iterator[tuple[str, Node]]:
        """Who answers an echo request to ff02::1 on the laptop's link: asked from its own address, the global one of
        each node, and asked from the link-local address, the link-local one (made of the MAC)."""
        own = self.laptop_address("::")
        for source in (own, link_local(mac(self.laptop))):
            for node in self.nodes if source else ():
                if source is None or node is self.laptop or self.zone not in node.legs:
                    continue
                request = Packet(source, "ff02::1", "icmp", 0, 128, "request")
                if node.router is not None:
                    if verdict(self._chains[node.name, "local"], node.router.local_default, request) != "accept":
                        continue
                elif node.host is not None and not node.host.ping:
                    continue
                if source == own:
                    mine = (each for each in node.legs[self.zone] if self._same_subnet(self.zone, each, source))
                    address = next(mine, None)
                else:
                    address = link_local(mac(node))
                if address is not None:
                    yield address, node

    def has_route(self, target: str) -> bool:
        """Whether the laptop can send to `target` at all: it has an address of that family, and a way."""
        return self.laptop_address(target) is not None and self._next_hop(self.laptop, target) is not None

    def on_link(self, addr: str) -> bool:
        return self._connected(self.laptop, addr) is not None

    def owner(self, addr: str) -> Node | None:
        """Who holds an address, on whichever leg."""
        return self._owners.get(addr)

    def ask(self, target: str, transport: Transport, port: int, silent_services: Iterable[int] = ()) -> Answer | None:
        """The answer to one probe of ours, None for silence. For icmp the port is the type of the request.

        `silent_services`: UDP ports whose service does not answer this probe's payload.
        """
        source = self.laptop_address(target)
        if source is None or target in self.laptop.addresses:
            return None
        sport = 0 if transport == "icmp" else OUR_PORT
        request = Packet(source, target, transport, sport, port, "request")
        seen: set[str] = set()
        fate = self._carry(self.laptop, request, seen)
        if fate.what == "delivered":
            return self._at_target(fate, request, seen, silent_services)
        if fate.node is self.laptop or fate.what in ("lost", "drop"):
            return None
        return self._refusal(fate, request, seen, local=False)

    def _at_target(self, fate: Fate, request: Packet, seen: set[str], silent: Iterable[int]) -> Answer | None:
        node = fate.node
        service = next(
            (s for s in node.services if s.transport == request.transport and s.number == request.dport), None
        )
        if node.router is not None:
            action = verdict(self._chains[node.name, "local"], node.router.local_default, request)
            if action != "accept":
                return self._refusal(Fate(action, node, fate.hops), request, seen, local=True)
        state: State = "open" if service or request.transport == "icmp" else "closed"
        if node.host is not None and request.transport == "icmp" and not _pinged(node.host, request.dport):
            return None
        if node.host is not None and node.host.closed == "drop" and state == "closed":
            return None
        if request.transport == "udp" and service is not None and request.dport in silent:
            return None
        v6 = ":" in request.target
        kind: Literal["reply", "error"] = "reply"
        window = None
        if request.transport == "tcp":
            reason, window = ("syn-ack", WINDOW6 if v6 else WINDOW) if service else ("rst", 0)
        elif request.transport == "icmp":
            reason = "timestamp-reply" if request.dport == TIMESTAMP else "echo-reply"
        elif service:
            reason = "udp-reply"
        else:
            reason, kind = ("icmp6-1-4" if v6 else "icmp-3-3"), "error"
        back = self._back(node, request.target, request, seen, kind)
        if back is None:
            return None
        return Answer(state, reason, HOP_LIMIT - back, request.target, window, _rtt(fate.hops + back), service)

    def _refusal(self, fate: Fate, request: Packet, seen: set[str], local: bool) -> Answer | None:
        """The answer of a router that did not deliver; `local`: the packet was for the router itself."""
        v6 = ":" in request.target
        source = request.target if local else self._facing(fate.node, request.source)
        state: State = "unreachable"
        extra, window = 0.0, None
        kind: Literal["reply", "error"] = "error"
        match fate.what:
            case "reject-rst":
                if request.transport != "tcp":  # nothing but TCP can be reset: the lab's rule drops the rest
                    return None
                state, reason, source, window, kind = "closed", "rst", request.target, 0, "reply"
            case "reject-admin":
                state, reason = "rejected", "icmp6-1-1" if v6 else "icmp-3-13"
            case "reject-host":
                reason = "icmp6-1-3" if v6 else "icmp-3-1"
            case "no-neighbour":
                reason, extra = ("icmp6-1-3" if v6 else "icmp-3-1"), ARP_GIVES_UP_MS
            case "no-route":
                reason = "icmp6-1-0" if v6 else "icmp-3-0"
            case _:
                return None
        back = None if source is None else self._back(fate.node, source, request, seen, kind)
        if back is None or source is None:
            return None
        return Answer(state, reason, HOP_LIMIT - back, source, window, _rtt(fate.hops + back) + extra)

    def _back(
        self, node: Node, source: str, request: Packet, seen: set[str], kind: Literal["reply", "error"]
    ) -> int | None:
        """How many routers the answer passes on its way to the laptop; None: it does not arrive."""
        error = kind == "error"
        transport: Transport = "icmp" if error else request.transport
        answer = Packet(source, request.source, transport, request.dport, request.sport, kind)
        fate = self._carry(node, answer, seen)
        return fate.hops if fate.what == "delivered" and fate.node is self.laptop else None

    def _carry(self, start: Node, packet: Packet, seen: set[str]) -> Fate:
        """Follow a packet. `seen` collects the stateful routers that let the request through."""
        node, hops = start, 0
        while hops < HOP_LIMIT:
            step = self._next_hop(node, packet.target)
            if node is not start:
                if not node.forwards:
                    return Fate("lost", node, hops)
                if step is None:
                    return Fate("no-route", node, hops)
                action = self._forward(node, packet, seen)
                if action != "accept":
                    return Fate(action, node, hops)
                hops += 1
            elif step is None:
                return Fate("lost", node, hops)
            found = self._neighbours.get(step)
            if found is None:
                return Fate("no-neighbour", node, hops)
            node = found
            if packet.target in node.addresses:
                return Fate("delivered", node, hops)
        return Fate("lost", node, hops)

    def _forward(self, node: Node, packet: Packet, seen: set[str]) -> Action:
        router = node.router
        if router is None:
            return "accept"
        if router.stateful and packet.kind != "request":
            if router.name in seen:
                return "accept"
            if packet.transport != "udp":  # no flow may begin with it; a UDP answer looks like a flow's first packet
                return "drop"
        action = verdict(self._chains[router.name, "forward"], router.default, packet)
        if action == "accept" and router.stateful and packet.kind == "request":
            seen.add(router.name)
        return action

    def _next_hop(self, node: Node, target: str) -> tuple[str, str] | None:
        """(segment, address to resolve there)."""
        segment = self._connected(node, target)
        if segment is not None:
            return segment, target
        if node.router is not None:
            return self._routed(node, target)
        gateway = next((each for each in node.gateways if same_family(each, target)), None)
        segment = None if gateway is None else self._connected(node, gateway)
        return None if gateway is None or segment is None else (segment, gateway)

    def _routed(self, node: Node, target: str) -> tuple[str, str] | None:
        """A router's next hop: the first step of the shortest way to a router that has a leg at the target."""
        waiting: deque[tuple[Node, tuple[str, str] | None]] = deque([(node, None)])
        visited = {node.name}
        while waiting:
            here, first = waiting.popleft()
            if first is not None and self._connected(here, target) is not None:
                return first
            for segment in here.legs:
                for other in self._routers:
                    if segment not in other.legs or other.name in visited:
                        continue
                    via = next((each for each in other.legs[segment] if same_family(each, target)), None)
                    if via is not None:
                        visited.add(other.name)
                        waiting.append((other, first or (segment, via)))
        return None

    def _connected(self, node: Node, target: str) -> str | None:
        """The segment on which `target` is a neighbour's address: one in whose subnet the node has an address."""
        for segment, addresses in node.legs.items():
            for each in addresses:
                if self._same_subnet(segment, each, target):
                    return segment
        return None

    def _same_subnet(self, segment: str, left: str, right: str) -> bool:
        return any(within(left, each) and within(right, each) for each in self._subnets[segment])

    def _facing(self, node: Node, towards: str) -> str | None:
        """The address that a router's own ICMP errors carry: its leg on the way back."""
        step = self._next_hop(node, towards)
        if step is None:
            return None
        segment, hop = step
        mine = [each for each in node.legs[segment] if same_family(each, towards)]
        return next((each for each in mine if self._same_subnet(segment, each, hop)), mine[0] if mine else None)

    def _gateways(self, segment: str, given: str | None) -> tuple[str, ...]:
        """One next hop a family: `given`, else the first router's address on the segment."""
        found = [given] if given else []
        for router in self._routers:
            for each in router.legs.get(segment, ()):
                if not any(same_family(each, other) for other in found):
                    found.append(each)
        return tuple(found)


def _pinged(host: Host, kind: int) -> bool:
    """Whether the host's own firewall lets an ICMP request of that type in: `ping` speaks of echo only."""
    return host.closed != "drop" if kind == TIMESTAMP else host.ping


def link_local(mac: str) -> str:
    """The IPv6 address that Linux makes of a MAC (modified EUI-64)."""
    raw = bytes.fromhex(mac.replace(":", ""))
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]))


def _node(
    name: str,
    legs: dict[str, tuple[str, ...]],
    gateways: tuple[str, ...] = (),
    *,
    router: Router | None = None,
    host: Host | None = None,
) -> Node:
    legs = {segment: tuple(_canonical(each) for each in addresses) for segment, addresses in legs.items()}
    addresses = frozenset(each for leg in legs.values() for each in leg)
    return Node(name, legs, addresses, tuple(map(_canonical, gateways)), router, host)


def _canonical(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _rtt(hops: int) -> float:
    """Milliseconds: a tenth for the link and as much for each router passed, there and back."""
    return round(0.1 + 0.1 * hops, 3)
