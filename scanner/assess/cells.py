"""Zone to zone: what was tested, and whether policy held. Only AS_POLICY is green, so it has to be earned."""

from __future__ import annotations

from collections import Counter

import msgspec

from scanner.assess.asked import Area
from scanner.assess.evidence import Evidence, FlowKey, View
from scanner.assess.flows import Judge
from scanner.assess.policy import Policy
from scanner.model.addresses import AddressSet, address_key, network
from scanner.model.base import Transport
from scanner.model.observation import NOT_CAPTURED
from scanner.model.report import CROSSED, HELD, CellRow, CoverageRow, FlowRow
from scanner.model.site import service_range

_NAMED_RANGE_LIMIT = 64
"""A range of a critical system's ports up to this wide is owed a verdict port by port, as the plan asks it."""
_NAMED_SPANS = 40
"""Ranges of addresses that a reason names."""


class Crossing(msgspec.Struct, frozen=True):
    """All that is known of one ordered pair of zones."""

    cell: CellRow
    coverage: CoverageRow
    flows: tuple[FlowRow, ...]
    """Every probed flow that was not silent, and the silent ones that policy takes an interest in."""
    breaches: tuple[FlowRow, ...]


def crossing(evidence: Evidence, policy: Policy, judge: Judge, from_: str, to: str) -> Crossing:
    """Judge one pair; `from_` equals `to` for a zone whose hosts are isolated from each other."""
    view = evidence.views.get(from_)
    if view is None:
        return _untested(from_, to, f"nobody stood in {from_}")
    asked = evidence.asked(view, to)
    if not asked:
        return _untested(from_, to, f"no address of {to} was probed from {from_}")

    answered = [
        judge.row(view, key)
        for key, _ in view.flows()
        if key[0] not in evidence.laptops and evidence.zone_of(key[0]) == to
    ]
    interesting = sorted(_interesting(evidence, policy, view, to) - {_key(each) for each in answered}, key=flow_order)
    silent = [judge.row(view, key) for key in interesting]
    flows = (*sorted(answered, key=lambda each: flow_order(_key(each))), *silent)

    breaches = tuple(f for f in flows if f.verdict in CROSSED and not f.allowed and not _fence(policy, judge, f))
    denied = [f for f in flows if not f.allowed and f.verdict not in CROSSED and not judge.own_leg(f.address)]
    verdict, reason = _judge(evidence, policy, view, to, breaches, denied)
    blind = [each for each in _subnets(evidence, to) if ":" not in each and not AddressSet.parse(each) & asked]
    if blind and verdict == "AS_POLICY":
        verdict, reason = "UNPROVEN", f"no address of {', '.join(blind)} was probed from {from_}"
    areas = evidence.areas(view, to)
    cell = CellRow(
        from_=from_,
        to=to,
        verdict=verdict,  # type: ignore[arg-type]
        tested=sum(each.pairs for each in areas.values()),
        reached=sum(each.verdict in CROSSED for each in flows),
        forbidden_reached=len(breaches),
        reason=reason,
    )
    return Crossing(
        cell, _coverage(evidence, view, to, areas), tuple(f for f in flows if f.verdict != "UNTESTED"), breaches
    )


def _fence(policy: Policy, judge: Judge, flow: FlowRow) -> bool:
    """Whether the answer is the fence's own: a router's leg, unless the router is what is to be protected."""
    guarded = flow.state == "open" and policy.critical_name(flow.address) is not None
    return judge.own_leg(flow.address) and not guarded


def _judge(
    evidence: Evidence, policy: Policy, view: View, to: str, breaches: tuple[FlowRow, ...], denied: list[FlowRow]
) -> tuple[str, str]:
    if breaches:
        addresses = len({each.address for each in breaches})
        return "BREACHED", f"{_count(len(breaches), 'forbidden flow')} reached {_count(addresses, 'address', 'es')}"
    if not view.complete:
        lack = "did not run to its end" if view.asked_ports else "asked no ports"
        return "UNPROVEN", f"the scan from {view.zone} {lack}"
    if to not in evidence.views:
        return "UNPROVEN", f"nobody stood in {to}: silence from there proves nothing"
    if not evidence.views[to].complete:
        return (
            "UNPROVEN",
            f"the scan from {to} asked no ports, or did not run to its end: what is up there is not known",
        )
    open_questions = Counter(each.verdict for each in denied if each.verdict not in HELD)
    if open_questions:
        worst = next(each for each in denied if each.verdict not in HELD)
        many = sum(open_questions.values())
        where = f"{worst.address} {worst.transport}/{worst.port}"
        return "UNPROVEN", f"{_count(many, 'denied flow')} without proof, first {where}: {worst.reason}"
    held = Counter(each.verdict for each in denied)
    if held:
        how = " and ".join(f"{count} {verdict.lower()}" for verdict, count in sorted(held.items()))
        return "AS_POLICY", f"{_count(sum(held.values()), 'denial')} proven ({how}); nothing forbidden crossed"
    if policy.allows_all(view.zone, to):
        return "AS_POLICY", "policy lets everything pass"
    return "UNPROVEN", f"nothing that policy denies was seen up in {to}, so nothing proves the denial"


