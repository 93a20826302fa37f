"""Cisco IOS: an extended access list for what enters from the zone. It keeps no state: `established` lets the replies
of TCP pass, and what answers over UDP or ICMP gets its own lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.assess.fixes.firewalls.fence import Fence, Firewall, Line, ports
from scanner.model.addresses import network
from scanner.model.site import ANY, ECHO, ServiceRange


def _write(fence: Fence) -> str:
    name = "FW-" + re.sub(r"[^A-Z0-9]", "-", fence.from_.upper()) + "-IN"
    lines = [
        f"! {fence.title}; put these lines above the others of the list that is bound to {fence.from_}'s interface",
        "! (lower sequence numbers). A list of its own ends in `permit ip any any` (IPv6: `permit ipv6 any any`), or",
        "! it drops everything else that comes from there",
    ]
    for version in fence.families:
        found = list(fence.of(version))
        six = version == 6
        lines.append(f"{'ipv6 access-list' if six else 'ip access-list extended'} {name}{'-V6' if six else ''}")
        last = found[-1]
        lines.extend(f" permit tcp {pair} established" for pair in _pairs(last))
        lines.extend(dict.fromkeys(line for each in fence.back if each.version == version for line in _replies(each)))
        for each in found:
            lines.extend(
                _rule(each, source, target) for source in map(_end, each.sources) for target in map(_end, each.targets)
            )
    return "\n".join(lines)


def _pairs(line: Line) -> list[str]:
    return [f"{_end(source)} {_end(target)}" for source in line.sources for target in line.targets]


def _replies(line: Line) -> Iterator[str]:
    """What answers a flow the other way round: with the port, or the type, that was asked."""
    service = line.service
    for answers in map(_end, line.targets):
        for asks in map(_end, line.sources):
            pair = f"{answers} {asks}"
            # What does not fit has to be said, or large packets of an allowed flow are lost without a word.
            yield f" permit icmp {pair} {'unreachable' if line.version == 4 else 'packet-too-big'}"
            if service.transport in ("icmp", ANY) and service.low <= ECHO <= service.high:
                yield f" permit icmp {pair} echo-reply"
            if service.transport not in ("udp", ANY):
                continue
            if ports(service):
                yield f" permit udp {answers}{_ports(service)} {asks}"
            else:
                yield f" ! {asks} may ask {answers} anything over UDP: permit the replies of what it uses"


def _rule(line: Line, source: str, target: str) -> str:
    service = line.service
    action = "permit" if line.action == "pass" else "deny"
    log = " log" if line.action == "drop" else ""
    if service.transport == "any":
        return f" {action} {'ip' if line.version == 4 else 'ipv6'} {source} {target}{log}"
    if service.transport == "icmp":
        kind = ""
        if service.low == service.high:
            kind = (" echo" if line.version == 4 else " echo-request") if service.low == 8 else f" {service.low}"
        return f" {action} icmp {source} {target}{kind}{log}"
    return f" {action} {service.transport} {source} {target}{_ports(service)}{log}"


def _ports(service: ServiceRange) -> str:
    if not ports(service):
        return ""
    return f" eq {service.low}" if service.low == service.high else f" range {service.low} {service.high}"


def _end(text: str) -> str:
    net = network(text)
    if net.version == 6:
        return f"host {net.network_address}" if net.prefixlen == 128 else str(net)
    if net.prefixlen == 32:
        return f"host {net.network_address}"
    return f"{net.network_address} {net.hostmask}"


FIREWALL = Firewall("Cisco IOS", _write)
