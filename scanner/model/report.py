"""The report: what `assess` computes and every exporter, the TUI included, shows. The JSON export is this, verbatim.

Every key is always written, in this order. Text that came from the network has been made visible (`model.text`).
"""

from __future__ import annotations

import datetime
from typing import Literal

from scanner.model.base import Severity, Transport
from scanner.model.observation import Purpose
from scanner.model.patched import Confidence as Confidence
from scanner.model.patched import DeadlinePolicyRow as DeadlinePolicyRow
from scanner.model.patched import DeadlineRow as DeadlineRow
from scanner.model.patched import FeedRow as FeedRow
from scanner.model.patched import PatchRow as PatchRow
from scanner.model.patched import PatchVerdict as PatchVerdict
from scanner.model.patched import Row as Row
from scanner.model.patched import UnknownReason as UnknownReason
from scanner.model.recorded import AttestationRow, ChangesRow, ControlRow, LookRow, ScopeRow, ToolRow, TrendRow, ViewRow

FlowVerdict = Literal["REACHED", "ONE_WAY", "TARGET_DOWN_PATH_OPEN", "REJECTED", "DROPPED", "UNPROVEN", "UNTESTED"]
CROSSED: frozenset[FlowVerdict] = frozenset({"REACHED", "ONE_WAY", "TARGET_DOWN_PATH_OPEN"})
"""The verdicts that prove that a packet crossed."""
HELD: frozenset[FlowVerdict] = frozenset({"DROPPED", "REJECTED"})
"""The verdicts that prove that the fence held."""

CellVerdict = Literal["BREACHED", "AS_POLICY", "UNPROVEN", "UNTESTED"]
FindingKind = Literal[
    "segmentation-gap",
    "attack-path",
    "dual-homed",
    "required-flow-blocked",
    "outdated",
    "end-of-life",
    "known-exploited",
    "exposure",
    "unknown-device",
]


class VantageRow(Row, frozen=True):
    zone: str
    interface: str
    address: str
    started: str
    """ISO 8601, UTC, whole seconds; so is every time in a report."""
    ended: str | None
    complete: bool
    engine: str
    purpose: Purpose = "scan"


class ServiceRow(Row, frozen=True):
    transport: Transport
    port: int
    state: str
    service: str | None
    """The protocol as the trade calls it: `ssh`, `https`."""
    product: str | None
    version: str | None
    cpe: str | None
    evidence: str
    revision: str | None = None
    distro: str | None = None
    tls: bool = False
    title: str | None = None
    """The product as the trade writes it: `Apache HTTP Server` of `http_server`."""


class SoftwareRow(Row, frozen=True):
    product: str
    version: str
    source: str


class InventoryRow(Row, frozen=True):
    """What became of one inventory of one machine."""

    source: str
    """The file and its format: `servers.csv (table of software (CSV))`."""
    format: str
    taken: str
    """The day on which the machine was asked."""
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    items: int
    hosts: tuple[str, ...]
    """The hosts that it is of: ids."""
    state: Literal["joined", "superseded", "unplaced"]
    """`superseded`: a newer one of the same format counts. `unplaced`: it is of no host that is known."""
    reason: str
    """By what it was joined, or why it was not."""


class HostRow(Row, frozen=True):
    id: str
    """`zone/address`: the same address behind another zone is another host."""
    zone: str
    addresses: tuple[str, ...]
    mac: str | None
    vendor: str | None
    names: tuple[str, ...]
    os: str | None
    services: tuple[ServiceRow, ...]
    software: tuple[SoftwareRow, ...]
    critical: str | None = None
    """The name of the critical system that it is, if it is one."""
    os_confidence: Confidence | None = None
    device: str = "unknown"
    """What kind of machine it is: an `identify.devices.Kind`."""
    device_confidence: Confidence | None = None
    device_evidence: tuple[str, ...] = ()
    """What decided on the device and the system, the weightiest first."""
    device_doubts: tuple[str, ...] = ()
    """What speaks for something else."""


