"""Findings about what runs: versions below baseline or past support."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

import msgspec

from scanner.assess.findings.make import finding
from scanner.assess.machines.inventory import Identified, Inventory, Machine
from scanner.assess.machines.patches import Judgement, judge
from scanner.identify.names import trade_name
from scanner.model.base import SEVERITIES, Severity
from scanner.model.baseline import Knowledge
from scanner.model.product import Product
from scanner.model.report import FindingKind, FindingRow, PatchRow, iso_date

_REPLAY = {
    "ssh": "nc -w 3 {a} {p} </dev/null",
    "http": "curl -skI http{s}://{h}:{p}/",
    "dns": "dig +short @{a} -p {p} version.bind CH TXT",
    "snmp": "snmpget -v1 -c public {a} 1.3.6.1.2.1.1.1.0",
    "mssql": "nmap -Pn -sV -p {p} {a}",  # it says nothing before it is asked
    "redis": "printf 'INFO server\\r\\n' | nc -w 3 {a} {p}",
}


class Judged(msgspec.Struct, frozen=True):
    """One product of one machine, its judgement, and every port where it showed."""

    machine: Machine
    found: tuple[Identified, ...]
    judgement: Judgement
    row: PatchRow


def judged(inventory: Inventory, knowledge: Knowledge, today: datetime.date) -> list[Judged]:
    """Every product of every machine, once, in the order of the report."""
    results: list[Judged] = []
    verdicts: dict[Product, Judgement] = {}
    """Many hosts run the same build."""
    for machine in inventory.machines:
        groups: dict[tuple[str, str | None, str | None, str | None, bool], list[Identified]] = {}
        for each in machine.products:
            p = each.product
            groups.setdefault((p.name, p.version, p.revision, p.distro, p.certain), []).append(each)
        for found in _without_vaguer_twins(list(groups.values())):
            product = found[0].product
            verdict = verdicts.get(product)
            if verdict is None:
                verdict = verdicts[product] = judge(product, knowledge, today)
            results.append(Judged(machine, tuple(found), verdict, _row(machine, found, verdict, knowledge)))
    return results


def _without_vaguer_twins(groups: list[list[Identified]]) -> list[list[Identified]]:
    """A product named without a version where the same port names it with one says nothing of its own."""
    told = {(e.product.name, e.key) for group in groups for e in group if e.product.version}
    return [
        group for group in groups if group[0].product.version or any((e.product.name, e.key) not in told for e in group)
    ]


def _title(product: Product, knowledge: Knowledge) -> str:
    """What the product's baseline calls it, else the trade."""
    return next((each.title for each in knowledge.baselines if each.product == product.name), trade_name(product))


def _row(machine: Machine, found: list[Identified], verdict: Judgement, knowledge: Knowledge) -> PatchRow:
    first = found[0]
    keys = {each.key[1:] for each in found}
    only = first.key if len(keys) == 1 else None
    return PatchRow(
        host=machine.id,
        product=first.product.name,
        version=first.product.revision or first.product.version,
        verdict=verdict.verdict,
        reason=verdict.reason,
        confidence=verdict.confidence,
        required=verdict.required,
        fixed_at=iso_date(verdict.fixed_at),
        age_days=verdict.age_days,
        eol=iso_date(verdict.eol),
        kev=verdict.kev,
        source=verdict.source,
        evidence="; ".join(dict.fromkeys(each.evidence for each in found)),
        transport=only[1] if only else None,
        port=only[2] if only else None,
        severity=verdict.severity if verdict.verdict in ("NON_COMPLIANT", "END_OF_LIFE") else None,
        cves=verdict.cves,
        remote_code=verdict.remote_code,
        title=_title(first.product, knowledge),
    )


def patch_findings(knowledge: Knowledge, items: Iterable[Judged]) -> Iterator[FindingRow]:
    """A finding for each product that provably fails; UNKNOWN is a verdict in the table, never an alarm."""
    for each in items:
        row = each.row
        if row.verdict not in ("NON_COMPLIANT", "END_OF_LIFE"):
            continue
        kind: FindingKind = "outdated" if row.verdict == "NON_COMPLIANT" else "end-of-life"
        severity: Severity = each.judgement.severity or "medium"
        if row.kev:
            kind, severity = "known-exploited", "critical"
        elif row.verdict == "END_OF_LIFE":
            severity = _at_least(severity, "high")
        title = f"{row.title} {row.version or ''} on {row.host}".replace("  ", " ")
        if kind == "end-of-life":
            title += f" is past support{f' since {row.eol}' if row.eol else ''}"
        elif kind == "known-exploited":
            title += f" has flaws that are exploited in the wild ({', '.join(row.kev)})"
        else:
            late = f"; the oldest missing fix is {row.age_days} days old" if row.age_days is not None else ""
            title += f" is below {row.required}{late}"
        yield finding(
            kind,
            severity,
            title,
            names=(row.host, row.product, row.version or ""),
            knowledge=knowledge,
            host=row.host,
            transport=row.transport,
            port=row.port,
            product=row.product,
            remedy=f"Update {row.title} to {row.required} or later."
            if row.required
            else f"Replace {row.title} {row.version or ''} with a release that is still supported.",
            replay=f"{_replay(each.found[0])}  # from {row.host.partition('/')[0]}",
            evidence=f"{row.evidence}; {row.reason}; {row.source or 'no source'}",
        )


def _replay(found: Identified) -> str:
    address, transport, port = found.key
    kind = found.kind.split(".", 1)[0]
    default = "nc -u -w 3 {a} {p}" if transport == "udp" else "nc -w 3 {a} {p}"
    host = f"[{address}]" if ":" in address else address
    secure = "s" if port in (443, 8443) else ""
    return _REPLAY.get(kind, default).format(a=address, p=port, h=host, s=secure)


def _at_least(severity: Severity, floor: Severity) -> Severity:
    return max(severity, floor, key=SEVERITIES.index)
