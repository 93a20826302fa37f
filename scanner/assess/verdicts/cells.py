"""Zone to zone: what was tested, and whether policy held. Only AS_POLICY is green, so it has to be earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from scanner.assess.facts.asked import Area
from scanner.assess.facts.evidence import Evidence, FlowKey, View
from scanner.assess.facts.portmask import lowest, mask_of
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.assess.verdicts.near import left_out
from scanner.assess.verdicts.silent import LISTED, Equal, Silent, flow_order
from scanner.model.addresses import AddressSet, address_key, network
from scanner.model.base import Transport
from scanner.model.observation import NOT_CAPTURED
from scanner.model.report import CROSSED, HELD, CellRow, CoverageRow, FlowRow, MeasuredRow

_WHOLE = 60_000
"""TCP ports that are forbidden and held at a canary: nearly all there are."""
_SIGNED = (
    "the canary was asked by signed probes: what a firewall lets through only as an application's own protocol (by "
    "what it reads in it, or a protocol helper) they do not find"
)
_NAMED_SPANS = 40
"""Ranges of addresses that a reason names."""


class Crossing(msgspec.Struct, frozen=True):
    """All that is known of one ordered pair of zones."""

    cell: CellRow
    coverage: CoverageRow
    flows: tuple[FlowRow, ...]
    """Every probed flow that was not silent, and the silent ones that policy takes an interest in."""
    breaches: tuple[FlowRow, ...]
    """Of these the forbidden ones that crossed."""
    measured: tuple[MeasuredRow, ...] = ()
    """What canaries in the zone measured."""


class Crossings:
    """Judges pairs of zones."""

    def __init__(self, evidence: Evidence, policy: Policy, judge: Judge, most: int = LISTED) -> None:
        """`most`: up to so many silent flows of a pair are listed one by one; of more, equal ones are only counted."""
        self._evidence = evidence
        self._policy = policy
        self._judge = judge
        self._silent = Silent(evidence, policy, judge, most)

    def of(self, from_: str, to: str) -> Crossing:
        """Judge one pair; `from_` equals `to` for a zone whose hosts are isolated from each other."""
        evidence, policy, judge = self._evidence, self._policy, self._judge
        view = evidence.views.get(from_)
        if view is None:
            return _untested(from_, to, "; ".join(filter(None, (f"nobody stood in {from_}", evidence.strayed(from_)))))
        asked = evidence.asked(view, to)
        canaries = evidence.ears.addresses(to)
        measured = tuple(row for each in canaries for row in judge.measured(view, each))
        if not asked and not measured:
            return _untested(from_, to, f"no address of {to} was probed from {from_}")

        answered = [judge.row(view, key) for key in sorted(self._silent.answered(view, to), key=flow_order)]
        quiet = self._silent.of(view, to)
        dressed = [
            judge.row(view, key, via)
            for via in sorted(view.dressed)
            for key in sorted((key for key, _ in evidence.flows(view.dressed[via], to)), key=flow_order)
            if key[0] not in evidence.laptops
        ]
        arrived = [flow for each in canaries for flow in judge.measured_flows(view, each)]
        flows = (*answered, *dressed, *quiet.listed, *arrived)

        breaches = tuple(f for f in flows if f.verdict in CROSSED and not f.allowed and not _fence(policy, judge, f))
        silent = sorted((*(Equal(f, 1) for f in quiet.listed), *quiet.summed), key=lambda e: flow_order(_key(e.row)))
        held = [e for e in (*(Equal(f, 1) for f in answered), *silent) if e.row.verdict not in CROSSED]
        denied = [e for e in held if not e.row.allowed and not judge.own_leg(e.row.address)]
        verdict, reason = _judge(evidence, policy, view, to, breaches, denied, measured)
        blind = [each for each in _subnets(evidence, to) if ":" not in each and not AddressSet.parse(each) & asked]
        if blind and verdict == "AS_POLICY":
            verdict, reason = "UNPROVEN", f"no address of {', '.join(blind)} was probed from {from_}"
        if from_ == to and verdict == "AS_POLICY" and (near := left_out(view, asked, evidence.gateways[to])):
            verdict, reason = "UNPROVEN", f"neighbours answered at {near}, and were not asked there"
        areas = evidence.areas(view, to)
        cell = CellRow(
            from_=from_,
            to=to,
            verdict=verdict,  # type: ignore[arg-type]
            tested=sum(each.pairs for each in areas.values()) + sum(map(_ports_of, measured)),
            reached=_crossed(flows, measured),
            forbidden_reached=_crossed(breaches, [row for row in measured if not row.allowed]),
            reason=reason,
        )
        told = tuple(f for f in flows if f.verdict != "UNTESTED")
        return Crossing(cell, _coverage(evidence, view, to, areas, bool(measured)), told, breaches, measured)


def _ports_of(row: MeasuredRow) -> int:
    return mask_of(row.ports).bit_count()


def _crossed(flows: Iterable[FlowRow], measured: Sequence[MeasuredRow]) -> int:
    """How many crossed; of those to a canary only its own count knows all."""
    canaries = {row.address for row in measured}
    return sum(each.verdict in CROSSED and each.address not in canaries for each in flows) + sum(
        _ports_of(row) for row in measured if row.verdict in CROSSED
    )


def _fence(policy: Policy, judge: Judge, flow: FlowRow) -> bool:
    """Whether the answer is the fence's own: a router's leg, unless the router is what is to be protected."""
    guarded = flow.state == "open" and policy.critical_name(flow.address) is not None
    return judge.own_leg(flow.address) and not guarded


def _judge(
    evidence: Evidence,
    policy: Policy,
    view: View,
    to: str,
    breaches: tuple[FlowRow, ...],
    denied: list[Equal],
    measured: tuple[MeasuredRow, ...],
) -> tuple[str, str]:
    forbidden = [row for row in measured if not row.allowed]
    through = [row for row in forbidden if row.verdict in CROSSED]
    if breaches or through:
        addresses = len({each.address for each in breaches} | {each.address for each in through})
        many = _crossed(breaches, forbidden)
        return "BREACHED", f"{_count(many, 'forbidden flow')} reached {_count(addresses, 'address', 'es')}"
    verdict, reason = _unbroken(evidence, policy, view, to, denied)
    if not forbidden:
        return verdict, reason
    # A canary proves the rules for its own address. A rule for one host of the zone it cannot see, so that the hosts'
    # own denials are needed all the same; except in a zone where nobody is: there it stands for whoever comes.
    unclear = [row for row in forbidden if row.verdict not in HELD]
    many = sum(map(_ports_of, forbidden))
    where = ", ".join(sorted({row.address for row in forbidden}, key=address_key))
    if unclear:
        lack = f"{_count(sum(map(_ports_of, unclear)), 'denied flow')} to the canary {where} without proof, first "
        return "UNPROVEN", f"{lack}{unclear[0].transport}/{lowest(mask_of(unclear[0].ports))}: {unclear[0].reason}"
    said = f"of {_count(many, 'forbidden flow')} to the canary {where}, asked by signed probes, none got through"
    home = evidence.views.get(to)
    people = (evidence.in_use(to) or set()) - evidence.laptops - evidence.gateways[to]
    tcp = [row for row in forbidden if row.transport == "tcp" and not row.via]
    whole = any(sum(_ports_of(row) for row in tcp if row.address == each) > _WHOLE for each in {r.address for r in tcp})
    if verdict == "UNPROVEN" and view.complete and home and home.complete and not (people or denied) and whole:
        return "AS_POLICY", f"{said}, and nobody else is in {to}"
    return verdict, f"{reason}; {said}"


def _unbroken(evidence: Evidence, policy: Policy, view: View, to: str, denied: list[Equal]) -> tuple[str, str]:
    """The verdict on a pair of which no forbidden flow is known to have crossed, by its hosts."""
    if not view.complete:
        return "UNPROVEN", f"the scan from {view.zone} {_lack(view)}"
    if to not in evidence.views:
        return "UNPROVEN", f"nobody stood in {to}: silence from there proves nothing"
    if not evidence.views[to].complete:
        return (
            "UNPROVEN",
            f"the scan from {to} asked no ports, or did not run to its end: what is up there is not known",
        )
    if astray := evidence.standing.astray(to):
        return "UNPROVEN", f"what is up in {to} is not known: {astray}"
    open_questions = [each for each in denied if each.row.verdict not in HELD]
    if open_questions:
        many = sum(each.count for each in open_questions)
        worst = open_questions[0].row
        where = f"{worst.address} {worst.transport}/{worst.port}"
        return "UNPROVEN", f"{_count(many, 'denied flow')} without proof, first {where}: {worst.reason}"
    held: Counter[str] = Counter()
    for each in denied:
        held[each.row.verdict] += each.count
    if held:
        how = " and ".join(f"{count} {verdict.lower()}" for verdict, count in sorted(held.items()))
        return "AS_POLICY", f"{_count(sum(held.values()), 'denial')} proven ({how}); nothing forbidden crossed"
    if policy.allows_all(view.zone, to):
        return "AS_POLICY", "policy lets everything pass"
    return "UNPROVEN", f"nothing that policy denies was seen up in {to}, so nothing proves the denial"


def _lack(view: View) -> str:
    """What a scan is missing that is not complete."""
    if view.asking is None:
        return "asked no ports"
    return (
        "was imported, and asked less than a scan does" if view.asking.purpose == "import" else "did not run to its end"
    )


def _coverage(evidence: Evidence, view: View, to: str, areas: dict[Transport, Area], signed: bool) -> CoverageRow:
    """What was asked of that zone, and everything that was not, by reason. `signed`: a canary was asked there."""
    asked = evidence.asked(view, to)
    standing = evidence.standing
    doubts = (evidence.strayed(view.zone), standing.astray(view.zone), standing.bare(view.zone))
    missing = [each for each in doubts if each]
    if not view.asked_ports:
        missing.append("the scan asked no ports")
    elif not view.complete:
        missing.append(f"the scan {_lack(view)}")
    portless = asked - areas["tcp"].addresses - areas["udp"].addresses
    if portless and view.asked_ports:
        missing.append(f"asked no port, only pinged: {_some(portless)}")
    subnets, scope = _subnets(evidence, to), evidence.site.scope
    for each in view.refused:
        here = _overlap(each.addresses, (*subnets, "fe80::/10") if view.zone == to else subnets)
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
    unasked = evidence.known_hosts(to) - asked
    if unasked:
        missing.append(f"not asked although known: {_some(unasked)}")
    missing = list(dict.fromkeys(missing))
    whole = _said(asked, areas, subnets, evidence.laptops)
    parts = [whole, _guessed(evidence, to), _plainly(evidence, view, to, asked), _SIGNED if signed else ""]
    said = "; ".join(filter(None, parts))
    unseen = sorted({f"{each.what}: {each.reason}" for each in view.limitations})
    # Of what the capture lacks everything was seen but the packets' bytes.
    partial = missing or any(each.what != NOT_CAPTURED for each in view.limitations)
    state = "partial" if partial else "tested"
    return CoverageRow(view.zone, to, state, "; ".join([said, *missing, *unseen]))  # type: ignore[arg-type]


def _guessed(evidence: Evidence, to: str) -> str:
    """How many more IPv6 addresses were looked for, where a subnet is too large to look for all."""
    guessed = evidence.solicited.get(to, AddressSet())
    nobody = (guessed & AddressSet.parse(",".join(_subnets(evidence, to)))) - evidence.known_hosts(to)
    if not nobody:
        return ""
    many = _count(len(nobody), "more IPv6 address", "es")
    return f"{many}, guessed by what {to} holds, asked by NDP from within: nobody there (a /64 is never asked whole)"


def _plainly(evidence: Evidence, view: View, to: str, asked: AddressSet) -> str:
    """What was not tried: rules that trust a source port, and that let fragments pass, plain packets do not find."""
    if not view.asked_ports:
        return ""
    tried = AddressSet(
        span
        for via, dressed in view.dressed.items()
        if not via.startswith("by-")
        for span in evidence.asked(dressed, to).spans
    )
    left = asked - tried
    if not left:
        return ""
    where = f" at {len(left):,} of them" if tried else ""
    return f"plain packets only{where}: source ports that rules may trust, and fragments, were not tried (--thorough)"


def _said(asked: AddressSet, areas: dict[Transport, Area], subnets: tuple[str, ...], laptops: Collection[str]) -> str:
    """How much was asked, of what; where not all were asked the same, by transport."""
    kinds = {kind: each for kind, each in areas.items() if each.pairs}
    if not kinds:
        return "no address asked but a canary's"
    of_all = _of_all(asked, subnets, laptops)
    if all(each.addresses == asked and (each.whole or kind == "icmp") for kind, each in kinds.items()):
        *first, last = [_ports(kind, each) for kind, each in kinds.items()]
        what = f"{', '.join(first)} and {last}" if first else last
        return f"{of_all} asked: {what}{' each' if len(asked) > 1 else ''}"
    parts: list[str] = []
    for kind, each in kinds.items():
        addresses = _count(len(each.addresses), "address", "es")
        if each.whole or kind == "icmp":
            parts.append(f"{_ports(kind, each)} of {addresses}")
        else:
            # Their product would claim too much: some were asked other ports than others.
            parts.append(
                f"up to {_ports(kind, each)} of {addresses}, not of each the same ({_count(each.pairs, 'flow')} in all)"
            )
    return f"{of_all} asked: {', '.join(parts)}"


def _of_all(asked: AddressSet, subnets: tuple[str, ...], laptops: Collection[str]) -> str:
    """`12 of 254 addresses`. An IPv6 subnet has too many for that to say anything; those asked are counted by
    themselves."""
    four, six = (len(asked.of_version(version)) for version in (4, 6))
    nets = [network(each) for each in subnets if ":" not in each]
    # Neither the network's own address nor that of all its hosts is a host's.
    every = sum(each.num_addresses - (2 if each.prefixlen < 31 else 0) for each in nets)
    plain = f"{four:,} of {every:,} addresses" if four <= every else _count(four, "address", "es")
    own = sum(":" not in each and any(_holds(str(net), each) for net in nets) for each in laptops)
    if four < every <= four + own:
        plain += " (all but our laptop's own)"
    long = _count(six, "IPv6 address", "es")
    if not four:
        return long
    return f"{plain} and {long}" if six else plain


def _ports(kind: Transport, area: Area) -> str:
    return "ping" if kind == "icmp" else _count(area.ports, f"{kind.upper()} port")


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


def _key(row: FlowRow) -> FlowKey:
    return row.address, row.transport, row.port


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number:,} {noun}{'' if number == 1 else plural}"