class FlowRow(Row, frozen=True):
    from_: str
    to: str
    address: str
    transport: Transport
    port: int
    verdict: FlowVerdict
    reason: str
    allowed: bool
    evidence: str
    state: str = ""
    """What came back, before it was judged: an `observation.State`."""
    via: str = ""
    """How it was asked, if not plainly: an `observation.Via`."""


class MeasuredRow(Row, frozen=True):
    """What a canary measured of one address: all ports with equal verdicts in one row, silent ones too."""

    from_: str
    to: str
    address: str
    transport: Transport
    ports: str
    """A ranges text."""
    verdict: FlowVerdict
    reason: str
    allowed: bool
    via: str = ""


class CellRow(Row, frozen=True):
    from_: str
    to: str
    verdict: CellVerdict
    tested: int
    """Flows probed, silent ones included."""
    reached: int
    forbidden_reached: int
    reason: str
    supposed: bool = False
    """In a what-if: a supposed denial stops something here, so that this verdict is not one that was measured."""


class ExceptionRow(Row, frozen=True):
    owner: str
    reason: str
    approved_by: str
    until: str
    expired: bool


AcceptedState = Literal["held", "expired", "ownerless", "unmatched"]
"""`held`: accepted now. `ownerless`: nobody answers for it, so that it does not hold."""


class AcceptedRow(Row, frozen=True):
    """An entry of `exceptions.yaml`: the register of what was accepted."""

    about: str
    """A finding's id, or the selector in words: `kind exposure, from guest`."""
    owner: str
    reason: str
    approved_by: str
    until: str
    state: AcceptedState
    findings: tuple[str, ...]
    """Ids of the findings that it fits."""


class FindingRow(Row, frozen=True):
    id: str
    kind: FindingKind
    severity: Severity
    title: str
    host: str | None
    from_: str | None
    to: str | None
    transport: Transport | None
    port: int | None
    path: tuple[str, ...]
    """An attack path, a hop an element: `guest → servers/10.20.20.7 tcp/22: logs in over SSH with a password or key
    (port observed)`."""
    remedy: str
    replay: str
    evidence: str
    controls: tuple[str, ...]
    """`PCI DSS 4.0.1 1.3.1`."""
    exception: ExceptionRow | None
    product: str | None = None
    """Of a finding about software, the product as its baseline names it."""
    risk: int = 0
    """0 to 100: how urgent it is among findings as severe."""
    risk_why: tuple[str, ...] = ()
    """What makes up the risk, a sentence a part."""


def is_open(finding: FindingRow) -> bool:
    """Not accepted, or accepted by an exception that has run out: then it counts again."""
    return finding.exception is None or finding.exception.expired


class RemedyRow(Row, frozen=True):
    title: str
    closes: tuple[str, ...]
    change: str
    rules: dict[str, str] = {}
    """The same change as a firewall writes it, for a firewall change: `nftables`, `pfsense`, `fortigate`, `cisco`."""


class HopRow(Row, frozen=True):
    """One step of an attack path."""

    from_: str
    """The zone it starts in."""
    to: str
    """The host that it takes over, or reaches last: a `HostRow.id`."""
    transport: Transport | None
    """None, with `port`, where a machine with a leg in each zone is the step."""
    port: int | None
    how: str
    """`credential`, `exploit: PRODUCT VERSION`, `bridge`, `forwards`, or `data` for the last one."""
    observed: bool
    """False: inferred."""
    allowed: bool
    evidence: str
    via: str = ""
    """What it goes through, or how it was asked, if not plainly: `by-ADDRESS` (a neighbour as gateway), `port forward
    of ADDRESS`, `dual-homed host ID`, or how a probe was dressed: an `observation.Via`."""
    service: str | None = None
    """The protocol, where something said so: `ssh`."""


class PathRow(Row, frozen=True):
    """The shortest way of an attacker from a zone to a critical system that breaks policy somewhere."""

    from_: str
    critical: str
    host: str
    hops: tuple[HopRow, ...]


class BlastRow(Row, frozen=True):
    """What falls to whoever has a foothold there."""

    start: str
    """A zone's name, or a host's id."""
    zones: tuple[str, ...]
    """Where a host can be taken over."""
    hosts: int
    """Hosts that can be taken over."""
    reached: int
    """Hosts of which any service is reached."""
    critical: tuple[str, ...]
    """Critical systems of which a service is reached, by whatever way."""
    forbidden: tuple[str, ...]
    """Those of them that are reached only by breaking policy."""


