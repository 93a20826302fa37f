"""Findings about segmentation: flows that policy forbids and that crossed, and the attack paths made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scanner.assess.attack.classes import pivot
from scanner.assess.attack.paths import AttackPath
from scanner.assess.facts.evidence import TIMESTAMP, FlowKey
from scanner.assess.findings.make import deny, finding, replay
from scanner.assess.machines.inventory import Inventory, Machine
from scanner.assess.verdicts.cells import Crossing
from scanner.model.addresses import addresses_text, ports_text
from scanner.model.base import Severity
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingRow, FlowRow
from scanner.model.site import Site
from scanner.model.text import plural

_SHOWN = 12


def gaps(
    site: Site,
    knowledge: Knowledge,
    crossing: Crossing,
    inventory: Inventory,
    services: Mapping[FlowKey, str | None],
) -> Iterator[FindingRow]:
    """One finding an open forbidden service; pings, and closed ports with dead addresses, are one each a zone pair."""
    from_, to = crossing.cell.from_, crossing.cell.to
    canaries = {row.address for row in crossing.measured}
    breaches = [f for f in crossing.breaches if not f.via and f.address not in canaries]
    opened = [f for f in breaches if f.transport != "icmp" and _is_open(f)]
    for flow in opened:
        yield _open_gap(site, knowledge, flow, inventory, services)
    stamps = [f for f in breaches if f.transport == "icmp" and f.port == TIMESTAMP]
    pings = [f for f in breaches if f.transport == "icmp" and f.port != TIMESTAMP]
    if pings:
        title = f"{from_} → {to}: ping passes"
        yield _grouped(site, knowledge, inventory, pings, "ping", title, "low", (from_, to), stamps)
    elif stamps:
        title = f"{from_} → {to}: ICMP timestamp requests pass where echo does not"
        yield _grouped(site, knowledge, inventory, stamps, "ping", title, "low", (from_, to, "timestamp"))
    crossed = [f for f in breaches if f.transport != "icmp" and not _is_open(f)]
    if crossed:
        severity: Severity = "high" if _trust(site, to) in ("critical", "management") else "medium"
        title = f"{from_} → {to}: packets cross to {_what(crossed)}"
        yield _grouped(site, knowledge, inventory, crossed, "crossed", title, severity, (from_, to))


def _is_open(flow: FlowRow) -> bool:
    return flow.verdict == "REACHED" and flow.state == "open"


def _what(flows: Sequence[FlowRow]) -> str:
    dead = sum(f.verdict == "TARGET_DOWN_PATH_OPEN" for f in flows)
    parts = []
    if len(flows) > dead:
        parts.append(f"{len(flows) - dead} closed port{'s' if len(flows) - dead != 1 else ''}")
    if dead:
        parts.append(
            plural(len({f.address for f in flows if f.verdict == "TARGET_DOWN_PATH_OPEN"}), "address", "addresses")
            + " that nobody holds"
        )
    return " and ".join(parts)


def _open_gap(
    site: Site,
    knowledge: Knowledge,
    flow: FlowRow,
    inventory: Inventory,
    services: Mapping[FlowKey, str | None],
) -> FindingRow:
    key: FlowKey = (flow.address, flow.transport, flow.port)
    machine = inventory.by_address.get(flow.address)
    host = machine.id if machine else f"{flow.to}/{flow.address}"
    name = _critical_name(site, machine, flow.address)
    service = services.get(key)
    label = f"{flow.transport}/{flow.port}{f' ({service})' if service else ''}"
    what = f"{name}, {flow.address}" if name else flow.address
    return finding(
        "segmentation-gap",
        _gap_severity(site, flow, name, service, key),
        f"{flow.from_} → {flow.to}: {label} of {what} is reachable",
        names=(flow.from_, flow.to, flow.address, flow.transport, flow.port),
        aspect="backup" if name and "backup" in name.lower() else "",
        knowledge=knowledge,
        host=host,
        from_=flow.from_,
        to=flow.to,
        transport=flow.transport,
        port=flow.port,
        path=(f"{flow.from_} → {host} {flow.transport}/{flow.port} (observed)",),
        remedy=_apart(flow)
        or f"Deny {flow.from_} → {flow.to} {flow.transport}/{flow.port} on the firewall between them, or add the "
        f"flow to `allow` with its reason.\n{deny(site, flow.from_, flow.to, [key])}",
        replay=replay(flow.from_, key),
        evidence=f"{flow.reason}; {flow.evidence}",
    )


def _gap_severity(site: Site, flow: FlowRow, critical: str | None, service: str | None, key: FlowKey) -> Severity:
    outside = _trust(site, flow.from_) in ("untrusted", "user", "device")
    if critical:
        return "critical" if outside else "high"
    if _trust(site, flow.to) in ("critical", "management") or pivot(service, key, {}):
        return "high"
    return "medium"


def _grouped(
    site: Site,
    knowledge: Knowledge,
    inventory: Inventory,
    flows: Sequence[FlowRow],
    aspect: str,
    title: str,
    severity: Severity,
    names: tuple[str, ...],
    alike: Sequence[FlowRow] = (),
) -> FindingRow:
    """`alike`: flows that the same remedy has to close, and that tell nothing more."""
    first = flows[0]
    keys: list[FlowKey] = [(f.address, f.transport, f.port) for f in (*flows, *alike)]
    addresses = {f.address for f in flows}
    machine = inventory.by_address.get(first.address) if len(addresses) == 1 else None
    transports = {f.transport for f in flows}
    ports = {f.port for f in flows}
    by_ports: dict[tuple[str, str], set[str]] = defaultdict(set)
    for address in addresses:
        asked = ports_text(f.port for f in flows if f.address == address)
        reason = next(f.reason for f in flows if f.address == address)
        by_ports[asked, reason].add(address)
    lines = [
        f"{addresses_text(found)} {first.transport}/{asked}: {reason}"
        for (asked, reason), found in sorted(by_ports.items(), key=lambda each: sorted(each[1]))
    ]
    more = [f"and {len(lines) - _SHOWN} more like these"] if len(lines) > _SHOWN else []
    return finding(
        "segmentation-gap",
        severity,
        title,
        names=names,
        aspect=aspect,
        knowledge=knowledge,
        host=machine.id if machine else None,
        from_=first.from_,
        to=first.to,
        transport=first.transport if len(transports) == 1 else None,
        port=first.port if len(ports) == 1 else None,
        path=(f"{first.from_} → {first.to} (observed)",),
        remedy=_apart(first)
        or f"Deny {first.from_} → {first.to} by default on the firewall between them; allow what policy names."
        f"\n{_first_rules(deny(site, first.from_, first.to, keys))}",
        replay=replay(first.from_, keys[0]),
        evidence="; ".join([*lines[:_SHOWN], *more, first.evidence]),
    )


def _apart(flow: FlowRow) -> str:
    """The remedy inside of an isolated zone: no router is there to deny anything."""
    if flow.from_ != flow.to:
        return ""
    what = ", for IPv6 as well as for IPv4" if ":" in flow.address else ""
    return (
        f"Keep the hosts of {flow.to} apart where they are connected{what}: isolated ports on the switch, client "
        "isolation on the access point. What is meant to pass belongs into `allow`."
    )


def path_findings(site: Site, knowledge: Knowledge, paths: Iterable[AttackPath]) -> Iterator[FindingRow]:
    """Paths of two hops or more; one of a single hop is told as the gap that it is."""
    for path in paths:
        if len(path.steps) < 2:
            continue
        zone = site.zone(path.source)
        broken = [f"{from_} → {to}" for from_, to, _ in path.forbidden]
        yield finding(
            "attack-path",
            "critical" if zone and zone.trust == "untrusted" else "high",
            f"{path.source} reaches {path.critical} in {len(path.steps)} hops",
            names=(path.source, path.critical),
            knowledge=knowledge,
            host=path.host,
            from_=path.source,
            to=path.steps[-1].zone,
            path=path.hops,
            remedy=f"Cut it where policy is broken: {', '.join(dict.fromkeys(broken))}.",
            replay=next((replay(from_, key) for from_, _, key in path.forbidden if key), "see the dual-homed finding"),
            evidence="; ".join(path.hops),
        )


def _trust(site: Site, zone: str) -> str:
    found = site.zone(zone)
    return found.trust if found else ""


def _critical_name(site: Site, machine: Machine | None, address: str) -> str | None:
    addresses = {address, *(machine.addresses if machine else ())}
    return next((each.name for each in site.critical if addresses & set(each.hosts)), None)


def _first_rules(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:_SHOWN], *([f"# and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])])