def _interesting(evidence: Evidence, policy: Policy, view: View, to: str) -> set[FlowKey]:
    """Flows that a verdict is owed for even when silent: services known up there, and those that policy names."""
    found = set(evidence.up[to])
    for critical in evidence.site.critical:
        for address in critical.hosts:
            if evidence.zone_of(address) == to:
                found.update(
                    (address, each.transport, number)
                    for each in map(service_range, critical.services)
                    if each.transport in ("tcp", "udp") and each.high - each.low < _NAMED_RANGE_LIMIT
                    for number in range(each.low, each.high + 1)
                )
    for need in policy.required():
        if need.source == view.zone:
            found.update(key for key in evidence.up[to] if need.covers(to, *key))
    return {key for key in found if key[0] not in evidence.laptops}


def _coverage(evidence: Evidence, view: View, to: str, areas: dict[Transport, Area]) -> CoverageRow:
    """What was asked of that zone, and everything that was not, by reason."""
    asked = evidence.asked(view, to)
    missing: list[str] = []
    if not view.asked_ports:
        missing.append("the scan asked no ports")
    elif not view.complete:
        missing.append("the scan did not run to its end")
    portless = asked - areas["tcp"].addresses - areas["udp"].addresses
    if portless and view.asked_ports:
        missing.append(f"asked no port, only pinged: {_some(portless)}")
    subnets, scope = _subnets(evidence, to), evidence.site.scope
    for each in view.refused:
        here = _overlap(each.addresses, subnets)
        if here:
            what = f"{here}{f' {each.transport}/{each.ports}' if each.ports else ''}"
            missing.append(f"not asked: {what}: {each.reason}")
    out = _overlap(",".join(scope.exclude), subnets)
    if out:
        missing.append(f"not asked: {out}: excluded by the site file")
    for subnet in subnets:
        if scope.include and not any(_holds(each, subnet) for each in scope.include):
            missing.append(f"not asked, at least in part: {subnet}: outside the authorized scope")
        elif not AddressSet.parse(subnet) & asked:
            missing.append(f"not asked: {subnet}: no address there was probed")
    known = evidence.in_use(to)
    if known is not None:
        unasked = AddressSet.of(known - evidence.laptops) - asked
        if unasked:
            missing.append(f"not asked although known: {_some(unasked)}")
    missing = list(dict.fromkeys(missing))
    said = _said(asked, areas)
    unseen = sorted({f"{each.what}: {each.reason}" for each in view.limitations})
    # Of what the capture lacks everything was seen but the packets' bytes.
    partial = missing or any(each.what != NOT_CAPTURED for each in view.limitations)
    state = "partial" if partial else "tested"
    return CoverageRow(view.zone, to, state, "; ".join([said, *missing, *unseen]))  # type: ignore[arg-type]


def _said(asked: AddressSet, areas: dict[Transport, Area]) -> str:
    """How much was asked, in words; where not all were asked the same, by transport."""
    kinds = {kind: each for kind, each in areas.items() if each.pairs}
    if all(each.addresses == asked and (each.whole or kind == "icmp") for kind, each in kinds.items()):
        what = [_ports(kind, each) for kind, each in kinds.items()]
        return f"{', '.join([_count(len(asked), 'address', 'es'), *what[:-1]])} and {what[-1]} asked"
    parts: list[str] = []
    for kind, each in kinds.items():
        addresses = _count(len(each.addresses), "address", "es")
        if each.whole or kind == "icmp":
            parts.append(f"{_ports(kind, each)} of {addresses}")
        else:
            # Their product would claim too much: some were asked other ports than others.
            parts.append(f"{_count(each.pairs, 'pair')} of {_ports(kind, each)} and {addresses}")
    return f"{_count(len(asked), 'address', 'es')} asked: {', '.join(parts)}"


def _ports(kind: Transport, area: Area) -> str:
    return "echo" if kind == "icmp" else _count(area.ports, f"{kind.upper()} port")


def _some(addresses: AddressSet) -> str:
    """The first of them, and how many more there are."""
    first = AddressSet(addresses.spans[:_NAMED_SPANS])
    more = len(addresses) - len(first)
    return ", ".join(str(first).split(",")) + (f" and {more} more" if more else "")


def _subnets(evidence: Evidence, zone: str) -> tuple[str, ...]:
    found = evidence.site.zone(zone)
    return found.subnets if found else ()


def _overlap(addresses: str, subnets: tuple[str, ...]) -> str:
    """Those of a text's addresses, ranges and subnets that reach into `subnets`."""
    spans = [_span(each) for each in subnets]
    return ",".join(
        part
        for part in filter(None, addresses.split(","))
        for low, high in (_span(part),)
        if any(low[0] == first[0] and low <= last and high >= first for first, last in spans)
    )


def _holds(outer: str, inner: str) -> bool:
    (first, last), (low, high) = _span(outer), _span(inner)
    return first[0] == low[0] and first <= low and high <= last


def _span(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The first and the last address of a subnet, a range or one address."""
    if "-" in text:
        low, _, high = text.partition("-")
        return address_key(low), address_key(high)
    net = network(text)
    return address_key(str(net[0])), address_key(str(net[-1]))


def _untested(from_: str, to: str, reason: str) -> Crossing:
    return Crossing(
        CellRow(from_=from_, to=to, verdict="UNTESTED", tested=0, reached=0, forbidden_reached=0, reason=reason),
        CoverageRow(from_, to, "untested", reason),
        (),
        (),
    )


def flow_order(key: FlowKey) -> tuple[tuple[int, int], str, int]:
    """Numeric by address, then transport and port."""
    return address_key(key[0]), key[1], key[2]


def _key(row: FlowRow) -> FlowKey:
    return row.address, row.transport, row.port


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
