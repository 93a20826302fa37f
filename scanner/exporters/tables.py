"""Every row of the report's long tables, as data that a script in the page sorts and filters.

A page with fifty thousand rows of elements opens slowly; this many values do not. A column is kept as its different
values, already in their order, and a number for each row that says which of them it has: sorting is then counting, and
a filter asks each value once.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Literal

import msgspec

from scanner.exporters.patch_words import first_of, urgency
from scanner.model.base import SEVERITIES
from scanner.model.report import CROSSED, HELD, FindingRow, FlowRow, HostRow, PatchRow, Report, ServiceRow, is_open
from scanner.model.text import visible

ROW_LIMIT = 60_000
"""Rows of one table that the page holds; a browser takes long over more, and the JSON report holds them all."""

Cell = str | int | None
Key = Callable[[str], Any]


class Column(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the script knows of a column, under the names that the terminal's filters have."""

    key: str
    title: str
    width: float = 0
    """In rem; 0: not in the table, but filtered by, and shown with the row that is opened."""
    match: Literal["part", "words", "label"] = "part"
    ranks: tuple[str, ...] = ()
    number: bool = False
    flags: tuple[str, ...] = ()
    sign: Literal["", "severity", "code"] = ""
    """How its cells are drawn."""


class Table(msgspec.Struct, frozen=True):
    name: str
    title: str
    noun: tuple[str, str]
    """Of one, and of more."""
    total: int
    """Rows of the report."""
    count: int
    """Rows here."""
    example: str
    data: bytes
    """JSON that may stand in an element of a page: it has no `<`, `>` or `&`."""


def tables(report: Report) -> tuple[Table, ...]:
    """Those that have a row. What the script shows first comes first."""
    served = [(host, service) for host in report.hosts for service in host.services]
    made = (
        _table("findings", "Findings", ("finding", "findings"), "sev>=high !excepted",
               _FINDINGS, sorted(report.findings, key=first_of), _finding),
        _table("hosts", "Hosts", ("host", "hosts"), "zone=guest port:445,3389", _HOSTS, report.hosts, _host),
        _table("services", "Services", ("service", "services"), "port:22 product:openssh",
               _SERVICES, served, _service),
        _table("versions", "Versions", ("version", "versions"), "verdict=non_compliant overdue",
               _VERSIONS, sorted(report.patches, key=lambda row: urgency(row, 0)), _version),
        _table("flows", "Flows", ("flow", "flows"), "policy:forbidden verdict=reached",
               _FLOWS, sorted(report.reachability, key=interest), _flow),
    )  # fmt: skip
    return tuple(each for each in made if each.total)


def interest(row: FlowRow) -> int:
    """Sorts flows: those against the policy first."""
    crossed = row.verdict in CROSSED
    if crossed and not row.allowed:
        return 0
    if row.allowed and not crossed:
        return 1
    if row.verdict not in HELD and not crossed:
        return 2
    return 3 if not crossed else 4


def _table(
    name: str,
    title: str,
    noun: tuple[str, str],
    example: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    cells: Callable[[Any], tuple[Cell, ...]],
) -> Table:
    shown = rows[:ROW_LIMIT]
    found: list[dict[str, int]] = [{} for _ in columns]
    places = [array("L") for _ in columns]
    for row in shown:
        for value, seen, at in zip(cells(row), found, places, strict=True):
            text = "" if value is None else value if type(value) is str else str(value)
            at.append(seen.setdefault(text, len(seen)))
    packed = [_packed(*each) for each in zip(columns, found, places, strict=True)]
    data = msgspec.json.encode({"noun": noun, "count": len(shown), "columns": packed})
    return Table(name, title, noun, len(rows), len(shown), example, _inert(data))


def _packed(column: Column, seen: dict[str, int], at: array[int]) -> dict[str, Any]:
    """The column's values in order, and the rows' numbers of them."""
    key = _order(column)
    order = sorted(seen, key=lambda text: (key(text), text))
    place = array("L", bytes(array("L").itemsize * len(order)))
    for position, text in enumerate(order):
        place[seen[text]] = position
    return {
        **msgspec.to_builtins(column),
        "values": [visible(text) for text in order],
        "at": [place[number] for number in at],
    }


