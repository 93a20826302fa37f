"""Reports as table rows: what each table's columns are, and a row of text for each thing. Pure.

Cells that many rows have are one text in memory. Every table answers to `excepted` and `late`, so that a filter means
the same wherever it is typed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence

from scanner.exporters.patch_words import epss_words, first_of, required_words, risk_of
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingRow, HostRow, PatchRow, Report, ServiceRow, is_open
from tui.facts import PATCH_KINDS, state_of
from tui.lookup import findings_by_host
from tui.query import Column, Row
from tui.served import Served, late_hosts, served
from tui.status import PATCHES, SEVERITY, STATES, Mark, mark, severity_rank

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


class _Labels(dict[str, str]):
    """Word -> glyph and word; nothing for no word."""

    def __init__(self, marks: Mapping[str, Mark]) -> None:
        super().__init__({"": ""})
        self._marks = marks

    def __missing__(self, word: str) -> str:
        label = self[word] = mark(self._marks, word).label
        return label


class _Same(dict[str, str]):
    """Text -> an equal text, the same one each time."""

    def __missing__(self, text: str) -> str:
        self[text] = text
        return text


def _named(key: str) -> Column:
    return Column(key=key, title="ID", shown=False, names=True)


def _yes_no(key: str, *flags: str) -> Column:
    return Column(key=key, title=key.upper(), shown=False, flags=flags)


def _said(yes: bool) -> str:
    return "yes" if yes else "no"


def worst(findings: Iterable[FindingRow]) -> str:
    """The worst severity of the open ones; nothing where none is open."""
    return max((each.severity for each in findings if is_open(each)), key=severity_rank, default="")


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
        Column(key="port", title="PORTS", shown=False, match="words"),
        Column(key="product", title="PRODUCTS", shown=False),
        Column(key="mac", title="MAC", shown=False),
        _yes_no("excepted", "excepted"),
        _yes_no("overdue", "overdue", "late"),
        _named("id"),
    )
    found, late, labels = findings_by_host(report), late_hosts(report), _Labels(SEVERITY)
    return columns, [_host(host, found.get(host.id, ()), host.id in late, labels) for host in report.hosts]


def _host(host: HostRow, found: Sequence[FindingRow], late: bool, labels: _Labels) -> Row:
    up = [service for service in host.services if service.state == "open"]
    return (
        " ".join(host.addresses),
        host.zone,
        " ".join(host.names),
        labels[worst(found)],
        # A host with two addresses has a service on each.
        " ".join(dict.fromkeys(f"{service.port}/{service.service or service.transport}" for service in up)),
        "" if host.device == "unknown" else host.device,
        host.os or "",
        host.vendor or "",
        host.critical or "",
        " ".join(dict.fromkeys(str(service.port) for service in up)),
        " ".join(dict.fromkeys(_product(service) for service in up)),
        host.mac or "",
        _said(any(not is_open(each) for each in found)),
        _said(late),
        host.id,
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
        Column(key="from", title="FROM", shown=False),
        Column(key="to", title="TO", shown=False),
        Column(key="zone", title="ZONES", shown=False, match="words"),
        Column(key="port", title="NUMBER", shown=False, match="words"),
        _named("id"),
        Column(key="control", title="CONTROLS", shown=False),
        Column(key="owner", title="ACCEPTED BY", shown=False),
        _yes_no("excepted", "excepted"),
        _yes_no("late", "late"),
    )
    signs, states, same = _Labels(SEVERITY), _Labels(STATES), _Same()
    return columns, [_gap(finding, signs, states, same) for finding in findings]


def _gap(finding: FindingRow, signs: _Labels, states: _Labels, same: _Same) -> Row:
    from_, to, port, accepted = finding.from_ or "", finding.to or "", finding.port, finding.exception
    return (
        signs[finding.severity],
        same[str(finding.risk)] if finding.risk else "",
        finding.title,
        states[state_of(accepted)],
        same[f"{from_} → {to}" if from_ and to else from_ or to],
        "" if port is None else same[f"{finding.transport}/{port}"],
        finding.kind,
        finding.host or "",
        same[from_],
        same[to],
        same[f"{from_} {to}" if from_ and to else from_ or to],
        "" if port is None else same[str(port)],
        finding.id,
        same[" ".join(finding.controls)],
        accepted.owner if accepted else "",
        "no" if is_open(finding) else "yes",
        # What was accepted until a day that is past.
        "yes" if accepted and accepted.expired else "no",
    )


def services(report: Report) -> tuple[Table, list[Served]]:
    """The services that answer, host by host, each with what was found out about it."""
    columns = (
        Column(key="host", title="ADDRESS", least=15, most=39, order=address_order),
        Column(key="zone", title="ZONE", least=8, most=16),
        Column(key="service", title="SERVICE", least=15, most=24, order=port_order),
        Column(key="product", title="PRODUCT", least=12, most=28),
        Column(key="version", title="VERSION", least=8, most=24),
        _sev("WORST"),
        Column(key="exposed", title="EXPOSED TO", least=12, most=32),
        Column(key="verdict", title="VERDICT", least=15, match="label", ranks=VERDICTS),
        Column(key="name", title="NAME", least=8, most=24),
        Column(key="state", title="STATE", least=5, most=14),
        Column(key="evidence", title="SAID", least=16, most=40),
        Column(key="port", title="NUMBER", shown=False, match="words", order=number_order),
        Column(key="transport", title="OVER", shown=False),
        Column(key="device", title="DEVICE", shown=False),
        Column(key="critical", title="CRITICAL", shown=False),
        Column(key="cpe", title="CPE", shown=False),
        _yes_no("tls", "tls"),
        _yes_no("forbidden", "forbidden"),
        _yes_no("excepted", "excepted"),
        _yes_no("overdue", "overdue", "late"),
        _named("id"),
    )
    found, same, signs, verdicts = served(report), _Same(), _Labels(SEVERITY), _Labels(PATCHES)
    return (columns, [_service(each, same, signs, verdicts) for each in found]), found


def _service(each: Served, same: _Same, signs: _Labels, verdicts: _Labels) -> Row:
    host, row = each.host, each.service
    return (
        same[" ".join(host.addresses)],
        host.zone,
        same[f"{row.transport}/{row.port}{f' {row.service}' if row.service else ''}"],
        same[row.title or row.product or ""],
        same[row.version or ""],
        signs[worst(each.findings)],
        same[", ".join(f"✕ {zone}" if zone in each.forbidden else zone for zone in each.exposed)],
        verdicts[max((patch.verdict for patch in each.patches), key=_verdict_rank, default="")],
        same[" ".join(host.names)],
        row.state,
        same[row.evidence],
        same[str(row.port)],
        row.transport,
        "" if host.device == "unknown" else host.device,
        host.critical or "",
        same[row.cpe or ""],
        _said(row.tls),
        _said(bool(each.forbidden)),
        _said(any(not is_open(finding) for finding in each.findings)),
        _said(any(patch.overdue_days is not None and patch.overdue_days > 0 for patch in each.patches)),
        each.id,
    )


def _verdict_rank(verdict: str) -> int:
    return VERDICTS.index(verdict.lower())


def patches(rows: Sequence[tuple[PatchRow, Sequence[FindingRow]]]) -> Table:
    """Versions that were judged, each with its findings."""
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
        Column(key="zone", title="ZONE", shown=False),
        Column(key="port", title="NUMBER", shown=False, match="words"),
        Column(key="cve", title="CVES", shown=False),
        Column(key="kev", title="KEV ENTRIES", shown=False),
        _yes_no("overdue", "overdue", "late"),
        Column(key="rule", title="RULE", shown=False),
        _yes_no("excepted", "excepted"),
        _named("id"),
    )
    signs, verdicts, same = _Labels(SEVERITY), _Labels(PATCHES), _Same()
    return columns, [_patch(row, found, signs, verdicts, same) for row, found in rows]


def patch_id(row: PatchRow) -> str:
    """What tells a judged version from all others of a report."""
    return f"{row.host} {row.transport or ''}/{row.port or ''} {row.product} {row.version or ''}"


def _patch(row: PatchRow, found: Sequence[FindingRow], signs: _Labels, verdicts: _Labels, same: _Same) -> Row:
    overdue, risk = row.overdue_days, risk_of(found)
    return (
        same[str(risk)] if risk else "",
        verdicts[row.verdict],
        row.title or row.product,
        " / ".join(dict.fromkeys(filter(None, (row.version, row.banner)))),
        row.host,
        _required(row),
        "" if row.age_days is None else str(row.age_days),
        "" if overdue is None else f"{abs(overdue)} {'over' if overdue > 0 else 'left'}",
        ", ".join(row.exposed_to),
        "yes" if row.kev else "",
        "" if row.epss is None else epss_words(row.epss),
        signs[row.severity or ""],
        row.reason,
        row.host.partition("/")[0],
        "" if row.port is None else str(row.port),
        " ".join(row.cves),
        " ".join(("yes", *row.kev)) if row.kev else "no",
        _said(overdue is not None and overdue > 0),
        row.rule,
        _said(any(not is_open(each) for each in found)),
        patch_id(row),
    )


def _required(row: PatchRow) -> str:
    return "distro's fixes" if row.required and required_words(row) != row.required else row.required or ""
