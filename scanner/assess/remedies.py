"""What to do, the change that closes most first: a firewall change a zone pair, an update a host, a setting of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from scanner.assess.evidence import TIMESTAMP
from scanner.assess.paths import AttackPath
from scanner.model.base import SEVERITIES
from scanner.model.report import FindingRow, RemedyRow


def remediation(findings: Sequence[FindingRow], paths: Iterable[AttackPath]) -> tuple[RemedyRow, ...]:
    """Open findings (no valid exception) grouped by the change that closes them."""
    waiting = [each for each in findings if each.exception is None or each.exception.expired]
    by_path = {(path.source, path.target.id): path for path in paths}
    groups: dict[tuple[str, str], list[FindingRow]] = defaultdict(list)
    for each in waiting:
        if each.kind == "attack-path":
            continue
        groups[_group(each)].append(each)
    rows: list[tuple[int, int, str, RemedyRow]] = []
    for (group, what), members in groups.items():
        closes = [each.id for each in members]
        zones = {(each.from_, each.to) for each in members}
        for each in waiting:
            path = by_path.get((each.from_ or "", each.host or "")) if each.kind == "attack-path" else None
            if path is None or each.id in closes:
                continue
            broken = {(from_, to) for from_, to, _ in path.forbidden}
            if group in ("deny", "bridge") and broken & (zones | {(b, a) for a, b in zones if group == "bridge"}):
                closes.append(each.id)
        change = _change(group, members)
        worst = max(SEVERITIES.index(each.severity) for each in members)
        rows.append((-worst, -len(closes), what, RemedyRow(what, tuple(closes), change)))
    return tuple(row for *_, row in sorted(rows, key=lambda each: each[:3]))


def _change(group: str, members: Sequence[FindingRow]) -> str:
    """The words once, then every rule. The first line is for whoever reads the first page."""
    lines = dict.fromkeys(line for each in members for line in each.remedy.splitlines())
    rules = [line for line in lines if line.startswith(("nft ", "# "))]
    words = [line for line in lines if line not in rules]
    if group == "deny":
        first = members[0]
        flows = sorted({_flow(each) for each in members})
        words = [
            f"On the firewall between {first.from_} and {first.to}, deny what policy does not name. "
            f"What gets through now: {', '.join(flows)}. What is meant to pass belongs into `allow`."
        ]
    if group == "harden":
        words.append(f"On {', '.join(sorted({each.host or '' for each in members}))}.")
    return "\n".join([*words, *rules])


def _flow(finding: FindingRow) -> str:
    if finding.transport == "icmp":
        return "ICMP timestamps" if finding.port == TIMESTAMP else "ping"
    if finding.port is None:
        return "packets to closed ports or dead addresses"
    return f"{finding.transport}/{finding.port}"


def _group(finding: FindingRow) -> tuple[str, str]:
    if finding.kind == "segmentation-gap":
        if finding.from_ == finding.to:
            return "move", f"Move {finding.host} out of {finding.to}"
        return "deny", f"Firewall: deny {finding.from_} → {finding.to} except what policy allows"
    if finding.kind == "dual-homed":
        return "bridge", f"Give {finding.host} one leg only"
    if finding.kind == "required-flow-blocked":
        return (
            "allow",
            f"Firewall: let {finding.from_ or 'the zones'} reach {finding.to} {finding.transport}/{finding.port}",
        )
    if finding.kind in ("outdated", "end-of-life", "known-exploited"):
        return "update", f"Update {finding.host}"
    if finding.kind == "exposure":
        # Its first line names the change without the host, so that one cause on many hosts is one line of work.
        return "harden", finding.remedy.partition("\n")[0].removesuffix(".")
    return "harden", f"Harden {finding.host}"
