"""The whole assessment: views, verdicts, machines, paths, findings and what closes them, put together as a Report."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from scanner import __version__
from scanner.assess.attack.blast import blast
from scanner.assess.attack.cut import cut_row
from scanner.assess.attack.graph import attack_graph
from scanner.assess.attack.paths import attack_paths
from scanner.assess.attack.whatif import written
from scanner.assess.drawn import drawn
from scanner.assess.facts.evidence import FlowKey, utc
from scanner.assess.findings.accepted import accept
from scanner.assess.findings.gaps import path_findings
from scanner.assess.findings.ranking import Ranking
from scanner.assess.fixes.remedies import remediation, with_rules
from scanner.assess.machines.deadlines import applied, policy_row
from scanner.assess.machines.inventory import Identified
from scanner.assess.machines.known import known
from scanner.assess.machines.reach import Reach
from scanner.assess.machines.software import Judged, judged
from scanner.assess.machines.software_findings import patch_findings
from scanner.assess.policies.lint import lint
from scanner.assess.policies.requirements import attested, requirements, tool
from scanner.assess.verdicts.cells import Crossing
from scanner.identify.second import NOBODY, Second
from scanner.model.accepted import Exception_
from scanner.model.base import SEVERITIES
from scanner.model.baseline import Knowledge
from scanner.model.feeds import FeedFact
from scanner.model.observation import Installed, Session
from scanner.model.recorded import ScopeRow
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
    sessions: Iterable[Session],
    knowledge: Knowledge,
    today: datetime.date,
    exceptions: Iterable[Exception_] = (),
    vendor: Callable[[str], str | None] = lambda mac: None,
    second: Second = NOBODY,
    what_if: Sequence[Rule] = (),
    inventories: Sequence[Installed] = (),
) -> Report:
    """Judge everything that was observed. The same facts give the same report, byte for byte, in whatever order.

    Of `sessions` from an iterator nobody else holds the rows, and they go as soon as they are indexed.

    `second` is asked about what our own fingerprints do not know; `what_if` are denials that the fence is taken to
    have besides.
    """
    sessions = sorted(sessions, key=lambda each: (each.scan.started, each.scan.id))
    vantages = _vantages(sessions)
    digests = _digests(site, sessions, inventories, knowledge, second)
    seen = drawn(site, sessions, knowledge, today, vendor, second, what_if, inventories)
    hosts, crossings, flows = seen.hosts, seen.crossings, seen.flows

    policies, reach = applied(site, knowledge.deadlines), Reach(site, seen.reached)
    items = judged(seen.machines, knowledge, today, policies, reach)
    graph = attack_graph(site, seen.machines, (*seen.ways, *seen.led), seen.services, _exploitable(items), seen.at_home)
    paths = list(attack_paths(site, graph))
    patched = list(patch_findings(knowledge, items))
    ranking = Ranking(hosts, items, reach, known(knowledge).exploited, seen.services)
    about = {finding.id: rests_on for finding, rests_on in patched}
    found = [
        ranking.ranked(each, about.get(each.id, ()))
        for each in (*seen.findings, *path_findings(site, knowledge, paths), *(each for each, _ in patched))
    ]
    rows, accepted = accept(found, tuple(exceptions), today)
    findings = tuple(sorted(rows, key=_order))
    many = Counter(each.zone for each in hosts)
    report = Report(
        schema=_SCHEMA,
        client=site.client,
        site=site.site,
        generated=today.isoformat(),
        vantages=vantages,
        hosts=hosts,
        reachability=flows,
        cells=tuple(each.cell for each in crossings),
        patches=tuple(each.row for each in items),
        findings=findings,
        remediation=remediation(site, findings, paths),
        coverage=tuple(each.coverage for each in crossings),
        digests=digests,
        zones=tuple(ZoneRow(z.name, z.subnets, z.trust, z.vlan, many[z.name]) for z in site.zones),
        summary=_summary(hosts, findings, crossings, items),
        authorization=_authorization(site),
        policy_notes=lint(site),
        accepted=accepted,
        measured=tuple(row for each in crossings for row in each.measured),
        paths=tuple(each.row for each in paths),
        blast=blast(site, graph),
        cut=with_rules(
            site,
            cut_row(site, graph, paths, findings, (*seen.led, *(flow for each in crossings for flow in each.breaches))),
        ),
        what_if=tuple(map(written, what_if)),
        feeds=tuple(_feed(each, today) for each in knowledge.feeds),
        deadlines=tuple(map(policy_row, policies)),
        inventories=seen.inventories,
        attestations=attested(site.attestations, today),
        tool=tool(__version__, knowledge),
        scope=_scope(site),
    )
    return msgspec.structs.replace(report, controls=requirements(report, knowledge, site))


def _scope(site: Site) -> ScopeRow:
    subnets = tuple(subnet for zone in site.zones for subnet in zone.subnets)
    return ScopeRow(site.scope.include or subnets, site.scope.exclude, site.scope.fragile)


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
        risk=sum(each.risk for each in waiting),
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
