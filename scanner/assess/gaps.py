"""Findings about segmentation: forbidden flows, flat networks, machines that bridge zones, required flows that fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scanner.assess.cells import Crossing
from scanner.assess.evidence import Evidence, FlowKey
from scanner.assess.flows import Judge
from scanner.assess.inventory import Inventory, Machine
from scanner.assess.make import deny, finding, replay
from scanner.assess.paths import AttackPath, pivot
from scanner.assess.policy import Policy, Requirement
from scanner.model.addresses import addresses_text, contains, ports_text
from scanner.model.base import Severity
from scanner.model.baseline import Knowledge
from scanner.model.report import HELD, FindingRow, FlowRow
from scanner.model.site import Site

_SHOWN = 12
_SYSLOG = frozenset({514, 601, 6514})


def gaps(
    site: Site,
    knowledge: Knowledge,
    crossing: Crossing,
    inventory: Inventory,
    services: Mapping[FlowKey, str | None],
) -> Iterator[FindingRow]:
    """One finding an open forbidden service; pings, and closed ports with dead addresses, are one each a zone pair."""
    from_, to = crossing.cell.from_, crossing.cell.to
    opened = [f for f in crossing.breaches if f.transport != "icmp" and _is_open(f)]
    for flow in opened:
        yield _open_gap(site, knowledge, flow, inventory, services)
    pings = [f for f in crossing.breaches if f.transport == "icmp"]
    if pings:
        yield _grouped(site, knowledge, inventory, pings, "ping", f"{from_} → {to}: ping passes", "low")
    crossed = [f for f in crossing.breaches if f.transport != "icmp" and not _is_open(f)]
    if crossed:
        severity: Severity = "high" if _trust(site, to) in ("critical", "management") else "medium"
        title = f"{from_} → {to}: packets cross to {_what(crossed)}"
        yield _grouped(site, knowledge, inventory, crossed, "crossed", title, severity)


def _is_open(flow: FlowRow) -> bool:
    return flow.verdict == "REACHED" and flow.state == "open"


def _what(flows: Sequence[FlowRow]) -> str:
    dead = sum(f.verdict == "TARGET_DOWN_PATH_OPEN" for f in flows)
    parts = []
    if len(flows) > dead:
        parts.append(f"{len(flows) - dead} closed port{'s' if len(flows) - dead != 1 else ''}")
    if dead:
        parts.append(
            f"{len({f.address for f in flows if f.verdict == 'TARGET_DOWN_PATH_OPEN'})} addresses nobody holds"
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
        remedy=f"Deny {flow.from_} → {flow.to} {flow.transport}/{flow.port} on the firewall between them, or add the "
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
) -> FindingRow:
    first = flows[0]
    keys: list[FlowKey] = [(f.address, f.transport, f.port) for f in flows]
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
        names=(first.from_, first.to),
        aspect=aspect,
        knowledge=knowledge,
        host=machine.id if machine else None,
        from_=first.from_,
        to=first.to,
        transport=first.transport if len(transports) == 1 else None,
        port=first.port if len(ports) == 1 else None,
        path=(f"{first.from_} → {first.to} (observed)",),
        remedy=f"Deny {first.from_} → {first.to} by default on the firewall between them; allow what policy names."
        f"\n{_first_rules(deny(site, first.from_, first.to, keys))}",
        replay=replay(first.from_, keys[0]),
        evidence="; ".join([*lines[:_SHOWN], *more, first.evidence]),
    )


def flat(site: Site, knowledge: Knowledge, inventory: Inventory) -> Iterator[FindingRow]:
    """A critical system that stands among users' devices is behind no fence at all."""
    for critical in site.critical:
        machines = {m.id: m for a in critical.hosts if (m := inventory.by_address.get(a))}
        for machine in machines.values():
            zone = site.zone(machine.zone)
            neighbours = [m for m in inventory.machines if m.zone == machine.zone and m is not machine]
            if zone is None or zone.trust in ("critical", "management") or zone.isolated or not neighbours:
                continue
            yield finding(
                "segmentation-gap",
                "critical" if zone.trust in ("user", "untrusted") else "high",
                f"{critical.name} stands in {zone.name} ({zone.trust}), among {len(neighbours)} other hosts",
                names=("flat", machine.id),
                aspect="flat",
                knowledge=knowledge,
                host=machine.id,
                from_=zone.name,
                to=zone.name,
                remedy=f"Move {critical.name} into a zone of its own behind a firewall, and allow only the services "
                "that its users need.",
                replay=f"from {zone.name}: ping -c 1 {machine.addresses[0]}",
                evidence=f"{machine.id} and {', '.join(m.id for m in neighbours[:_SHOWN])} share the segment "
                f"{', '.join(zone.subnets)}",
            )


