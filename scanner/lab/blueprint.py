"""A topology as the namespaces, links, addresses, routes, filters and sockets that make it. Pure.

Every network, router, host and laptop is a namespace of its own, and the veth pairs are made between them, so that the
machine's own namespace holds nothing of the lab: no interface, no route, no setting.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import msgspec

from scanner.errors import BadInput
from scanner.lab.firewall import host_ruleset, router_ruleset
from scanner.lab.services import speak
from scanner.lab.topology import Host, Router, Service, Topology, same_family
from scanner.model.addresses import contains, network

LAPTOP = "laptop"
INTERFACE = "eth0"
"""The laptop's interface, and every node's on its first leg; the next legs are eth1, eth2..."""

OURS = ("eth", "port", "switch")
"""How the names of the interfaces start that we make; a kernel may add others of its own (tunnels), always down."""

_DEFAULT = {4: "0.0.0.0/0", 6: "::/0"}

_QUIET = {
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
    "net/ipv4/conf/all/send_redirects": "0",
    "net/ipv4/conf/default/send_redirects": "0",
    # Linux gives away few ICMP errors a second; a lab's truth must not depend on how fast it was asked.
    "net/ipv4/icmp_ratelimit": "0",
    "net/ipv6/icmp/ratelimit": "0",
    # No duplicate address detection: an address works as soon as it is there. No autoconfiguration noise.
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "0",
    "net/ipv6/conf/default/dad_transmits": "0",
    "net/ipv6/conf/all/accept_ra": "0",
    "net/ipv6/conf/default/accept_ra": "0",
    "net/ipv6/conf/default/autoconf": "0",
    "net/ipv6/conf/default/router_solicitations": "0",
}
_FORWARD = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv6/conf/default/forwarding")
_SYN_PROXY = {
    # Whoever proxies handshakes has to see a cookie come back as a packet of no connection.
    "net/netfilter/nf_conntrack_tcp_loose": "0",
    "net/ipv4/tcp_syncookies": "1",
    "net/ipv4/tcp_timestamps": "1",
}
_SWITCH = {
    "net/ipv6/conf/all/disable_ipv6": "1",
    "net/ipv6/conf/default/disable_ipv6": "1",
    # Otherwise frames inside one segment would pass the filters of IP, which a switch does not have.
    "net/bridge/bridge-nf-call-iptables": "0",
    "net/bridge/bridge-nf-call-ip6tables": "0",
    "net/bridge/bridge-nf-call-arptables": "0",
}


class Room(msgspec.Struct, frozen=True):
    """One namespace, and how it is furnished once the links are there."""

    namespace: str
    settings: dict[str, str]
    """Paths below /proc/sys, set before any link is there. One that this kernel does not have is passed over."""
    commands: tuple[str, ...]
    """Lines for `ip -batch`."""
    later: dict[str, str] = {}
    """More settings: of the links, once they are there."""
    unplugged: tuple[str, ...] = ()
    """A switch's ports that are closed once every link is up."""
    ruleset: str = ""
    services: tuple[Service, ...] = ()
    addresses: tuple[str, ...] = ()
    owner: str = ""
    """The host's or router's name."""


class Port(msgspec.Struct, frozen=True):
    """Where a zone's laptop is plugged in."""

    namespace: str
    """The laptop's."""
    switch: str
    """The namespace of the segment's bridge."""
    interface: str
    """The bridge's port."""
    addresses: tuple[str, ...]
    routers: tuple[str, ...]
    """Namespaces that may remember the laptop's MAC and send for other segments: routers, forwarding hosts."""


class Blueprint(msgspec.Struct, frozen=True):
    """All of a lab."""

    rooms: tuple[Room, ...]
    links: tuple[str, ...]
    """Lines for `ip -batch` in the machine's own namespace; they leave nothing there."""
    nodes: dict[str, str]
    """Router or host -> namespace."""
    ports: dict[str, Port]
    """Zone -> its laptop."""


