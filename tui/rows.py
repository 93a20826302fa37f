"""Reports as table rows: what each table's columns are, and a row of text for each thing. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from scanner.exporters.patch_words import epss_words, first_of, required_words
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingRow, HostRow, PatchRow, Report, ServiceRow
from tui.facts import PATCH_KINDS, state_of, worst_by_host
from tui.query import Column, Row
from tui.status import PATCHES, SEVERITY, STATES, mark

Table = tuple[tuple[Column, ...], list[Row]]

VERDICTS = ("compliant", "unknown", "end_of_life", "non_compliant")


def address_order(text: str) -> tuple[int, int, str]:
    """Sort key of an address or a host id: IPv4, IPv6, then anything else as text."""
    last = text.rpartition("/")[2]
    parts = last.split(".")
    if len(parts) == 4 and all(map(str.isdecimal, parts)):
        # What nearly every address is, ten times as quick as parsing it properly.
        a, b, c, d = map(int, parts)
        return 4, a << 24 | b << 16 | c << 8 | d, text
    try:
        ip = ipaddress.ip_address(last)
    except ValueError:
        return 9, 0, text
    return ip.version, int(ip), text


def number_order(text: str) -> int:
    return int(text) if text.isdecimal() else -1


def port_order(text: str) -> tuple[int, str]:
    """Sort key of `tcp/443`: by number, no port first."""
    transport, _, port = text.partition("/")
    return number_order(port), transport


def _due_order(text: str) -> tuple[bool, int]:
    """Sort key of `12 over` and `3 left`: what is soonest due last, what is due never first."""
    days, _, word = text.partition(" ")
    return bool(text), number_order(days) * (1 if word == "over" else -1)


def _sev(title: str, least: int = 10) -> Column:
    return Column(key="sev", title=title, least=least, match="label", ranks=SEVERITIES)


def hosts(report: Report) -> Table:
    columns = (
        Column(key="host", title="ADDRESS", least=15, most=39, order=address_order),
        Column(key="zone", title="ZONE", least=10, most=16),
        Column(key="name", title="NAME", least=8, most=24),
        _sev("WORST"),
        Column(key="service", title="SERVICES", least=12, most=44),
        Column(key="device", title="DEVICE", least=8, most=21),
        Column(key="os", title="OS", least=12, most=20),
        Column(key="vendor", title="VENDOR", least=12, most=20),
        Column(key="critical", title="CRITICAL", least=12, most=24),
        Column(key="port", title="", shown=False, match="words"),
        Column(key="product", title="", shown=False),
        Column(key="mac", title="", shown=False),
    )
    worst = worst_by_host(report)
    return columns, [_host(host, worst.get(host.id)) for host in report.hosts]


def _host(host: HostRow, worst: str | None) -> Row:
    up = [service for service in host.services if service.state == "open"]
    return (
        " ".join(host.addresses),
        host.zone,
        " ".join(host.names),
        mark(SEVERITY, worst).label if worst else "",
        " ".join(f"{service.port}/{service.service or service.transport}" for service in up),
        "" if host.device == "unknown" else host.device,
        host.os or "",
        host.vendor or "",
        host.critical or "",
        " ".join(str(service.port) for service in up),
        " ".join(_product(service) for service in up),
        host.mac or "",
    )


def _product(service: ServiceRow) -> str:
    return " ".join(filter(None, (service.title or service.product, service.version)))


def gap_findings(report: Report) -> list[FindingRow]:
    """Everything that is not a version's fault: the most severe first, within a severity the riskiest."""
    return sorted((each for each in report.findings if each.kind not in PATCH_KINDS), key=first_of)


def gaps(findings: Sequence[FindingRow]) -> Table:
    columns = (
        _sev("SEVERITY"),
        Column(key="risk", title="RISK", least=4, right=True, number=True),
        Column(key="title", title="WHAT", least=36, most=80),
        Column(key="state", title="STATE", least=10, match="label"),
        Column(key="flow", title="FLOW", least=20, most=28),
        Column(key="service", title="PORT", least=8, most=9, order=port_order),
        Column(key="kind", title="KIND", least=12, most=21),
        Column(key="host", title="HOST", least=14, most=39, order=address_order),
        Column(key="from", title="", shown=False),
        Column(key="to", title="", shown=False),
        Column(key="zone", title="", shown=False, match="words"),
        Column(key="port", title="", shown=False, match="words"),
        Column(key="id", title="", shown=False),
        Column(key="control", title="", shown=False),
    )
    return columns, [_gap(finding) for finding in findings]


def _gap(finding: FindingRow) -> Row:
    return (
        mark(SEVERITY, finding.severity).label,
        str(finding.risk) if finding.risk else "",
        finding.title,
        STATES[state_of(finding.exception)].label,
        " → ".join(filter(None, (finding.from_, finding.to))),
        "" if finding.port is None else f"{finding.transport}/{finding.port}",
        finding.kind,
        finding.host or "",
        finding.from_ or "",
        finding.to or "",
        " ".join(filter(None, (finding.from_, finding.to))),
        "" if finding.port is None else str(finding.port),
        finding.id,
        " ".join(finding.controls),
    )


def patches(rows: Sequence[PatchRow], risks: Sequence[int]) -> Table:
    """`risks`: of each row, that of its finding."""
    columns = (
        Column(key="risk", title="RISK", least=4, right=True, number=True),
        Column(key="verdict", title="VERDICT", least=15, match="label", ranks=VERDICTS),
        Column(key="product", title="PRODUCT", least=12, most=24),
        Column(key="version", title="VERSION", least=12, most=24),
        Column(key="host", title="HOST", least=18, most=39, order=address_order),
        Column(key="required", title="REQUIRED", least=12, most=24),
        Column(key="late", title="LATE", least=4, right=True, number=True),
        Column(key="due", title="DUE", least=9, most=16, order=_due_order),
        Column(key="exposed", title="EXPOSED TO", least=10, most=24),
        Column(key="exploited", title="KEV", least=3, most=4),
        Column(key="epss", title="EPSS", least=4, right=True),
        _sev("SEVERITY"),
        Column(key="reason", title="REASON", least=18, most=36),
        Column(key="zone", title="", shown=False),
        Column(key="port", title="", shown=False, match="words"),
        Column(key="cve", title="", shown=False),
        Column(key="kev", title="", shown=False),
        Column(key="overdue", title="", shown=False),
        Column(key="rule", title="", shown=False),
    )
    return columns, [_patch(row, risk) for row, risk in zip(rows, risks, strict=True)]


def _patch(row: PatchRow, risk: int) -> Row:
    overdue = row.overdue_days
    return (
        str(risk) if risk else "",
        mark(PATCHES, row.verdict).label,
        row.title or row.product,
        " / ".join(dict.fromkeys(filter(None, (row.version, row.banner)))),
        row.host,
        _required(row),
        "" if row.age_days is None else str(row.age_days),
        "" if overdue is None else f"{abs(overdue)} {'over' if overdue > 0 else 'left'}",
        ", ".join(row.exposed_to),
        "yes" if row.kev else "",
        "" if row.epss is None else epss_words(row.epss),
        mark(SEVERITY, row.severity).label if row.severity else "",
        row.reason,
        row.host.partition("/")[0],
        "" if row.port is None else str(row.port),
        " ".join(row.cves),
        " ".join(("yes", *row.kev)) if row.kev else "no",
        "yes" if overdue is not None and overdue > 0 else "no",
        row.rule,
    )


def _required(row: PatchRow) -> str:
    return "distro's fixes" if row.required and required_words(row) != row.required else row.required or ""
