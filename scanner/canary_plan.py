"""A scan with a canary on the far side: what its plan adds. Pure.

The canary is a laptop of ours, so that all its ports may be asked: 65,535 TCP and as many UDP measure every rule
between two zones without a packet to a client's host. It is asked with signed probes and nothing else, and is no host
of the network: no other part of the plan asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from scanner.errors import BadInput, OutOfScope
from scanner.model.addresses import AddressSet, address, network, ports_of
from scanner.model.network import Converse, Knock, Talk
from scanner.model.observation import Observation, PortState
from scanner.model.site import Site
from scanner.plan import INDUSTRIAL_PORTS, Plan, scope_of, subnets, unit_probes
from scanner.ports import Ports, parse_ports

PROOFS = 64
"""Ports of one canary whose SYN-ACK is followed by a whole connection, to see who gave it."""
_PRINTERS = frozenset({515, *range(9100, 9108), *range(9112, 9117)})


def with_canary(plan: Plan, site: Site, asked: Iterable[str], ports: Ports, nonce: str) -> Plan:
    """The plan, and signed probes to these addresses. BadInput or OutOfScope names one that cannot be a canary's."""
    addresses = AddressSet.of(dict.fromkeys(_address(each, site, plan) for each in asked))
    if not addresses:
        return plan

    def without(text: str) -> str:
        return str(AddressSet.parse(text) - addresses)

    sweep = plan.sweep
    return msgspec.structs.replace(
        plan,
        canary=str(addresses),
        canary_ports=ports,
        nonce=nonce,
        other=without(plan.other),
        own_named=without(plan.own_named),
        landmarks=without(plan.landmarks),
        sweep=msgspec.structs.replace(
            sweep,
            on_link=without(sweep.on_link),
            routed=without(sweep.routed),
            discover=without(sweep.discover),
            revealed=without(sweep.revealed),
        ),
        worth=tuple(each for each in plan.worth if each not in addresses),
        doors=tuple(each for each in plan.doors if each[0] not in addresses),
    )


def every_port(spec: str | None, flag: str) -> Ports:
    """The ports of a canary: what `spec` says, where None and `all` are every TCP and UDP port."""
    if spec is None or spec.strip() == "all":
        whole = tuple(range(1, 65536))
        return Ports(whole, whole)
    try:
        found = parse_ports(spec)
    except BadInput as error:
        raise BadInput(str(error).replace("--ports", flag, 1)) from None
    if not found.tcp and not found.udp:
        raise BadInput(f"{flag} {spec}: no port is left; leave it out for every TCP and UDP port")
    return found


def canary_knocks(plan: Plan) -> list[Knock]:
    """The units of asking canaries, those together that make no more than a unit; IPv4 and IPv6 apart."""
    ports, canaries = plan.canary_ports, AddressSet.parse(plan.canary)
    size = max(1, unit_probes(plan.rate) // max(1, len(ports.tcp) + len(ports.udp)))
    return [
        Knock(str(part), ports.tcp, ports.udp, echo=True, patience=plan.manners.patience, nonce=plan.nonce)
        for version in (4, 6)
        for part in canaries.of_version(version).chunks(size)
    ]


def proofs(plan: Plan, answers: Iterable[Observation]) -> Converse:
    """Of the TCP ports that gave a SYN-ACK some, evenly chosen. What a whole connection answered has its proof."""
    found: dict[str, set[int]] = {}
    for each in answers:
        if isinstance(each, PortState) and (each.transport, each.state, each.reason) == ("tcp", "open", "syn-ack"):
            found.setdefault(each.address, set()).update(ports_of(each.ports))
    talks = [
        Talk(address, "tcp", port)
        for address, ports in sorted(found.items())
        for port in _some(sorted(ports - _PRINTERS - INDUSTRIAL_PORTS))
    ]
    return Converse(tuple(talks), nonce=plan.nonce)


def _some(ports: Sequence[int]) -> Sequence[int]:
    if len(ports) <= PROOFS:
        return ports
    last = len(ports) - 1
    return [ports[number * last // (PROOFS - 1)] for number in range(PROOFS)]


def _address(text: str, site: Site, plan: Plan) -> str:
    """The address of a canary, checked."""
    try:
        found = address(text)
    except ValueError:
        raise BadInput(f"--canary {text}: no IP address; name the one that `fencewalk canary` says it has") from None
    zone = site.zone_of(found)
    if zone is None:
        raise OutOfScope(f"--canary {text}: it is in no zone of the site file; add its subnet to one")
    if found not in scope_of(site):
        raise OutOfScope(f"--canary {text}: the site file's scope does not hold it; nothing may be sent there")
    if found in subnets(site.scope.fragile):
        raise OutOfScope(f"--canary {text}: the site file calls it fragile, and a canary is none; name another address")
    if found in (plan.vantage.address, plan.vantage.address6):
        raise BadInput(f"--canary {text}: the scan is sent from that address; name the canary's, in another zone")
    here = site.zone(plan.vantage.zone)
    if zone.name == plan.vantage.zone and not (here and here.isolated):
        raise BadInput(
            f"--canary {text}: it is in {zone.name}, where this scan stands: no fence lies between; name one "
            "in another zone"
        )
    six = plan.vantage.address6
    if ":" in found and plan.vantage.interface != "-" and (not six or network(six).is_link_local):
        raise BadInput(f"--canary {text}: this vantage has no routable IPv6 address to ask it from")
    return found
