"""Where a packet goes in a topology, and what comes back: Linux forwarding, nftables and neighbour resolution on paper.

Pure. It follows what the kernel does in the namespaces of the same topology: a router looks its route up before it
filters, filters before it resolves the neighbour, and lets replies to flows that it saw pass when it is stateful. A
host takes a packet for any of its addresses on any leg (the weak host model) and answers by its own routing table.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple

from scanner.lab.filtering import Packet, compiled, verdict, within
from scanner.lab.marks import Flow, redirected, shaken_hands, trusted
from scanner.lab.nodes import TIMESTAMP, Node, link_local, listens, make_node, pinged
from scanner.lab.topology import Action, Host, Service, Topology, same_family
from scanner.model.base import Transport
from scanner.model.observation import State

LAPTOP = "laptop"
OUR_PORT = 61234
"""The source port of the laptop's probes: above the range that kernels hand out, as the raw engine's is."""
HOP_LIMIT = 64
"""What Linux puts into the packets that it makes itself."""
WINDOW, WINDOW6 = 64240, 64800
"""The window of a Linux SYN-ACK on an Ethernet link, IPv4 and IPv6."""
ARP_GIVES_UP_MS = 3060.0
"""How long a Linux router tries to resolve a neighbour before it says that the host is unreachable."""


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

    what: Literal[
        "delivered", "redirected", "proxied", "lost", "no-route", "no-neighbour", "drop", "reject-rst", "reject-admin",
        "reject-host",
    ]  # fmt: skip
    node: Node
    hops: int
    packet: Packet
    """As it was at its end, after whatever routers changed in it."""


class Fabric:
    """The topology with the laptop plugged in in `zone`, where the probes start."""

    def __init__(self, topology: Topology, zone: str) -> None:
        self._subnets = {each.name: each.subnets for each in topology.networks}
        self._isolated = {each.name for each in topology.networks if each.isolated}
        self._chains = {
            (each.name, chain): compiled(rules, self._subnets)
            for each in topology.routers
            for chain, rules in (("forward", each.forward), ("local", each.local))
        }
        self._routers = [make_node(each.name, each.legs, router=each) for each in topology.routers]
        hosts = [
            make_node(each.name, each.legs, self._gateways(next(iter(each.legs), ""), each.gateway), host=each)
            for each in topology.hosts
        ]
        self.zone = zone
        self.laptop = make_node(LAPTOP, {zone: topology.laptop(zone)}, self._gateways(zone, None))
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
        return self._resolve(self.laptop, self.zone, addr)

    def link_local(self, addr: str, mac: Callable[[Node], str]) -> Node | None:
        """Who answers NDP for a link-local address (made of the MAC) on the laptop's own link."""
        near = (node for node in self.nodes if self.zone in node.legs and node is not self.laptop)
        found = next((node for node in near if link_local(mac(node)) == addr), None)
        return None if found is None or (self.zone in self._isolated and found.router is None) else found

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
                elif node.host is not None and not self._greets(node.host, source):
                    continue
                if source == own:
                    mine = (each for each in node.legs[self.zone] if self._same_subnet(self.zone, each, source))
                    address = next(mine, None)
                else:
                    address = link_local(mac(node))
                if address is not None:
                    yield address, node

    def _greets(self, host: Host, source: str) -> bool:
        return host.ping and self.zone not in self._isolated and trusted(host, source, self._subnets)

    def has_route(self, target: str) -> bool:
        """Whether the laptop can send to `target` at all: it has an address of that family, and a way."""
        return self.laptop_address(target) is not None and self._next_hop(self.laptop, target) is not None

    def on_link(self, addr: str) -> bool:
        return self._connected(self.laptop, addr) is not None

    def owner(self, addr: str) -> Node | None:
        """Who holds an address, on whichever leg."""
        return self._owners.get(addr)

    def ask(
        self,
        target: str,
        transport: Transport,
        port: int,
        silent_services: Iterable[int] = (),
        sport: int = OUR_PORT,
        by: Node | None = None,
    ) -> Answer | None:
        """The answer to one probe of ours, None for silence. For icmp the port is the type of the request.

        `silent_services`: UDP ports whose service does not answer this probe's payload.
        """
        source = self.laptop_address(target)
        if source is None or target in self.laptop.addresses:
            return None
        request = Packet(source, target, transport, 0 if transport == "icmp" else sport, port, "request")
        seen = Flow()
        fate = self._carry(self.laptop, request, seen, by)
        if fate.what == "delivered":
            return self._at_target(fate, request, seen, silent_services)
        if fate.what in ("redirected", "proxied"):
            return self._handshake(fate, request, seen)
        if fate.node is self.laptop or fate.what in ("lost", "drop"):
            return None
        return self._refusal(fate, request, seen, local=False)

    def _at_target(self, fate: Fate, request: Packet, seen: Flow, silent: Iterable[int]) -> Answer | None:
        node, came = fate.node, fate.packet
        service = listens(node, came)
        if node.router is not None:
            action = verdict(self._chains[node.name, "local"], node.router.local_default, came)
            if action != "accept":
                return self._refusal(Fate(action, node, fate.hops, came), request, seen, local=True)
        if node.host is not None and not trusted(node.host, came.source, self._subnets):
            return None
        state: State = "open" if service or request.transport == "icmp" else "closed"
        if node.host is not None and request.transport == "icmp" and not pinged(node.host, request.dport):
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
        found = self._back(node, came.target, came, seen, kind)
        if found is None or (kind == "reply" and found.packet.source != request.target):
            return None
        began = node.router.reset_ttl if node.router is not None and reason == "rst" else HOP_LIMIT
        ttl, rtt = began - found.hops, _rtt(fate.hops + found.hops)
        return Answer(state, reason, ttl, found.packet.source, window, rtt, service)

    def _handshake(self, fate: Fate, request: Packet, seen: Flow) -> Answer | None:
        """A router shakes hands in the target's name: with a service of its own, or as a SYN proxy."""
        assert fate.node.router is not None
        found = self._back(fate.node, fate.packet.target, fate.packet, seen, "reply")
        if found is None or found.packet.source != request.target:
            return None
        ttl, rtt = HOP_LIMIT - found.hops, _rtt(fate.hops + found.hops)
        if fate.what == "proxied":
            beyond = self._carry(fate.node, fate.packet, seen)
            service = listens(beyond.node, beyond.packet) if beyond.what == "delivered" else None
            return Answer("open", "syn-ack", ttl, request.target, 0, rtt, service)
        service = fate.node.router.everywhere[redirected(fate.node.router, fate.packet) or 0]
        window = WINDOW6 if ":" in request.target else WINDOW
        return Answer("open", "syn-ack", ttl, request.target, window, rtt, service)

    def _refusal(self, fate: Fate, request: Packet, seen: Flow, local: bool) -> Answer | None:
        """The answer of a router that did not deliver; `local`: the packet was for the router itself."""
        v6, came = ":" in request.target, fate.packet
        source = came.target if local else self._facing(fate.node, came.source)
        state: State = "unreachable"
        extra, window, began = 0.0, None, HOP_LIMIT
        kind: Literal["reply", "error"] = "error"
        match fate.what:
            case "reject-rst":
                if request.transport != "tcp":  # nothing but TCP can be reset: the lab's rule drops the rest
                    return None
                state, reason, source, window, kind = "closed", "rst", came.target, 0, "reply"
                began = fate.node.router.reset_ttl if fate.node.router else HOP_LIMIT
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
        back = None if source is None else self._back(fate.node, source, came, seen, kind)
        if back is None or (kind == "reply" and back.packet.source != request.target):
            return None
        rtt = _rtt(fate.hops + back.hops) + extra
        return Answer(state, reason, began - back.hops, back.packet.source, window, rtt)

    def _back(
        self, node: Node, source: str, request: Packet, seen: Flow, kind: Literal["reply", "error"]
    ) -> Fate | None:
        """How the answer to a packet reaches the laptop; None: it does not arrive."""
        error = kind == "error"
        transport: Transport = "icmp" if error else request.transport
        answer = Packet(source, request.source, transport, request.dport, request.sport, kind)
        if node.router is not None:
            answer = seen.arriving(node.router, answer)  # to whom it hides from others, it speaks itself
        fate = self._carry(node, answer, seen)
        return fate if fate.what == "delivered" and fate.node is self.laptop else None

    def _carry(self, start: Node, packet: Packet, seen: Flow, by: Node | None = None) -> Fate:
        """Follow a packet, and have the routers on its way remember what they do with it. `by`: who gets it first."""
        node, hops = start, 0
        while hops < HOP_LIMIT:
            step = self._next_hop(node, packet.target)
            if node is not start:
                if not node.forwards:
                    return Fate("lost", node, hops, packet)
                if step is None:
                    return Fate("no-route", node, hops, packet)
                if node.router is not None and shaken_hands(node.router, packet):
                    return Fate("proxied", node, hops, packet)
                action = self._forward(node, packet, seen)
                if action != "accept":
                    return Fate(action, node, hops, packet)
                hops += 1
            elif by is None and step is None:
                return Fate("lost", node, hops, packet)
            if node.router is not None and step is not None:
                packet = seen.leaving(node.router, step[0], self._own(node, *step), packet)
            found = by if by is not None and node is start else self._resolve(node, *step) if step else None
            if found is None:
                return Fate("no-neighbour", node, hops, packet)
            node = found
            if node.router is not None:
                packet = seen.arriving(node.router, packet)
            if packet.target in node.addresses:
                return Fate("delivered", node, hops, packet)
            if node.router is not None and redirected(node.router, packet) is not None:
                return Fate("redirected", node, hops, packet)
        return Fate("lost", node, hops, packet)

    def _resolve(self, node: Node, segment: str, addr: str) -> Node | None:
        """Who answers a node's ARP or NDP for an address on a segment."""
        found = self._neighbours.get((segment, addr))
        if segment in self._isolated and found is not None and node.router is None and found.router is None:
            found = None
        if found is None and ":" not in addr:
            proxies = (each for each in self._routers if each.router and segment in each.router.proxy_arp)
            found = next((each for each in proxies if each is not node), None)
        return found

    def _forward(self, node: Node, packet: Packet, seen: Flow) -> Action:
        router = node.router
        if router is None or router.name in seen.forwarded:
            return "accept"
        if router.stateful and packet.kind != "request":
            if router.name in seen.passed:
                return "accept"
            if packet.transport != "udp":  # no flow may begin with it; a UDP answer looks like a flow's first packet
                return "drop"
        action = verdict(self._chains[router.name, "forward"], router.default, packet)
        if action == "accept" and router.stateful and packet.kind == "request":
            seen.passed.add(router.name)
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
        return self._own(node, *step)

    def _own(self, node: Node, segment: str, hop: str) -> str | None:
        """The address under which a node speaks on a segment to a neighbour there."""
        mine = [each for each in node.legs[segment] if same_family(each, hop)]
        return next((each for each in mine if self._same_subnet(segment, each, hop)), mine[0] if mine else None)

    def _gateways(self, segment: str, given: str | None) -> tuple[str, ...]:
        """One next hop a family: `given`, else the first router's address on the segment."""
        found = [given] if given else []
        for router in self._routers:
            for each in router.legs.get(segment, ()):
                if not any(same_family(each, other) for other in found):
                    found.append(each)
        return tuple(found)


def _rtt(hops: int) -> float:
    """Milliseconds: a tenth for the link and as much for each router passed, there and back."""
    return round(0.1 + 0.1 * hops, 3)
