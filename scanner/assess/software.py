"""Findings about what runs: versions below baseline or past support, and services that are an exposure by kind."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator

import msgspec

from scanner.assess.inventory import Identified, Inventory, Machine
from scanner.assess.make import finding
from scanner.assess.patches import Judgement, judge
from scanner.model.base import SEVERITIES, Severity
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingKind, FindingRow, PatchRow, iso_date
from scanner.model.text import visible

_REPLAY = {
    "ssh": "nc -w 3 {a} {p} </dev/null",
    "http": "curl -skI http{s}://{h}:{p}/",
    "dns": "dig +short @{a} -p {p} version.bind CH TXT",
    "snmp": "snmpget -v1 -c public {a} 1.3.6.1.2.1.1.1.0",
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
    for machine in inventory.machines:
        groups: dict[tuple[str, str | None, str | None, str | None, bool], list[Identified]] = {}
        for each in machine.products:
            p = each.product
            groups.setdefault((p.name, p.version, p.revision, p.distro, p.certain), []).append(each)
        for found in _without_vaguer_twins(list(groups.values())):
            verdict = judge(found[0].product, knowledge, today)
            results.append(Judged(machine, tuple(found), verdict, _row(machine, found, verdict)))
    return results


def _without_vaguer_twins(groups: list[list[Identified]]) -> list[list[Identified]]:
    """A product named without a version where the same port names it with one says nothing of its own."""
    told = {(e.product.name, e.key) for group in groups for e in group if e.product.version}
    return [
        group for group in groups if group[0].product.version or any((e.product.name, e.key) not in told for e in group)
    ]


def _row(machine: Machine, found: list[Identified], verdict: Judgement) -> PatchRow:
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
        title = f"{row.product} {row.version or ''} on {row.host}".replace("  ", " ")
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
            remedy=f"Update {row.product} to {row.required} or later."
            if row.required
            else f"Replace {row.product} {row.version or ''} with a release that is still supported.",
            replay=_replay(each.found[0]),
            evidence=f"{row.evidence}; {row.reason}; {row.source or 'no source'}",
        )


class _Exposure(msgspec.Struct, frozen=True):
    """What a reading gives away: `kind` of the reading, and a test of its bytes."""

    kind: str
    shows: Callable[[bytes], bool]
    aspect: str
    severity: Severity
    what: str
    remedy: str


_EXPOSURES = (
    _Exposure(
        "telnet", bool, "cleartext", "medium", "telnet carries passwords in the clear",
        "Turn telnet off; manage the device over SSH or HTTPS.",
    ),
    _Exposure("ftp", bool, "cleartext", "low", "FTP carries passwords in the clear", "Replace FTP by SFTP or FTPS."),
    _Exposure(
        "redis", lambda raw: b"redis_version" in raw, "unauthenticated", "high", "Redis answers without a password",
        "Set `requirepass` or ACL users, and bind it to the hosts that need it.",
    ),
    _Exposure(
        "memcached", bool, "unauthenticated", "medium", "memcached answers anybody",
        "Bind it to the hosts that need it; it has no login worth the name.",
    ),
    _Exposure(
        "vnc.security", lambda raw: b"\x01" in raw, "unauthenticated", "high", "VNC lets anybody in without a password",
        "Set a password, and reach it through SSH or a VPN only.",
    ),
    _Exposure(
        "mqtt.access", lambda raw: raw == b"open", "unauthenticated", "medium", "the MQTT broker lets anybody connect",
        "Set `allow_anonymous false` and give each device a login.",
    ),
    _Exposure(
        "postgresql.auth", lambda raw: raw == b"trust", "unauthenticated", "high",
        "PostgreSQL lets anybody in without a password", "Replace `trust` in pg_hba.conf by scram-sha-256.",
    ),
    _Exposure(
        "rdp.security", lambda raw: raw in (b"rdp", b"tls"), "remote-access", "medium",
        "RDP without Network Level Authentication", "Require Network Level Authentication for Remote Desktop.",
    ),
)  # fmt: skip
"""By the protocol's own answer, never by a guessed password."""


def exposures(knowledge: Knowledge, inventory: Inventory) -> Iterator[FindingRow]:
    """Services that are a risk by what they are: by the protocol's own answer, never by a port number alone."""
    for machine in inventory.machines:
        for key, talk in sorted(machine.services.items()):
            readings = talk.readings if talk else ()
            for each in _EXPOSURES:
                raw = next((r.raw for r in readings if r.kind == each.kind and each.shows(r.raw)), None)
                if raw is None or (each.aspect == "cleartext" and talk is not None and talk.tls):
                    continue
                yield finding(
                    "exposure",
                    each.severity,
                    f"{machine.id} {key[1]}/{key[2]}: {each.what}",
                    names=(machine.id, key[1], key[2], each.kind),
                    aspect=each.aspect,
                    knowledge=knowledge,
                    host=machine.id,
                    transport=key[1],
                    port=key[2],
                    remedy=each.remedy,
                    replay=f"nc -v -w 3 {key[0]} {key[2]}  # from {machine.zone}",
                    evidence=f"{key[1]}/{key[2]} {each.kind}: {visible(raw, 300)}",
                )


def router_consoles(knowledge: Knowledge, rows: Iterable[tuple[str, str, str, int]]) -> Iterator[FindingRow]:
    """Open ports of a router's own legs, seen from another zone: (from zone, leg's zone, address, port)."""
    for from_, to, address, port in sorted(set(rows)):
        yield finding(
            "exposure",
            "high",
            f"The router's leg {address} ({to}) offers tcp/{port} to {from_}",
            names=("router", from_, address, port),
            aspect="management",
            knowledge=knowledge,
            host=f"{to}/{address}",
            from_=from_,
            to=to,
            transport="tcp",
            port=port,
            remedy="Let the firewall answer for its management only from the management zone.",
            replay=f"nc -vz -w 3 {address} {port}  # from {from_}",
            evidence=f"{address} is the next hop of {to} and answered {from_} on tcp/{port}",
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