def _inert(data: bytes) -> bytes:
    """Nothing in it ends the element that it stands in, opens another, or ends a line of a script."""
    for raw, escape in ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"),
                        (b"\xe2\x80\xa8", b"\\u2028"), (b"\xe2\x80\xa9", b"\\u2029")):  # fmt: skip
        data = data.replace(raw, escape)
    return data


def _order(column: Column) -> Key:
    if column.ranks:
        ranks = {word: position for position, word in enumerate(column.ranks)}
        return lambda text: ranks.get(text, -1)
    if column.number:
        return lambda text: int(text) if text else -1
    if column.key in ("host", "id"):
        return _address
    return _port if column.key == "service" else str.casefold


def _address(text: str) -> tuple[int, int, str, str]:
    """Addresses by number, IPv4 first; then what is none."""
    zone, _, address = text.partition(" ")[0].rpartition("/")
    try:
        found = ip_address(address)
    except ValueError:
        return 7, 0, text, ""
    return found.version, int(found), zone, text


def _port(text: str) -> tuple[int, str]:
    number = text.partition("/")[2].partition(" ")[0]
    return int(number) if number.isdecimal() else -1, text


_RISK = Column(key="risk", title="Risk", width=4, number=True)
_PORT = Column(key="port", title="Port number", match="words")
_LATE = ("late", "overdue")
_VERDICTS = ("compliant", "unknown", "end_of_life", "non_compliant")


def _severity(width: float) -> Column:
    return Column(key="sev", title="Severity", width=width, match="label", ranks=SEVERITIES, sign="severity")


_FINDINGS = (
    _severity(6.5), _RISK,
    Column(key="title", title="What", width=26),
    Column(key="flow", title="Boundary", width=12),
    Column(key="service", title="Service", width=6.5, sign="code"),
    Column(key="host", title="Host", width=12, sign="code"),
    Column(key="kind", title="Kind", width=10),
    Column(key="state", title="State", match="label"),
    Column(key="from", title="From"), Column(key="to", title="To"), Column(key="zone", title="Zones", match="words"),
    _PORT, Column(key="id", title="Finding"), Column(key="control", title="Controls"),
    Column(key="owner", title="Accepted by"),
    Column(key="excepted", title="Accepted", flags=("excepted",)),
    Column(key="late", title="Acceptance ran out", flags=("late",)),
    Column(key="why", title="Risk, why"), Column(key="evidence", title="Evidence"),
    Column(key="remedy", title="Remedy"), Column(key="replay", title="See it again"),
)  # fmt: skip


def _finding(row: FindingRow) -> tuple[Cell, ...]:
    from_, to, accepted = row.from_ or "", row.to or "", row.exception
    port = "" if row.port is None else str(row.port)
    return (
        row.severity, row.risk or None, row.title, _joined((from_, to), " → "), _served(row.transport, row.port),
        row.host, row.kind, "open" if accepted is None else "expired" if accepted.expired else "accepted",
        from_, to, _joined((from_, to)), port, row.id, ", ".join(row.controls), accepted.owner if accepted else "",
        "no" if is_open(row) else "yes", "yes" if accepted and accepted.expired else "no",
        _joined(row.risk_why, "; "), row.evidence, row.remedy, row.replay,
    )  # fmt: skip


_HOSTS = (
    Column(key="host", title="Address", width=11, sign="code"),
    Column(key="zone", title="Zone", width=9),
    Column(key="name", title="Name", width=12),
    Column(key="service", title="Services", width=20),
    Column(key="device", title="Device", width=9),
    Column(key="os", title="System", width=10),
    Column(key="vendor", title="Vendor", width=10),
    Column(key="critical", title="Critical system", width=9),
    Column(key="port", title="Ports", match="words"), Column(key="product", title="Products"),
    Column(key="mac", title="MAC"), Column(key="software", title="Software"), Column(key="id", title="Id"),
)  # fmt: skip
_SOFTWARE_LIMIT = 60


def _host(row: HostRow) -> tuple[Cell, ...]:
    up = [each for each in row.services if each.state == "open"]
    listed = [f"{each.product} {each.version}" for each in row.software[:_SOFTWARE_LIMIT]]
    if len(row.software) > _SOFTWARE_LIMIT:
        listed.append(f"and {len(row.software) - _SOFTWARE_LIMIT:,} more, in the JSON report")
    return (
        _joined(row.addresses), row.zone, _joined(row.names),
        _joined(f"{each.port}/{each.service or each.transport}" for each in up),
        "" if row.device == "unknown" else row.device, row.os, row.vendor, row.critical,
        _joined(str(each.port) for each in up), _joined(map(_product, up), "; "), row.mac, "; ".join(listed), row.id,
    )  # fmt: skip


