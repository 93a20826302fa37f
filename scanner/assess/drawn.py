"""All that is drawn from the evidence itself. It is apart from what follows from that, so that the evidence, which of a
large site takes most of the room, can go before the rest is made."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from scanner.assess.attack.forwarded import forwarded, led_into
from scanner.assess.attack.whatif import Supposing, marked, stopped_by
from scanner.assess.exposures import exposed
from scanner.assess.facts.evidence import Evidence, FlowKey
from scanner.assess.findings.bridges import dual_homed, flat, port_forwards
from scanner.assess.findings.gaps import gaps
from scanner.assess.findings.gateways import bridged
from scanner.assess.findings.measured_gaps import measured_gaps
from scanner.assess.findings.required import blocked
from scanner.assess.findings.unknown import strangers
from scanner.assess.machines.inventory import Inventory, Machine
from scanner.assess.machines.names import ServiceNames
from scanner.assess.machines.placed import join
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.cells import Crossing, Crossings
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.retried import proved
from scanner.identify.second import Second
from scanner.model.baseline import Knowledge
from scanner.model.observation import Installed, Session
from scanner.model.report import FindingRow, FlowRow, HostRow, InventoryRow
from scanner.model.site import Rule, Site


class Drawn(msgspec.Struct, frozen=True):
    """What the evidence gives."""

    hosts: tuple[HostRow, ...]
    machines: Sequence[Machine]
    services: Mapping[FlowKey, str | None]
    """What each service of a machine is called."""
    at_home: Mapping[str, Collection[FlowKey]]
    """Zone -> services that its own vantage saw up."""
    crossings: Sequence[Crossing]
    flows: tuple[FlowRow, ...]
    reached: Sequence[FlowRow]
    """Those of them that an open port answered."""
    ways: Sequence[FlowRow]
    """Those that lead on: what a fence's own legs answer does not."""
    led: Sequence[FlowRow]
    """Where port forwards lead."""
    findings: tuple[FindingRow, ...]
    inventories: tuple[InventoryRow, ...]


def drawn(
    site: Site,
    sessions: list[Session],
    knowledge: Knowledge,
    today: datetime.date,
    vendor: Callable[[str], str | None],
    second: Second,
    what_if: Sequence[Rule],
    inventories: Sequence[Installed],
) -> Drawn:
    """`sessions`: oldest first. The list is empty afterwards: rows that nobody else holds go when they are indexed."""
    policy = Policy(site)
    evidence, inventory, judge = _judged_from(site, sessions, policy, second)
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
    flows = tuple(flow for each in crossings for flow in each.flows)
    reached = [flow for flow in flows if flow.verdict == "REACHED" and flow.state == "open"]
    fence = {each.address for each in flows if judge.own_leg(each.address) and not policy.critical_name(each.address)}
    led = [
        each
        for each in forwarded(inventory.forwards, reached, _allows(evidence, policy))
        if stopped_by(site, what_if, each) is None
    ]
    crossings = [led_into(each, led) for each in crossings]
    services = ServiceNames(inventory)
    hosts = tuple(inventory.row(each, policy, vendor) for each in inventory.machines)
    findings = (
        *(finding for each in crossings for finding in gaps(site, knowledge, each, inventory, services)),
        *(each for crossing in crossings for each in measured_gaps(site, knowledge, crossing)),
        *flat(site, knowledge, inventory),
        *dual_homed(site, knowledge, inventory),
        *bridged(site, knowledge, judge, inventory),
        *port_forwards(site, knowledge, policy, inventory),
        *blocked(site, knowledge, evidence, policy, judge),
        *strangers(site, knowledge, hosts, judge.controls.own_leg),
        *exposed(knowledge, today, evidence, policy, inventory, judge.controls, reached),
    )
    return Drawn(
        hosts=hosts,
        machines=inventory.machines,
        services=services,
        at_home=evidence.up,
        crossings=crossings,
        flows=flows,
        reached=reached,
        ways=[each for each in flows if each.verdict == "REACHED" and each.address not in fence],
        led=led,
        findings=findings,
        inventories=joined,
    )


def _judged_from(
    site: Site, sessions: list[Session], policy: Policy, second: Second
) -> tuple[Evidence, Inventory, Judge]:
    if not any(each.scan.purpose == "verify" for each in sessions):
        return _judged(site, sessions, policy, second)
    found = _judged(site, list(sessions), policy, second)
    standing = proved(sessions, found[0], found[2])
    return found if standing == sessions else _judged(site, standing, policy, second)


def _judged(site: Site, sessions: list[Session], policy: Policy, second: Second) -> tuple[Evidence, Inventory, Judge]:
    evidence = Evidence(site, sessions)
    sessions.clear()
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
