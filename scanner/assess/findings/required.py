"""Findings about flows that have to work, and provably do not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from scanner.assess.facts.evidence import Evidence
from scanner.assess.findings.make import finding, replay
from scanner.assess.policies.policy import Policy, Requirement
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import contains, network
from scanner.model.baseline import Knowledge
from scanner.model.report import HELD, FindingRow, FlowRow
from scanner.model.site import Site

_SYSLOG = frozenset({514, 601, 6514})


def blocked(site: Site, knowledge: Knowledge, evidence: Evidence, policy: Policy, judge: Judge) -> Iterator[FindingRow]:
    """Required flows that provably do not work."""
    absent: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for need in policy.required():
        view = evidence.views.get(need.source)
        zone = _zone_named(site, need.to)
        if view is None or zone is None or zone not in evidence.views:
            continue
        targets = sorted(key for key in evidence.up[zone] if need.covers(zone, *key))
        if not targets:
            if evidence.views[zone].complete and _shown_absent(site, evidence, zone, need):
                absent[need.to, need.transport, need.port].append(need.source)
            continue
        # Where one is not allowed, a denial beats the requirement: the note on the policy says so.
        rows = [row for row in (judge.row(view, key) for key in targets) if row.allowed]
        if not rows or any(row.verdict not in HELD for row in rows):
            continue
        yield _blocked(knowledge, need, rows, evidence)
    for (to, transport, port), sources in absent.items():
        label = f"{transport}/{port}"
        flag = "-sU " if transport == "udp" else ""
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
            replay=f"nmap -Pn {flag}-p {port} {' '.join(_subnets(site, to))}  # from {to}",
            evidence=f"a vantage in {to} asked every host there and found none listening on {label}",
        )


def _shown_absent(site: Site, evidence: Evidence, zone: str, need: Requirement) -> bool:
    """Whether every host was asked and none listens. A silent UDP port may well listen: logs get no reply."""
    view = evidence.views[zone]
    if need.transport == "icmp":
        return False  # a host that does not echo may do so for others
    if any(_meet(each, subnet) for subnet in _subnets(site, zone) for each in site.scope.exclude):
        return False
    for address in (evidence.in_use(zone) or set()) - evidence.laptops:
        if need.to in (zone, address):
            row = view.answer(address, need.transport, need.port)
            if row is None and address in evidence.gateways[zone]:
                continue
            if row is None or not (row.state == "closed" or (row.state == "silent" and need.transport == "tcp")):
                return False
    return True


def _meet(left: str, right: str) -> bool:
    """Whether two subnets share an address: then one holds the other."""
    return contains((left,), str(network(right)[0])) or contains((right,), str(network(left)[0]))


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


def _zone_named(site: Site, text: str) -> str | None:
    """The zone that a rule's end means: by its name, or the one that holds its address."""
    if site.zone(text):
        return text
    try:
        return next((zone.name for zone in site.zones if contains(zone.subnets, text)), None)
    except ValueError:
        return None


def _subnets(site: Site, zone: str) -> tuple[str, ...]:
    found = site.zone(zone)
    return found.subnets if found else (zone,)
