"""What to do, the change that closes most first: a firewall change a zone pair, an update a host, a setting of many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from scanner.assess.attack.paths import AttackPath
from scanner.assess.facts.evidence import TIMESTAMP
from scanner.assess.fixes.firewalls import fence, rules
from scanner.model.base import SEVERITIES
from scanner.model.report import CutRow, FindingRow, RemedyRow
from scanner.model.site import Site


def remediation(site: Site, findings: Sequence[FindingRow], paths: Iterable[AttackPath]) -> tuple[RemedyRow, ...]:
    """Open findings (no valid exception) grouped by the change that closes them."""
    waiting = [each for each in findings if each.exception is None or each.exception.expired]
    by_path = {(path.source, path.host): path for path in paths}
    groups: dict[tuple[str, str], list[FindingRow]] = defaultdict(list)
    broken: list[tuple[FindingRow, set[tuple[str, str]]]] = []
    """Findings of attack paths, each with the pairs of zones between which its path breaks policy."""
    for each in waiting:
        if each.kind != "attack-path":
            groups[_group(each)].append(each)
        elif path := by_path.get((each.from_ or "", each.host or "")):
            broken.append((each, {(from_, to) for from_, to, _ in path.forbidden}))
    rows: list[tuple[int, int, str, RemedyRow]] = []
    for (group, what), members in groups.items():
        closes = [each.id for each in members]
        zones = {(each.from_, each.to) for each in members}
        if group == "bridge":
            zones |= {(to, from_) for from_, to in zones}
        for each, pairs in broken if group in ("deny", "bridge") else ():
            if pairs & zones and each.id not in closes:
                closes.append(each.id)
        written = rules(fence(site, members[0].from_ or "", members[0].to or "")) if group == "deny" else {}
        change = _change(group, members, written)
        worst = max(SEVERITIES.index(each.severity) for each in members)
        rows.append((-worst, -len(closes), what, RemedyRow(what, tuple(closes), change, written)))
    return tuple(row for *_, row in sorted(rows, key=lambda each: each[:3]))


def with_rules(site: Site, cut: CutRow | None) -> CutRow | None:
    """The same cut, each denial as the firewalls write it."""
    if cut is None:
        return None
    denials = (msgspec.structs.replace(each, rules=rules(fence(site, each.from_, each.to))) for each in cut.denials)
    return msgspec.structs.replace(cut, denials=tuple(denials))


def _change(group: str, members: Sequence[FindingRow], written: Mapping[str, str]) -> str:
    """The words once, then the rules. The first line is for whoever reads the first page."""
    words = list(dict.fromkeys(line for each in members for line in each.remedy.splitlines()))
    if group == "deny":
        first = members[0]
        flows = sorted({_flow(each) for each in members})
        words = [
            f"On the firewall between {first.from_} and {first.to}, deny what policy does not name. "
            f"What gets through now: {', '.join(flows)}. "
            "What is meant to pass: add it to the list of allowed flows in the site file.",
            *written.get("nftables", "").splitlines(),
        ]
    if group == "harden":
        words.append(f"On {', '.join(sorted({each.host or '' for each in members}))}.")
    return "\n".join(words)


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
