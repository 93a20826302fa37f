"""nftables. Each command inserts at the head of the chain, so that the last one of the text stands first."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.assess.fixes.firewalls.fence import Fence, Firewall, Line, ports

_ECHO = {4: "echo-request", 6: "echo-request"}


def _write(fence: Fence) -> str:
    lines = [f"# {fence.title}; the chain is `inet filter forward`, put in the name of yours"]
    found = [_rule(each) for version in fence.families for each in fence.of(version)]
    lines.extend(f"nft insert rule inet filter forward {each}" for each in reversed(found))
    lines.append("nft insert rule inet filter forward ct state established,related accept")
    return "\n".join(lines)


def _rule(line: Line) -> str:
    return " ".join(filter(None, (*_ends(line), _service(line), "accept" if line.action == "pass" else "drop")))


def _ends(line: Line) -> Iterator[str]:
    family = "ip" if line.version == 4 else "ip6"
    yield f"{family} saddr {_set(line.sources)}"
    yield f"{family} daddr {_set(line.targets)}"


def _service(line: Line) -> str:
    service = line.service
    if service.transport == "any":
        return ""
    if service.transport == "icmp":
        word = "icmp" if line.version == 4 else "ipv6-icmp"
        if service.low != service.high:
            return f"meta l4proto {word}"
        kind = _ECHO[line.version] if service.low == 8 else str(service.low)
        return f"{'icmp' if line.version == 4 else 'icmpv6'} type {kind}"
    wanted = ports(service)
    return f"{service.transport} dport {wanted}" if wanted else f"meta l4proto {service.transport}"


def _set(items: tuple[str, ...]) -> str:
    return items[0] if len(items) == 1 else "{ " + ", ".join(items) + " }"


FIREWALL = Firewall("nftables", _write)