def blueprint(topology: Topology, prefix: str) -> Blueprint:
    """How to build `topology` in namespaces whose names start with `prefix`. BadInput where it cannot be built."""
    _check(topology)
    nodes = {
        node.name: f"{prefix}{'r' if isinstance(node, Router) else 'h'}-{_plain(node.name)}"
        for node in _nodes(topology)
    }
    switches = {each.name: f"{prefix}s-{_plain(each.name)}" for each in topology.networks}
    zones = [each.name for each in topology.site.zones if each.name in switches]
    laptops = {zone: f"{prefix}l-{_plain(zone)}" for zone in zones}
    names = [*nodes.values(), *switches.values(), *laptops.values()]
    if len(set(names)) < len(names):
        raise BadInput(f"{topology.name}: two names differ in nothing but characters that namespaces cannot have")
    links: list[str] = []
    plugs: dict[str, list[str]] = {each: [] for each in switches}
    routed: dict[str, list[str]] = {each: [] for each in switches}
    """Segment -> the switch's ports that a router is plugged into."""

    def plug(namespace: str, interface: str, segment: str, mac: str) -> str:
        port = f"port{len(plugs[segment])}"
        plugs[segment].append(port)
        end = f"address {mac} netns {namespace} type veth"
        links.append(f"link add {interface} {end} peer name {port} netns {switches[segment]}")
        return port

    rooms: list[Room] = []
    for node in _nodes(topology):
        for index, segment in enumerate(node.legs):
            port = plug(nodes[node.name], f"eth{index}", segment, topology.mac(node.name, segment))
            if isinstance(node, Router):
                routed[segment].append(port)
        rooms.append(_room(topology, node, nodes[node.name]))
    ports: dict[str, Port] = {}
    for zone in zones:
        port = plug(laptops[zone], INTERFACE, zone, topology.mac(LAPTOP, zone))
        addresses = topology.laptop(zone)
        rooms.append(
            Room(
                laptops[zone],
                {**_QUIET, **dict.fromkeys(_FORWARD, "0")},
                tuple(_laptop(topology, zone)),
                addresses=addresses,
            )
        )
        ahead = [
            nodes[each.name]
            for each in _nodes(topology)
            if zone in each.legs and (isinstance(each, Router) or each.forwarding)
        ]
        ports[zone] = Port(laptops[zone], switches[zone], port, addresses, tuple(ahead))
    for segment, namespace in switches.items():
        unplugged = tuple(each.interface for each in ports.values() if each.switch == namespace)
        private = plugs[segment] if topology.segment(segment).isolated else []
        commands = _switch(plugs[segment], [each for each in private if each not in routed[segment]])
        rooms.append(Room(namespace, _SWITCH, tuple(commands), unplugged=unplugged))
    return Blueprint(tuple(rooms), tuple(links), nodes, ports)


def _nodes(topology: Topology) -> tuple[Router | Host, ...]:
    return (*topology.routers, *topology.hosts)


def _check(topology: Topology) -> None:
    """What the types cannot see: names and addresses that two things share, and services that nothing speaks."""
    taken: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    zones = [each.name for each in topology.networks if topology.site.zone(each.name)]
    claims = [(LAPTOP, zone, topology.laptop(zone)) for zone in zones]
    for node in _nodes(topology):
        if node.name in seen:
            raise BadInput(f"{topology.name}: two routers or hosts are named {node.name!r}")
        seen.add(node.name)
        claims += [(node.name, segment, addresses) for segment, addresses in node.legs.items()]
        for index, service in enumerate(node.services):
            speak(service).close()
            if any((service.transport, service.number) == (o.transport, o.number) for o in node.services[:index]):
                raise BadInput(f"{topology.name}: {node.name} has two services on {service.port}")
    for name, segment, addresses in claims:
        for each in addresses:
            other = taken.setdefault((segment, str(network(each))), name)
            if other != name:
                raise BadInput(f"{topology.name}: {each} in {segment} belongs to both {other} and {name}")


