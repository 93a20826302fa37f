"""Findings about what runs: versions below baseline or past support, and inventories at odds with the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.assess.findings.make import finding
from scanner.assess.machines.inventory import Identified
from scanner.assess.machines.software import Judged
from scanner.model.base import SEVERITIES, Severity
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingKind, FindingRow
from scanner.model.text import plural

_REPLAY = {
    "ssh": "nc -w 3 {a} {p} </dev/null",
    "http": "curl -skI http{s}://{h}:{p}/",
    "dns": "dig +short @{a} -p {p} version.bind CH TXT",
    "snmp": "snmpget -v1 -c public {a} 1.3.6.1.2.1.1.1.0",
    "mssql": "nmap -Pn -sV -p {p} {a}",  # it says nothing before it is asked
    "redis": "printf 'INFO server\\r\\n' | nc -w 3 {a} {p}",
}
_NAMED = 6
"""Packages that a title names."""
_UPDATE = {"el": "dnf upgrade --security", "debian": "apt upgrade", "ubuntu": "apt upgrade"}
_ASK = {"el": "rpm -q {}", "debian": "dpkg -l {}", "ubuntu": "dpkg -l {}"}


def patch_findings(knowledge: Knowledge, items: Iterable[Judged]) -> Iterator[tuple[FindingRow, tuple[Judged, ...]]]:
    """A finding for each product that provably fails, and what it rests on; UNKNOWN is a verdict in the table, never
    an alarm. A machine's packages that show on no port and are not known to be exploited are one: one update mends
    them all."""
    packages: dict[tuple[str, str, str], list[Judged]] = {}
    for each in items:
        if each.group.clash is not None:
            yield _at_odds(knowledge, each), (each,)
        if not each.fails:
            continue
        if each.found or each.row.kev or not each.group.installed[0].packages:
            yield _one(knowledge, each), (each,)
        else:
            distro = each.group.product.distro or ""
            packages.setdefault((each.row.host, distro, each.row.verdict), []).append(each)
    for (host, distro, verdict), found in packages.items():
        yield _together(knowledge, host, distro, verdict == "END_OF_LIFE", found), tuple(found)


def _one(knowledge: Knowledge, each: Judged) -> FindingRow:
    row = each.row
    kind: FindingKind = "outdated" if row.verdict == "NON_COMPLIANT" else "end-of-life"
    severity: Severity = each.judgement.severity or "medium"
    if row.kev:
        kind, severity = "known-exploited", "critical"
    elif row.verdict == "END_OF_LIFE":
        severity = _at_least(severity, "high")
    # What runs is what answers, whatever is installed since.
    version = row.banner if (each.group.clash == "older" or each.group.outdated) and row.banner else row.version
    title = f"{row.title} {version or ''} on {row.host}".replace("  ", " ")
    if kind == "end-of-life":
        title += f" is past support{f' since {row.eol}' if row.eol else ''}"
    elif kind == "known-exploited":
        title += f" has flaws that are exploited in the wild ({', '.join(row.kev)})"
    else:
        late = f"; the oldest missing fix is {row.age_days} days old" if row.age_days is not None else ""
        title += f" is below {row.required}{late}"
    update = f" ({row.kb})" if row.kb else ""
    return finding(
        kind,
        severity,
        title,
        names=(row.host, row.product, (row.banner if each.group.clash else row.version) or ""),
        knowledge=knowledge,
        host=row.host,
        transport=row.transport,
        port=row.port,
        product=row.product,
        remedy=f"Update {row.title} to {row.required} or later{update}."
        if row.required
        else f"Replace {row.title} {row.version or ''} with a release that is still supported.",
        replay=_replay(each),
        evidence=f"{row.evidence}; {row.reason}; {row.source or 'no source'}",
    )


def _together(knowledge: Knowledge, host: str, distro: str, ended: bool, found: Sequence[Judged]) -> FindingRow:
    severity = max((each.judgement.severity or "medium" for each in found), key=SEVERITIES.index)
    names = sorted({each.group.installed[0].item.name for each in found})
    shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    count = plural(len(names), "package")
    source = next((each.row.source for each in found if each.row.source), None) or "no source"
    family = distro.partition(":")[0]
    what = "is past support" if ended else "misses security fixes"
    wrong = what if len(names) == 1 else what.replace("is ", "are ").replace("misses", "miss")
    command = _UPDATE.get(family)
    return finding(
        "end-of-life" if ended else "outdated",
        _at_least(severity, "high") if ended else severity,
        f"{count} of {distro} on {host} {wrong}: {shown}",
        names=(host, distro, "packages"),
        knowledge=knowledge,
        host=host,
        remedy=f"Replace {distro} with a release that is still supported."
        if ended
        else f"Update the packages of {distro}{f': {command}' if command else ''}.",
        replay=f"{_ASK.get(family, '{}').format(' '.join(names[:_NAMED]))}  # on {host}",
        evidence=f"{'; '.join(each.row.evidence for each in found[:_NAMED])}; {found[0].row.reason}; {source}",
    )


def _at_odds(knowledge: Knowledge, each: Judged) -> FindingRow:
    row = each.row
    older = each.group.clash == "older"
    shows = f"{row.title} {row.banner or ''} shows on the network of {row.host}"
    why = "not restarted since the update?" if older else "is the inventory old?"
    return finding(
        "exposure",
        "medium" if older else "low",
        f"{shows}, {row.version} is installed: {why}",
        names=(row.host, row.product, each.group.clash),
        knowledge=knowledge,
        aspect="inventory",
        host=row.host,
        transport=row.transport,
        port=row.port,
        product=row.product,
        remedy=f"Restart {row.title}, or find out what else runs there."
        if older
        else f"Take the inventory anew, or find out which {row.title} it is that runs.",
        replay=_replay(each),
        evidence=row.evidence,
    )


def _replay(each: Judged) -> str:
    if each.found:
        return f"{_ask(each.found[0])}  # from {each.row.host.partition('/')[0]}"
    item = each.group.installed[0].item
    family = (each.group.product.distro or "").partition(":")[0]
    quoted = "'" + item.name.replace("'", "'\\''") + "'"
    ask = _ASK.get(family, "winget list --name {}" if family == "windows" else "look for {} among what is installed")
    return f"{ask.format(quoted)}  # on {each.row.host}"


def _ask(found: Identified) -> str:
    address, transport, port = found.key
    kind = found.kind.split(".", 1)[0]
    default = "nc -u -w 3 {a} {p}" if transport == "udp" else "nc -w 3 {a} {p}"
    host = f"[{address}]" if ":" in address else address
    secure = "s" if port in (443, 8443) else ""
    return _REPLAY.get(kind, default).format(a=address, p=port, h=host, s=secure)


def _at_least(severity: Severity, floor: Severity) -> Severity:
    return max(severity, floor, key=SEVERITIES.index)