_SERVICES = (
    Column(key="host", title="Address", width=11, sign="code"),
    Column(key="zone", title="Zone", width=9),
    Column(key="service", title="Service", width=11, sign="code"),
    Column(key="product", title="Product", width=13),
    Column(key="version", title="Version", width=11),
    Column(key="state", title="State", width=6),
    Column(key="name", title="Name", width=12),
    Column(key="evidence", title="What it said", width=17),
    _PORT, Column(key="transport", title="Over"), Column(key="device", title="Device"),
    Column(key="critical", title="Critical system"), Column(key="cpe", title="CPE"),
    Column(key="tls", title="TLS", flags=("tls",)), Column(key="id", title="Id"),
)  # fmt: skip


def _service(pair: tuple[HostRow, ServiceRow]) -> tuple[Cell, ...]:
    host, row = pair
    return (
        _joined(host.addresses), host.zone, _joined((_served(row.transport, row.port), row.service or "")),
        row.title or row.product, _joined((row.revision or row.version or "", row.distro or "")), row.state,
        _joined(host.names), row.evidence, row.port, row.transport, "" if host.device == "unknown" else host.device,
        host.critical, row.cpe, "yes" if row.tls else "no", host.id,
    )  # fmt: skip


_VERSIONS = (
    Column(key="verdict", title="Verdict", width=9, match="label", ranks=_VERDICTS),
    Column(key="product", title="Product", width=13),
    Column(key="version", title="Version", width=11),
    Column(key="host", title="Host", width=13, sign="code"),
    Column(key="required", title="Required", width=10, sign="code"),
    Column(key="late", title="Days late", width=5.5, number=True),
    Column(key="due", title="Due", width=6.5),
    _severity(6.5),
    Column(key="exposed", title="Exposed to", width=9),
    Column(key="kev", title="KEV", width=8),
    Column(key="epss", title="EPSS"), Column(key="cve", title="CVEs"), Column(key="reason", title="Reason"),
    Column(key="rule", title="Rule"), Column(key="zone", title="Zone"), _PORT,
    Column(key="overdue", title="Overdue", flags=_LATE), Column(key="evidence", title="Evidence"),
    Column(key="source", title="Fact"),
)  # fmt: skip


def _version(row: PatchRow) -> tuple[Cell, ...]:
    return (
        row.verdict.lower(), row.title or row.product,
        _joined(dict.fromkeys(filter(None, (row.version, row.banner))), " / "), row.host, row.required,
        row.age_days, row.due, row.severity, ", ".join(row.exposed_to), ", ".join(row.kev),
        "" if row.epss is None else f"{row.epss:.2f}", ", ".join(row.cves), row.reason, row.rule,
        row.host.rpartition("/")[0], row.port, "yes" if (row.overdue_days or 0) > 0 else "no", row.evidence, row.source,
    )  # fmt: skip


_FLOWS = (
    Column(key="from", title="From", width=10), Column(key="to", title="To", width=10),
    Column(key="host", title="Target", width=12, sign="code"),
    Column(key="service", title="Service", width=7, sign="code"),
    Column(key="policy", title="Policy", width=7),
    Column(key="verdict", title="Verdict", width=12),
    Column(key="reason", title="Why", width=26),
    _PORT, Column(key="evidence", title="Evidence"),
)  # fmt: skip


def _flow(row: FlowRow) -> tuple[Cell, ...]:
    return (
        row.from_, row.to, row.address, _served(row.transport, row.port), "allowed" if row.allowed else "forbidden",
        row.verdict.lower(), row.reason, row.port, row.evidence,
    )  # fmt: skip


def _served(transport: str | None, port: int | None) -> str:
    if not transport or transport == "icmp":
        return transport or ""
    return f"{transport}/{'any' if port is None else port}"


def _product(row: ServiceRow) -> str:
    return _joined((row.title or row.product or "", row.version or ""))


def _joined(parts: Iterable[str], between: str = " ") -> str:
    return between.join(filter(None, parts))
