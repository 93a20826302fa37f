"""The words for what proves or breaks a fence: dressed flows, steps of a path, a cut, and what a canary measured.

The HTML report, the terminal UI, the CSV and the summary on stdout all say it with these.
"""

from __future__ import annotations

from collections.abc import Iterable

from scanner.exporters.words import Mark
from scanner.model import hops
from scanner.model.report import CutRow, FindingRow, HopRow, MeasuredRow, PathRow, RemedyRow
from scanner.model.text import plural

FIREWALLS: dict[str, str] = {
    "nftables": "nftables",
    "pfsense": "pfSense, OPNsense",
    "fortigate": "FortiGate",
    "cisco": "Cisco IOS",
}
"""How a reader knows the firewalls whose rules a report holds, in the order in which they are shown."""

NOTES: dict[str, str] = {
    "duplicate": "Says it twice",
    "shadowed": "Covered by another rule",
    "contradiction": "Contradicts another rule",
    "useless": "Does nothing",
    "outside": "Names what no zone holds",
    "void": "Makes the policy void",
    "credential": "Lets logins into critical systems",
    "unchecked": "Not checked",
}

MEASURED: dict[str, Mark] = {
    "REACHED": Mark("→", "Arrived and answered", "plain", "It arrived, and the answer came back."),
    "ONE_WAY": Mark(
        "→", "Arrived, no answer back", "plain",
        "It arrived; its answer was lost on the way back. One way is open, and one packet can do harm.",
    ),
    "TARGET_DOWN_PATH_OPEN": Mark(
        "→", "Let through", "plain", "The last router tried to deliver it: the firewall let it through.",
    ),
    "REJECTED": Mark(
        "|", "Answered by a middlebox", "plain", "A firewall or router answered in the canary's place, and is named."
    ),
    "NOTHING_ARRIVED": Mark(
        "|", "Nothing arrived", "plain",
        "The canary listened, and none of the signed probes reached it. Only a canary can say so. What a firewall lets "
        "through only as an application's own protocol it does not see.",
    ),
    "DROPPED": Mark(
        "|", "No answer comes back", "plain",
        "The probes were not answered. Whether they arrive was not to be seen: this says less than “nothing arrived”.",
    ),
    "UNPROVEN": Mark("?", "Unproven", "warn", "Silence without controls. It proves nothing."),
    "UNTESTED": Mark("–", "Not asked", "none", "Nobody probed it."),
}  # fmt: skip


def measured(row: MeasuredRow) -> Mark:
    """What to call it. “Nothing arrived” only where the report says just that; any other silence is called less."""
    if row.verdict == "DROPPED" and row.reason.startswith("nothing arrived"):
        return MEASURED["NOTHING_ARRIVED"]
    return MEASURED[row.verdict]


def hop_proof(hop: HopRow) -> str:
    """`observed, against policy`."""
    return f"{hops.hop_proof(hop)}, {'allowed by policy' if hop.allowed else 'against policy'}"


def path_of(finding: FindingRow, paths: Iterable[PathRow]) -> PathRow | None:
    """The path that an attack-path finding tells; None where the report holds none that it can only mean."""
    if finding.kind != "attack-path":
        return None
    for path in paths:
        same = (path.from_, path.host, len(path.hops)) == (finding.from_, finding.host, len(finding.path))
        if same and all(map(_tells, finding.path, path.hops)):
            return path
    return None


def _tells(text: str, hop: HopRow) -> bool:
    what = f" {hop.transport}/{hop.port}" if hop.transport else ""
    return f" {hop.to}{what}" in text


def change_words(row: RemedyRow) -> tuple[str, ...]:
    """The lines of a change without those that are also one of its forms of rules."""
    written = {line for text in row.rules.values() for line in text.split("\n")}
    return tuple(line for line in row.change.split("\n") if line not in written)


def past_fences(findings: Iterable[FindingRow]) -> bool:
    """Whether a machine with a leg in two zones was found: what starts on it needs no firewall to let it through."""
    return any(each.kind == "dual-homed" for each in findings)


def cut_words(cut: CutRow, bridged: bool = False) -> str:
    """What the cut does, claiming no more than it does. `bridged`: what `past_fences` says."""
    if not cut.denials:
        return "No rule of a firewall cuts the forbidden paths to critical systems: they lead past every firewall."
    one = len(cut.denials) == 1
    what = f"{'This' if one else 'These'} {plural(len(cut.denials), 'denial')} {'cuts' if one else 'cut'}"
    which = "that a firewall can cut" if cut.left else "to a critical system"
    fewest = "It is proven that no fewer do." if cut.least else "There may be fewer: the search was given up."
    limits = (
        " This speaks of paths that start in a zone; a machine that stands in two zones is a way past every firewall, "
        "and no rule cuts that."
        if bridged or cut.left
        else " This speaks of paths that start in a zone."
    )
    return f"{what} every forbidden path found {which}, and no flow that policy allows. {fewest}{limits}"


def ports(text: str, most: int = 12) -> str:
    """A ranges text for reading: `1-21, 23`; of many ranges the first, and how many more."""
    parts = text.split(",")
    shown = ", ".join(parts[:most])
    return shown if len(parts) <= most else f"{shown} and {plural(len(parts) - most, 'more range')}"


def port_count(text: str) -> int:
    """How many ports a ranges text means."""
    ends = (part.partition("-") for part in text.split(",") if part)
    return sum(int(high or low) - int(low) + 1 for low, _, high in ends)
