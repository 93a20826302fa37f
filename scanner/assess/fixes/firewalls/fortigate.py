"""FortiGate: addresses, services and policies. FortiOS keeps state, so that replies need no policy.

Since 6.4 one table holds the policies of both IP versions; a policy names addresses of one of them. A denial does not
see what a virtual IP translated unless it says `match-vip` (on by default since 7.2.3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from scanner.assess.fixes.firewalls.fence import Fence, Firewall, Line, ports
from scanner.model.addresses import network

_NAME = 35
"""Characters that the name of a policy may have."""


def _write(fence: Fence) -> str:
    return "\n".join(_all(fence))


def _all(fence: Fence) -> Iterator[str]:
    yield f"# {fence.title}. New policies come last: move these above the others that match, in this order"
    if 6 in fence.families:
        yield "# FortiOS 6.4 and later; before, IPv6 stands in `config firewall policy6` with srcaddr and dstaddr"
    addresses = dict.fromkeys(each for line in fence.lines for each in (*line.sources, *line.targets))
    for version, head, key in ((4, "address", "subnet"), (6, "address6", "ip6")):
        wanted = [each for each in addresses if network(each).version == version]
        if wanted:
            yield f"config firewall {head}"
            for each in wanted:
                net = network(each)
                value = f"{net.network_address} {net.netmask}" if version == 4 else str(net)
                yield from (f'    edit "{_address(each)}"', f"        set {key} {value}", "    next")
            yield "end"
    services = dict.fromkeys(_service(line) for line in fence.lines if line.service.transport != "any")
    if services:
        yield "config firewall service custom"
        for name, settings in services:
            yield f'    edit "{name}"'
            yield from (f"        set {each}" for each in settings)
            yield "    next"
        yield "end"
    yield "config firewall policy"
    for number, line in enumerate(fence.lines, 1):
        yield from _policy(fence, number, line)
    yield "end"


def _policy(fence: Fence, number: int, line: Line) -> Iterator[str]:
    six = "" if line.version == 4 else "6"
    name = "ALL" if line.service.transport == "any" else _service(line)[0]
    label = f"{number:02} {fence.from_} to {fence.to}"
    if len(label) > _NAME:
        # Two policies may not have one name, and zones' names may differ at their ends only.
        label = f"{label[: _NAME - 7]} {hashlib.blake2s(label.encode(), digest_size=3).hexdigest()}"
    yield "    edit 0"
    yield f'        set name "{label}"'
    yield f'        set srcintf "{fence.from_}"'
    yield f'        set dstintf "{fence.to}"'
    yield f"        set srcaddr{six} {_quoted(line.sources)}"
    yield f"        set dstaddr{six} {_quoted(line.targets)}"
    yield f'        set service "{name}"'
    yield '        set schedule "always"'
    yield f"        set action {'accept' if line.action == 'pass' else 'deny'}"
    if line.action == "drop":
        if line.version == 4:
            yield "        set match-vip enable"
        yield "        set logtraffic all"
    yield "    next"


def _service(line: Line) -> tuple[str, tuple[str, ...]]:
    """(name, its settings) of a service."""
    service = line.service
    if service.transport == "icmp":
        protocol = "ICMP" if line.version == 4 else "ICMP6"
        if service.low != service.high:
            return f"fw-{protocol.lower()}", (f"protocol {protocol}",)
        kind = 128 if line.version == 6 and service.low == 8 else service.low
        return f"fw-{protocol.lower()}-{kind}", (f"protocol {protocol}", f"icmptype {kind}")
    wanted = ports(service) or "1-65535"
    return f"fw-{service.transport}-{wanted}", (f"{service.transport}-portrange {wanted}",)


def _address(text: str) -> str:
    return "fw-" + re.sub(r"[^0-9a-f.]", "-", text)


def _quoted(addresses: Iterable[str]) -> str:
    return " ".join(f'"{_address(each)}"' for each in addresses)


FIREWALL = Firewall("FortiGate", _write)
