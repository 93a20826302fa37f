"""What if the fence had some denials more: rules from the command line, and what they would change.

A denial stands on the firewall. It stops what crosses from zone to zone, not what goes past the firewall (over a
machine with a leg in each zone), and not what the firewall answers itself. What was seen stands for all hosts of the
zone that it was seen from; so a rule that denies it to a part of them only leaves it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from scanner.assess.attack.graph import BY_NEIGHBOUR
from scanner.assess.facts.evidence import FlowKey
from scanner.assess.facts.view import View
from scanner.assess.verdicts.cells import Crossing
from scanner.assess.verdicts.flows import Judge
from scanner.errors import BadInput
from scanner.model.addresses import contains, network
from scanner.model.observation import Via
from scanner.model.report import CROSSED, FindingRow, FlowRow, PathRow, Report
from scanner.model.site import ANY, EVERY_ZONE, Rule, Site, service_range

_RULE = re.compile(r"\s*(\S+)\s*(?:->|→)\s*([^\s,]+)((?:[\s,]+[^\s,]+)*)\s*")
_WHAT_IF = "what if"


def denials(site: Site, texts: Sequence[str]) -> tuple[Rule, ...]:
    """`guest -> servers tcp/445` as the rules that it stands for; without services it denies any. BadInput says what
    is wrong with a text."""
    found: list[Rule] = []
    for text in texts:
        read = _RULE.fullmatch(text)
        if read is None:
            raise BadInput(f'--deny {text!r}: write "FROM -> TO SERVICE...", such as "guest -> servers tcp/445"')
        zone = site.zone(read[1])
        if zone is not None and read[1] == read[2] and not zone.isolated:
            raise BadInput(
                f"--deny {text!r}: no fence stands inside of {zone.name}, so that nothing there can be denied; "
                f"deny what crosses from zone to zone"
            )
        services = tuple(filter(None, re.split(r"[\s,]+", read[3]))) or (ANY,)
        try:
            rule = Rule(read[1], read[2], services)
            whole = msgspec.structs.replace(site, deny=(*site.deny, rule))
        except ValueError as error:
            raise BadInput(f"--deny {text!r}: {str(error).partition(': ')[2]}") from None
        found.extend(whole.deny[len(site.deny) :])
    return tuple(dict.fromkeys(found))


def written(rule: Rule) -> str:
    return f"{rule.from_} -> {rule.to} {' '.join(rule.services)}"


def stopped_by(site: Site, rules: Sequence[Rule], flow: FlowRow) -> Rule | None:
    """The first of the rules that stops a flow for the whole zone that it was seen from."""
    if flow.via.startswith(BY_NEIGHBOUR):
        return None
    return next((rule for rule in rules if _stops(site, rule, flow)), None)


def _stops(site: Site, rule: Rule, flow: FlowRow) -> bool:
    to = rule.to in (flow.to, EVERY_ZONE) or (site.zone(rule.to) is None and contains((rule.to,), flow.address))
    return (
        to
        and any(service_range(each).covers(flow.transport, flow.port) for each in rule.services)
        and _means_all_of(site, rule.from_, flow)
    )


def _means_all_of(site: Site, end: str, flow: FlowRow) -> bool:
    """Whether a rule's `from` means every host of a flow's zone that can send it."""
    zone = site.zone(flow.from_)
    if end in (flow.from_, EVERY_ZONE):
        return True
    if zone is None or site.zone(end) is not None:
        return False
    subnets = [each for each in map(network, zone.subnets) if (each.version == 6) == (":" in flow.address)]
    edges = [str(edge) for each in subnets for edge in (each.network_address, each.broadcast_address)]
    return bool(edges) and all(contains((end,), edge) for edge in edges)


class Supposing(Judge):
    """Judges as if the fence had these denials as well; `judge` is the one who knows it as it is."""

    def __init__(self, judge: Judge, rules: Sequence[Rule]) -> None:
        super().__init__(judge.evidence, judge.policy, judge.two_legged)
        self._rules = tuple(rules)

    def row(self, view: View, key: FlowKey, via: Via = "") -> FlowRow:
        found = super().row(view, key, via)
        if found.verdict not in CROSSED or self.own_leg(found.address):
            return found
        rule = stopped_by(self.evidence.site, self._rules, found)
        if rule is None:
            return found
        reason = f"{_WHAT_IF}: denied by {written(rule)}; as it is, {found.verdict}: {found.reason}"
        return msgspec.structs.replace(found, verdict="DROPPED", reason=reason)


def marked(crossings: Sequence[Crossing]) -> list[Crossing]:
    """The same, and every cell in which a supposed denial stops something says so."""
    return [
        msgspec.structs.replace(
            each, cell=msgspec.structs.replace(each.cell, reason=f"{_WHAT_IF}: {each.cell.reason}", supposed=True)
        )
        if any(flow.reason.startswith(f"{_WHAT_IF}: ") for flow in each.flows)
        else each
        for each in crossings
    ]


class Outcome(msgspec.Struct, frozen=True):
    """What some denials would change."""

    vanish: tuple[FindingRow, ...]
    stay: tuple[FindingRow, ...]
    appear: tuple[FindingRow, ...]
    """Findings that there are not now: required flows that would be blocked, and longer ways than those now open."""
    broken: tuple[FlowRow, ...]
    """Flows that policy allows, that work, and that would not."""
    paths_vanish: tuple[PathRow, ...]
    paths_stay: tuple[PathRow, ...]
    """Those left, by the way that is then the shortest."""


def outcome(before: Report, after: Report) -> Outcome:
    """What the what-if report says otherwise than the one of things as they are."""
    was, will = {each.id for each in before.findings}, {each.id for each in after.findings}
    left = {(each.from_, each.critical) for each in after.paths}
    worked = {_flow(each): each for each in before.reachability if each.allowed and _works(each)}
    still = {_flow(each) for each in after.reachability if _works(each)}
    return Outcome(
        vanish=tuple(each for each in before.findings if each.id not in will),
        stay=tuple(each for each in after.findings if each.id in was),
        appear=tuple(each for each in after.findings if each.id not in was),
        broken=tuple(row for flow, row in worked.items() if flow not in still),
        paths_vanish=tuple(each for each in before.paths if (each.from_, each.critical) not in left),
        paths_stay=after.paths,
    )


def _works(row: FlowRow) -> bool:
    return row.verdict == "REACHED" and row.state == "open"


def _flow(row: FlowRow) -> tuple[str, str, str, int, str]:
    return row.from_, row.address, row.transport, row.port, row.via