class DenialRow(Row, frozen=True):
    """One rule to add: deny what policy does not allow from one zone to another."""

    from_: str
    to: str
    services: tuple[str, ...]
    """What gets through now and should not: `tcp/22`."""
    closes: tuple[str, ...]
    """Finding ids."""
    rules: dict[str, str] = {}


class CutRow(Row, frozen=True):
    """The fewest denials after which no attack path that breaks policy is left."""

    denials: tuple[DenialRow, ...]
    least: bool
    """Proven to be the fewest; False: the search was given up and there may be fewer."""
    left: tuple[str, ...]
    """What no denial can cut: a machine that stands in both zones."""


class CoverageRow(Row, frozen=True):
    from_: str
    to: str
    state: Literal["tested", "partial", "untested"]
    reason: str


PolicyNoteKind = Literal[
    "duplicate", "shadowed", "contradiction", "useless", "outside", "void", "credential", "unchecked"
]


class PolicyNoteRow(Row, frozen=True):
    """What a rule of the site file does not do, or does and should not: about the policy, not about the network."""

    rule: str
    """Where it stands: `allow[2]`."""
    kind: PolicyNoteKind
    text: str
    """A sentence that names the rule, and the others that it meets."""


class Digests(Row, frozen=True):
    site: str
    baselines: str
    feeds: str
    observations: str


class ZoneRow(Row, frozen=True):
    name: str
    subnets: tuple[str, ...]
    trust: str
    vlan: int | None
    hosts: int


class Summary(Row, frozen=True):
    """The figures of the first page, counted once so that every sink shows the same."""

    hosts: int
    services: int
    findings: dict[str, int]
    """By severity, open ones (no valid exception)."""
    cells: dict[str, int]
    """By verdict."""
    patches: dict[str, int]
    """By verdict."""
    excepted: int
    risk: int = 0
    """The risks of all open findings, added up."""


class Report(Row, frozen=True):
    """What `-o json=` writes: `schema` is raised when a key changes its meaning, never for a new key."""

    schema: int
    client: str
    site: str
    generated: str
    """The day the assessment was made for: `--today`."""
    vantages: tuple[VantageRow, ...]
    hosts: tuple[HostRow, ...]
    reachability: tuple[FlowRow, ...]
    cells: tuple[CellRow, ...]
    patches: tuple[PatchRow, ...]
    findings: tuple[FindingRow, ...]
    remediation: tuple[RemedyRow, ...]
    coverage: tuple[CoverageRow, ...]
    digests: Digests
    zones: tuple[ZoneRow, ...] = ()
    summary: Summary | None = None
    authorization: str = ""
    """Who allowed the scan, by which reference, from when until when."""
    measured: tuple[MeasuredRow, ...] = ()
    paths: tuple[PathRow, ...] = ()
    blast: tuple[BlastRow, ...] = ()
    cut: CutRow | None = None
    what_if: tuple[str, ...] = ()
    """Not what is, but what would be if the fence had these denials as well: `guest -> servers tcp/445`."""
    policy_notes: tuple[PolicyNoteRow, ...] = ()
    accepted: tuple[AcceptedRow, ...] = ()
    feeds: tuple[FeedRow, ...] = ()
    deadlines: tuple[DeadlinePolicyRow, ...] = ()
    inventories: tuple[InventoryRow, ...] = ()
    attestations: tuple[AttestationRow, ...] = ()
    controls: tuple[ControlRow, ...] = ()
    trend: tuple[TrendRow, ...] = ()
    """Earlier assessments, the oldest first, one a day."""
    changes: ChangesRow | None = None
    """Against the scans before the newest; None where there is nothing to compare."""
    look: LookRow | None = None
    tool: ToolRow | None = None
    scope: ScopeRow | None = None
    view: ViewRow | None = None


def iso_date(day: datetime.date | None) -> str | None:
    return None if day is None else day.isoformat()
