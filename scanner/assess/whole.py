"""The whole assessment: views, verdicts, machines, paths, findings and what closes them, put together as a Report."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from scanner.assess.attack.blast import blast
from scanner.assess.attack.cut import cut_row
from scanner.assess.attack.forwarded import forwarded, led_into
from scanner.assess.attack.graph import attack_graph
from scanner.assess.attack.paths import attack_paths
from scanner.assess.attack.whatif import Supposing, marked, stopped_by, written
from scanner.assess.exposures import exposed
from scanner.assess.facts.evidence import Evidence, FlowKey, utc
from scanner.assess.findings.accepted import accept
from scanner.assess.findings.bridges import dual_homed, flat, port_forwards
from scanner.assess.findings.gaps import gaps, path_findings
from scanner.assess.findings.gateways import bridged
from scanner.assess.findings.measured_gaps import measured_gaps
from scanner.assess.findings.ranking import Ranking
from scanner.assess.findings.required import blocked
from scanner.assess.findings.unknown import strangers
from scanner.assess.fixes.remedies import remediation, with_rules
from scanner.assess.machines.deadlines import applied, policy_row
from scanner.assess.machines.inventory import Identified, Inventory
from scanner.assess.machines.known import known
from scanner.assess.machines.placed import join
from scanner.assess.machines.reach import Reach
from scanner.assess.machines.software import Judged, judged
from scanner.assess.machines.software_findings import patch_findings
from scanner.assess.policies.lint import lint
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.cells import Crossing, Crossings
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.retried import proved
from scanner.identify.second import NOBODY, Second
from scanner.model.accepted import Exception_
from scanner.model.base import SEVERITIES
from scanner.model.baseline import Knowledge
from scanner.model.feeds import FeedFact
from scanner.model.observation import Installed, Session
from scanner.model.report import (
    Digests,
    FeedRow,
    FindingRow,
    HostRow,
    Report,
    Summary,
    VantageRow,
    ZoneRow,
)
from scanner.model.site import Rule, Site

_SCHEMA = 1
_AT_ONCE = 4096
"""Observations that are turned into text at a time."""
_KIND_ORDER = (
    "attack-path",
    "segmentation-gap",
    "dual-homed",
    "known-exploited",
    "end-of-life",
    "outdated",
    "exposure",
    "required-flow-blocked",
    "unknown-device",
)


def assess(
    site: Site,
    sessions: Sequence[Session],
    knowledge: Knowledge,
    today: datetime.date,
    exceptions: Iterable[Exception_] = (),
    vendor: Callable[[str], str | None] = lambda mac: None,
    second: Second = NOBODY,
    what_if: Sequence[Rule] = (),
    inventories: Sequence[Installed] = (),
) -> Report:
    """Judge everything that was observed. The same facts give the same report, byte for byte, in whatever order.

    `second` is asked about what our own fingerprints do not know; `what_if` are denials that the fence is taken to
    have besides.
    """
    sessions = sorted(sessions, key=lambda each: (each.scan.started, each.scan.id))
    policy = Policy(site)
    evidence, inventory, judge = _judged_from(site, sessions, policy, second)
    if any(each.scan.purpose == "verify" for each in sessions):
        standing = proved(sessions, evidence, judge)
        if standing != sessions:
            evidence, inventory, judge = _judged_from(site, standing, policy, second)
    joined = join(inventory, inventories, knowledge)
    if what_if:
        judge = Supposing(judge, what_if)

    pairs = Crossings(evidence, policy, judge)
    crossings = [
        pairs.of(left.name, right.name)
        for left in site.zones
        for right in site.zones
        if left is not right or left.isolated
    ]
    if what_if:
        crossings = marked(crossings)
    hosts = tuple(inventory.row(each, policy, vendor) for each in inventory.machines)
    flows = tuple(flow for each in crossings for flow in each.flows)
    reached = [flow for flow in flows if flow.verdict == "REACHED" and flow.state == "open"]
    policies, reach = applied(site, knowledge.deadlines), Reach(site, reached)
    items = judged(inventory, knowledge, today, policies, reach)

    services = _service_names(inventory, hosts)
    exploitable = _exploitable(items)
    fence = {each.address for each in flows if judge.own_leg(each.address) and not policy.critical_name(each.address)}
    ways = [each for each in flows if each.verdict == "REACHED" and each.address not in fence]
    led = [
        each
        for each in forwarded(inventory.forwards, reached, _allows(evidence, policy))
        if stopped_by(site, what_if, each) is None
    ]
    crossings = [led_into(each, led) for each in crossings]
    graph = attack_graph(site, inventory.machines, (*ways, *led), services, exploitable, evidence.up)
    paths = list(attack_paths(site, graph))
    patched = list(patch_findings(knowledge, items))
    found = [
        *(finding for each in crossings for finding in gaps(site, knowledge, each, inventory, services)),
        *(each for crossing in crossings for each in measured_gaps(site, knowledge, crossing)),
        *flat(site, knowledge, inventory),
        *dual_homed(site, knowledge, inventory),
        *bridged(site, knowledge, judge, inventory),
        *port_forwards(site, knowledge, policy, inventory),
        *blocked(site, knowledge, evidence, policy, judge),
        *path_findings(site, knowledge, paths),
        *(each for each, _ in patched),
        *strangers(site, knowledge, hosts, judge.controls.own_leg),
        *exposed(knowledge, today, evidence, policy, inventory, judge.controls, reached),
    ]
    ranking = Ranking(hosts, items, reach, known(knowledge).exploited, services)
    about = {finding.id: rests_on for finding, rests_on in patched}
    found = [ranking.ranked(each, about.get(each.id, ())) for each in found]
    rows, accepted = accept(found, tuple(exceptions), today)
    findings = tuple(sorted(rows, key=_order))
    return Report(
        schema=_SCHEMA,
        client=site.client,
        site=site.site,
        generated=today.isoformat(),
        vantages=_vantages(sessions),
        hosts=hosts,
        reachability=flows,
        cells=tuple(each.cell for each in crossings),
        patches=tuple(each.row for each in items),
        findings=findings,
        remediation=remediation(site, findings, paths),
        coverage=tuple(each.coverage for each in crossings),
        digests=_digests(site, sessions, inventories, knowledge, second),
        zones=tuple(
            ZoneRow(z.name, z.subnets, z.trust, z.vlan, sum(h.zone == z.name for h in hosts)) for z in site.zones
        ),
        summary=_summary(hosts, findings, crossings, items),
        authorization=_authorization(site),
        policy_notes=lint(site),
        accepted=accepted,
        measured=tuple(row for each in crossings for row in each.measured),
        paths=tuple(each.row for each in paths),
        blast=blast(site, graph),
        cut=with_rules(
            site, cut_row(site, graph, paths, findings, (*led, *(flow for each in crossings for flow in each.breaches)))
        ),
        what_if=tuple(map(written, what_if)),
        feeds=tuple(_feed(each, today) for each in knowledge.feeds),
        deadlines=tuple(map(policy_row, policies)),
        inventories=joined,
    )


def _judged_from(
    site: Site, sessions: Sequence[Session], policy: Policy, second: Second
) -> tuple[Evidence, Inventory, Judge]:
    evidence = Evidence(site, sessions)
    inventory = Inventory(evidence, second)
    judge = Judge(evidence, policy, inventory.two_legged)
    inventory.add_reached(judge)
    return evidence, inventory, judge


def _allows(evidence: Evidence, policy: Policy) -> Callable[[str, FlowKey], bool]:
    """Whether policy lets the laptop reach a service from where it stood in a zone."""

    def allows(zone: str, key: FlowKey) -> bool:
        view = evidence.views.get(zone)
        return policy.allows(zone, view.address if view else "", *key)

    return allows


def _authorization(site: Site) -> str:
    given = site.authorization
    if given is None:
        return ""
    reference = f" ({given.reference})" if given.reference else ""
    return f"{given.by}{reference}, {given.from_} to {given.until}"


def _feed(feed: FeedFact, today: datetime.date) -> FeedRow:
    return FeedRow(
        name=feed.name,
        title=feed.title,
        dated=feed.dated.isoformat(),
        age_days=feed.age(today),
        limit_days=feed.limit_days,
        state="stale" if feed.stale(today) else "fresh",
        sha256=feed.sha256,
        entries=feed.entries,
    )


def _order(finding: FindingRow) -> tuple[int, int, int, str, str]:
    """The worst first, of those the most urgent; ties by kind, then by what they are about."""
    severity = SEVERITIES.index(finding.severity)
    return -severity, -finding.risk, _KIND_ORDER.index(finding.kind), finding.title, finding.id


def _service_names(inventory: Inventory, hosts: Sequence[HostRow]) -> dict[FlowKey, str | None]:
    by_id = {each.id: each for each in hosts}
    names: dict[FlowKey, str | None] = {}
    for machine in inventory.machines:
        rows = {(each.transport, each.port): each.service for each in by_id[machine.id].services}
        names.update({key: rows.get((key[1], key[2])) for key in machine.services})
    return names


def _exploitable(items: Iterable[Judged]) -> dict[FlowKey, str]:
    return {
        found.key: f"{each.row.title or each.row.product} {_running(found) or each.row.version or ''}".strip()
        for each in items
        if each.row.verdict in ("NON_COMPLIANT", "END_OF_LIFE") and (each.row.kev or each.row.remote_code)
        for found in each.found
    }


def _running(found: Identified) -> str | None:
    """What shows on the port, which an inventory may speak of otherwise."""
    return found.product.revision or found.product.version


def _vantages(sessions: Sequence[Session]) -> tuple[VantageRow, ...]:
    return tuple(
        VantageRow(
            zone=each.scan.vantage.zone,
            interface=each.scan.vantage.interface,
            address=each.scan.vantage.address,
            started=utc(each.scan.started),
            ended=None if each.scan.ended is None else utc(each.scan.ended),
            complete=each.scan.complete,
            engine=each.scan.engine,
            purpose=each.scan.purpose,
        )
        for each in sessions
    )


def _summary(
    hosts: Sequence[HostRow], findings: Sequence[FindingRow], crossings: Sequence[Crossing], items: Sequence[Judged]
) -> Summary:
    waiting = [each for each in findings if each.exception is None or each.exception.expired]
    return Summary(
        hosts=len(hosts),
        services=sum(len(each.services) for each in hosts),
        findings=dict(Counter(each.severity for each in waiting)),
        cells=dict(Counter(each.cell.verdict for each in crossings)),
        patches=dict(Counter(each.row.verdict for each in items)),
        excepted=len(findings) - len(waiting),
    )


def _digests(
    site: Site, sessions: Sequence[Session], inventories: Sequence[Installed], knowledge: Knowledge, second: Second
) -> Digests:
    return Digests(
        site=_digest(site),
        baselines=_digest((knowledge.baselines, knowledge.distros)),
        feeds=_digest(
            (
                knowledge.kev,
                knowledge.controls,
                knowledge.deadlines,
                knowledge.dated,
                # A feed's facts are as many as there are advisories; its digest says the same.
                [(each.name, each.sha256) for each in knowledge.feeds],
                *filter(None, [second.digest]),
            )
        ),
        observations=_digest_of(sessions, inventories),
    )


def _digest_of(sessions: Sequence[Session], inventories: Sequence[Installed]) -> str:
    """The same as `_digest` of all of them, of which not all have to be text at once."""
    digest = hashlib.sha256(b"[")
    for number, session in enumerate(sessions):
        empty = msgspec.json.encode(msgspec.structs.replace(session, observations=()), order="deterministic")
        before, _, after = empty.partition(b'"observations":[')
        digest.update(b"," * bool(number) + before + b'"observations":[')
        for first in range(0, len(session.observations), _AT_ONCE):
            part = msgspec.json.encode(session.observations[first : first + _AT_ONCE], order="deterministic")
            digest.update(b"," * bool(first) + part[1:-1])
        digest.update(after)
    digest.update(b"]")
    for each in sorted(msgspec.json.encode(one, order="deterministic") for one in inventories):
        digest.update(each)
    return digest.hexdigest()


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()