def dual_homed(site: Site, knowledge: Knowledge, inventory: Inventory) -> Iterator[FindingRow]:
    """A machine with legs in several zones bridges them, past every firewall."""
    told: set[frozenset[str]] = set()
    for machine in inventory.machines:
        group = frozenset((machine.id, *machine.twins))
        if len(group) < 2 or group in told:
            continue
        told.add(group)
        ids = sorted(group)
        zones = sorted(each.split("/", 1)[0] for each in ids)
        protected = any(_trust(site, zone) in ("critical", "management") for zone in zones)
        shared = " and ".join(sorted({_IDENTITY_WORDS[kind] for kind, _ in machine.identity}))
        yield finding(
            "dual-homed",
            "high" if protected else "medium",
            f"One machine stands in {' and '.join(zones)}: {', '.join(ids)}",
            names=ids,
            knowledge=knowledge,
            host=machine.id,
            from_=zones[0],
            to=zones[1],
            path=tuple(ids),
            remedy=f"Take one of its legs away ({', '.join(ids)}), and let the firewall carry what it needs.",
            replay="; ".join(f"from {each.split('/', 1)[0]}: {_identity_command(machine, each)}" for each in ids),
            evidence=f"the same {shared} on {', '.join(ids)}",
        )


_IDENTITY_WORDS = {"tls.cert": "TLS certificate", "ssh.hostkey": "SSH host key"}


def _identity_command(machine: Machine, id_: str) -> str:
    address = id_.split("/", 1)[1]
    port = next((key[2] for key, talk in machine.services.items() if talk and talk.tls), 443)
    return f"openssl s_client -connect {f'[{address}]' if ':' in address else address}:{port} </dev/null"


def blocked(site: Site, knowledge: Knowledge, evidence: Evidence, policy: Policy, judge: Judge) -> Iterator[FindingRow]:
    """Required flows that provably do not work."""
    absent: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for need in policy.required():
        view = evidence.views.get(need.source)
        zone = need.to if site.zone(need.to) else next((z.name for z in site.zones if _holds(z.subnets, need.to)), None)
        if view is None or zone is None or zone not in evidence.views:
            continue
        targets = sorted(
            key for key in evidence.up[zone] if key[1:] == (need.transport, need.port) and need.to in (zone, key[0])
        )
        if not targets:
            if evidence.views[zone].complete:
                absent[need.to, need.transport, need.port].append(need.source)
            continue
        rows = [judge.row(view, key) for key in targets]
        if any(row.verdict not in HELD for row in rows):
            continue
        yield _blocked(knowledge, need, rows, evidence)
    for (to, transport, port), sources in absent.items():
        label = f"{transport}/{port}"
        yield finding(
            "required-flow-blocked",
            "medium",
            f"Nothing in {to} listens on {label}, which {', '.join(sources)} need to reach",
            names=(to, transport, port),
            aspect="absent",
            knowledge=knowledge,
            to=to,
            transport=transport,  # type: ignore[arg-type]
            port=port,
            remedy=f"Start the service on {label} in {to}, or take the rule out of `require`.",
            replay=f"from {to}: nmap -Pn -p {port} {to}",
            evidence=f"a vantage in {to} asked every host there and found none listening on {label}",
        )


def _blocked(knowledge: Knowledge, need: Requirement, rows: Sequence[FlowRow], evidence: Evidence) -> FindingRow:
    first = rows[0]
    zone = evidence.site.zone_of(first.address)
    label = f"{need.transport}/{need.port}"
    return finding(
        "required-flow-blocked",
        "medium",
        f"{need.source} cannot reach {label} in {need.to}{f': {need.reason}' if need.reason else ''}",
        names=(need.source, need.to, need.transport, need.port),
        aspect="logs" if need.port in _SYSLOG else "",
        knowledge=knowledge,
        host=f"{zone.name}/{first.address}" if zone else None,
        from_=need.source,
        to=zone.name if zone else need.to,
        transport=need.transport,
        port=need.port,
        remedy=f"Allow {need.source} → {need.to} {label} on the firewall between them.",
        replay=replay(need.source, (first.address, need.transport, need.port)),
        evidence="; ".join(f"{row.address}: {row.reason}; {row.evidence}" for row in rows),
    )


def path_findings(site: Site, knowledge: Knowledge, paths: Iterable[AttackPath]) -> Iterator[FindingRow]:
    for path in paths:
        zone = site.zone(path.source)
        broken = [f"{from_} → {to}" for from_, to, _ in path.forbidden]
        yield finding(
            "attack-path",
            "critical" if zone and zone.trust == "untrusted" else "high",
            f"{path.source} reaches {path.critical} in {len(path.hops)} hops",
            names=(path.source, path.critical),
            knowledge=knowledge,
            host=path.target.id,
            from_=path.source,
            to=path.target.zone,
            path=path.hops,
            remedy=f"Cut it where policy is broken: {', '.join(dict.fromkeys(broken))}.",
            replay="; ".join(replay(from_, key) for from_, _, key in path.forbidden if key)
            or "see the dual-homed finding",
            evidence="; ".join(path.hops),
        )


def _trust(site: Site, zone: str) -> str:
    found = site.zone(zone)
    return found.trust if found else ""


def _critical_name(site: Site, machine: Machine | None, address: str) -> str | None:
    addresses = {address, *(machine.addresses if machine else ())}
    return next((each.name for each in site.critical if addresses & set(each.hosts)), None)


def _holds(subnets: Iterable[str], text: str) -> bool:
    try:
        return contains(subnets, text)
    except ValueError:
        return False


def _first_rules(text: str) -> str:
    lines = text.splitlines()
    return "\n".join([*lines[:_SHOWN], *([f"# and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])])
