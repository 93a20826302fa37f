"""Findings about whole stretches of ports: what a canary measured, and what passes only when it is dressed up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scanner.assess.facts.portmask import lowest, mask_of, text_of
from scanner.assess.findings.make import finding
from scanner.assess.verdicts.cells import Crossing
from scanner.model.base import Severity, Transport
from scanner.model.baseline import Knowledge
from scanner.model.observation import Via
from scanner.model.report import CROSSED, FindingRow
from scanner.model.site import Site

_LINES = 6
_RANGES = 12
"""Lines of evidence, and ranges of ports in one, that a finding names."""

_Ports = dict[tuple[str, Transport], int]
"""(address, transport) -> a mask of ports."""


def measured_gaps(site: Site, knowledge: Knowledge, crossing: Crossing) -> Iterator[FindingRow]:
    """One finding a zone pair for what a canary measured, and one for each dress that passes where plain ones do not.

    What a neighbour forwards (`by-ADDRESS`) is that neighbour's finding, and not told here.
    """
    by_via: dict[Via, _Ports] = defaultdict(dict)
    why: dict[tuple[Via, str, Transport], list[str]] = defaultdict(list)
    canaries = {row.address for row in crossing.measured}
    for row in crossing.measured:
        if row.verdict in CROSSED and not row.allowed:
            _add(by_via[row.via], row.address, row.transport, mask_of(row.ports))
            line = f"{row.address} {row.transport}/{_some(row.ports)}: {row.verdict}: {row.reason}"
            why[row.via, row.address, row.transport].append(line)
    for flow in crossing.breaches:
        if flow.address not in canaries and (flow.via or flow.transport != "icmp"):
            _add(by_via[flow.via], flow.address, flow.transport, 1 << flow.port)
            if flow.via:
                line = f"{flow.address} {flow.transport}/{flow.port}: {flow.verdict}: {flow.reason}; {flow.evidence}"
                why[flow.via, flow.address, flow.transport].append(line)
    plain = by_via.pop("", {})
    measured = {key: ports for key, ports in plain.items() if key[0] in canaries}
    if measured:
        lines = [line for address, kind in measured for line in why["", address, kind]]
        yield _finding(site, knowledge, crossing, measured, "", "the canary measured", lines)
    for via, ports in sorted(by_via.items()):
        alone = {key: left for key, mask in ports.items() if (left := mask & ~plain.get(key, 0))}
        if alone and not via.startswith("by-"):
            lines = [line for address, kind in alone for line in why[via, address, kind]]
            yield _finding(site, knowledge, crossing, alone, via, f"{_words(via)} pass where plain ones do not", lines)


def _finding(
    site: Site, knowledge: Knowledge, crossing: Crossing, ports: _Ports, via: Via, what: str, lines: list[str]
) -> FindingRow:
    from_, to = crossing.cell.from_, crossing.cell.to
    zone = site.zone(to)
    severity: Severity = "high" if zone and zone.trust in ("critical", "management") else "medium"
    kinds: dict[Transport, int] = {}
    for (_, transport), mask in ports.items():
        kinds[transport] = kinds.get(transport, 0) | mask
    many = sum(mask.bit_count() for mask in kinds.values())
    label = ", ".join(f"{kind}/{_some(text_of(mask))}" for kind, mask in sorted(kinds.items()))
    address, transport = next(iter(ports))
    one = many == 1
    only = len(kinds) == 1
    more = [f"and {len(lines) - _LINES} more like these"] if len(lines) > _LINES else []
    asks = f"--canary {address}" if not via or address in {row.address for row in crossing.measured} else "--thorough"
    return finding(
        "segmentation-gap",
        severity,
        f"{from_} → {to}: {what}: {many} {'port' if one else 'ports'} forbidden by policy {'gets' if one else 'get'} "
        f"through: {label}",
        names=(from_, to, via),
        aspect="dressed" if via else "measured",
        knowledge=knowledge,
        from_=from_,
        to=to,
        transport=next(iter(kinds)) if only else None,
        port=lowest(kinds[transport]) if only and many == 1 else None,
        path=(f"{from_} → {to} (observed)",),
        remedy=f"Deny {from_} → {to} by default on the firewall between them; allow what policy names"
        + (", and trust neither source ports nor fragments." if via else "."),
        replay=f"fencewalk scan site.yaml --from {from_} {asks}",
        evidence="; ".join([*lines[:_LINES], *more]),
    )


def _add(ports: _Ports, address: str, transport: Transport, mask: int) -> None:
    ports[address, transport] = ports.get((address, transport), 0) | mask


def _words(via: Via) -> str:
    if via == "fragments":
        return "fragmented packets"
    return f"packets from source port {via.removeprefix('sport-')}" if via.startswith("sport-") else f"packets {via}"


def _some(ports: str) -> str:
    """The first ranges, and how many ports there are beyond them."""
    parts = ports.split(",")
    left = mask_of(",".join(parts[_RANGES:])).bit_count()
    return ",".join(parts[:_RANGES]) + (f" and {left} more" if left else "")