def _room(topology: Topology, node: Router | Host, namespace: str) -> Room:
    commands = ["link set lo up"]
    for index, (segment, addresses) in enumerate(node.legs.items()):
        commands += _leg(topology, segment, f"eth{index}", addresses)
    forwards, services, more = True, node.services, dict[str, str]()
    later: dict[str, str] = {}
    if isinstance(node, Router):
        ruleset = router_ruleset(topology, node)
        commands += _routes(topology, node)
        services += node.everywhere
        for each in node.proxy_arp:
            later |= _proxy_arp(list(node.legs).index(each))
        more = _SYN_PROXY if node.syn_proxy else {}
    else:
        ruleset = host_ruleset(topology, node)
        commands += _gateways(topology, next(iter(node.legs)), node.gateway, next(iter(node.legs.values())))
        forwards = node.forwarding
    # Said either way: a new namespace takes IPv4's settings over from the machine, which may be forwarding.
    settings = {**_QUIET, **dict.fromkeys(_FORWARD, "1" if forwards else "0"), **more}
    addresses = tuple(each for leg in node.legs.values() for each in leg)
    return Room(
        namespace,
        settings,
        tuple(commands),
        later=later,
        ruleset=ruleset,
        services=services,
        addresses=addresses,
        owner=node.name,
    )


def _proxy_arp(leg: int) -> dict[str, str]:
    """Also for neighbours on the very link that it was asked on ("private VLAN"), and at once, not after a while."""
    return {
        f"net/ipv4/conf/eth{leg}/proxy_arp": "1",
        f"net/ipv4/conf/eth{leg}/proxy_arp_pvlan": "1",
        f"net/ipv4/neigh/eth{leg}/proxy_delay": "0",
    }


def _laptop(topology: Topology, zone: str) -> Iterator[str]:
    addresses = topology.laptop(zone)
    yield "link set lo up"
    yield from _leg(topology, zone, INTERFACE, addresses)
    yield from _gateways(topology, zone, None, addresses)


def _switch(ports: list[str], private: list[str]) -> Iterator[str]:
    """`private`: ports that talk to the others only, not to each other."""
    yield "link add switch type bridge stp_state 0 mcast_snooping 0"
    yield "link set switch up"
    for port in ports:
        yield f"link set {port} master switch up"
    for port in private:
        yield f"link set {port} type bridge_slave isolated on"


def _leg(topology: Topology, segment: str, interface: str, addresses: tuple[str, ...]) -> Iterator[str]:
    for each in addresses:
        nodad = " nodad" if ":" in each else ""
        yield f"addr add {each}/{_prefix(topology, segment, each)} dev {interface}{nodad}"
    yield f"link set {interface} up"


def _gateways(topology: Topology, segment: str, given: str | None, own: tuple[str, ...]) -> Iterator[str]:
    """A default route in each family in which the node has an address and there is somebody to route."""
    offered = [given] if given else []
    for router in topology.routers:
        offered += router.legs.get(segment, ())
    for version, everywhere in _DEFAULT.items():
        gateway = next((each for each in offered if network(each).version == version), None)
        if gateway and gateway not in own and any(network(each).version == version for each in own):
            yield f"route add {everywhere} via {gateway}"


def _routes(topology: Topology, router: Router) -> Iterator[str]:
    """To every segment that is not one of the router's legs, by the neighbour on the shortest way there."""
    neighbours: dict[str, tuple[Router, str]] = {}
    """Segment -> the first router on the way there, and the segment shared with it."""
    reached = set(router.legs)
    waiting: deque[tuple[str, Router | None, str]] = deque((each, None, each) for each in router.legs)
    while waiting:
        segment, first, shared = waiting.popleft()
        for other in topology.routers:
            if other.name == router.name or segment not in other.legs:
                continue
            for beyond in other.legs:
                if beyond not in reached:
                    reached.add(beyond)
                    neighbours[beyond] = (first or other, shared)
                    waiting.append((beyond, first or other, shared))
    for segment, (neighbour, shared) in neighbours.items():
        for subnet in topology.segment(segment).subnets:
            for via in neighbour.legs[shared]:
                if same_family(via, subnet):
                    yield f"route add {subnet} via {via}"
                    break


def _prefix(topology: Topology, segment: str, address: str) -> int:
    """The length of the segment's subnet that holds the address; `Topology` made sure that there is one."""
    return next(network(each).prefixlen for each in topology.segment(segment).subnets if contains((each,), address))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:80]
