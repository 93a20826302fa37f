"""pfSense and OPNsense: the rules of one interface, from top to bottom, as their pages show them and as pf writes them.

Both keep state by themselves, so that replies need no rule.
"""

from __future__ import annotations

from scanner.assess.fixes.firewalls.fence import Fence, Firewall, Line, ports

_ALL = {4: "icmp", 6: "ipv6-icmp"}


def _write(fence: Fence) -> str:
    lines = [
        f"# {fence.title}",
        f"# Firewall > Rules > the interface of {fence.from_}: above its other rules, in this order",
    ]
    lines.extend(
        _rule(each, source, target)
        for version in fence.families
        for each in fence.of(version)
        for source in each.sources
        for target in each.targets
    )
    return "\n".join(lines)


def _rule(line: Line, source: str, target: str) -> str:
    words = ["pass" if line.action == "pass" else "block", "in", *(["log"] if line.action == "drop" else []), "quick"]
    words.append("inet" if line.version == 4 else "inet6")
    service = line.service
    if service.transport == "icmp":
        words.append(f"proto {_ALL[line.version]}")
    elif service.transport != "any":
        words.append(f"proto {service.transport}")
    words.append(f"from {source} to {target}")
    wanted = ports(service)
    if wanted:
        words.append(f"port {wanted.replace('-', ':')}")
    if service.transport == "icmp" and service.low == service.high:
        kind = "echoreq" if service.low == 8 else str(service.low)
        words.append(f"{'icmp-type' if line.version == 4 else 'icmp6-type'} {kind}")
    return " ".join(words)


FIREWALL = Firewall("pfSense, OPNsense", _write)
