"""The attack graph, collapsed: zones and classes of hosts instead of hosts.

Whoever holds one host of a zone reaches what its zone reaches: that is what a vantage means. So it does not matter
*which* host of a zone was taken, and entering a class of hosts is entering its zone. Only a machine with legs in
several zones leads further than its zone does, and is a node of its own; so is one that forwards packets into another
zone, where whoever uses it sees what that zone's own hosts see. Between two nodes the graph keeps one step of
each kind (allowed, forbidden, past every firewall): all others of that kind are as long, and a denial stops all of them
or none. Thus every path over hosts is one over nodes, as long and as forbidden, and the reverse; hosts come back only
where a step is put into words.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from scanner.assess.attack.classes import DATA, Flows, HostClass, Offer, host_classes
from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.inventory import Machine
from scanner.model.addresses import address_key
from scanner.model.report import FlowRow
from scanner.model.site import Critical, Site, service_range

Node = tuple[Literal["zone", "machine", "through", "critical"], str]
"""A foothold in the zone of that name; the machine of that id is taken over; packets get into the zone by way of a
neighbour that forwards (`ZONE/NEIGHBOUR from ZONE`); a service of that system is reached."""
Pair = tuple[str, str]
"""From zone, to zone: what a denial stands between."""
_Entry = tuple[str, bool, str]
"""Where a step starts, whether policy allows it, and how it was asked."""
BY_NEIGHBOUR = "by-"
"""Dressed so, a packet went by a neighbour that forwards: no firewall saw it."""


class Step(msgspec.Struct, frozen=True):
    """From a foothold to the next one, or to the goal."""

    source: Node
    target: Node
    from_: str
    host: str
    """The machine at which it ends, by its id."""
    zone: str
    """That machine's zone."""
    key: FlowKey | None
    """None where a machine with legs in several zones is the step."""
    via: str
    how: str
    forbidden: bool
    denial: Pair | None
    """The denial that stops it; None: policy allows it, or no firewall stands in its way."""
    observed: bool
    evidence: str
    service: str | None = None
    """The protocol of `key`, where something said so."""


class AttackGraph(msgspec.Struct, frozen=True):
    zones: tuple[str, ...]
    isolated: frozenset[str]
    """Zones whose hosts do not see each other."""
    classes: tuple[HostClass, ...]
    steps: tuple[Step, ...]
    direct: frozenset[Pair]
    """Between which zones a firewall lets something reach a critical system's host that policy forbids."""


def attack_graph(
    site: Site,
    machines: Sequence[Machine],
    flows: Iterable[FlowRow],
    services: Mapping[FlowKey, str | None],
    exploitable: Mapping[FlowKey, str],
    at_home: Mapping[str, Collection[FlowKey]],
) -> AttackGraph:
    """`flows`: all that zones REACHED; `at_home`: of each zone what its own vantage saw up."""
    flows = tuple(flows)
    rows: Flows = {
        (each.from_, (each.address, each.transport, each.port), each.via): each
        for each in flows
        if each.transport != "icmp" and each.state == "open"
    }
    through = list(_forwarders(machines, flows))
    inside: dict[str, list[Node]] = {}
    for step in through:
        inside.setdefault(zone_of(step.target), []).append(step.target)
    isolated = frozenset(zone.name for zone in site.zones if zone.isolated)
    classes = host_classes(site, machines, rows, services, exploitable, at_home)
    best: dict[tuple[Node, Node, bool, bool], tuple[_Rank, HostClass, Offer, _Entry]] = {}
    direct: set[Pair] = set()
    for each in classes:
        goals = [c for c in site.critical if any(a in c.hosts for m in each.machines for a in m.addresses)]
        low = address_key(each.machines[0].addresses[0])
        for offer in each.offers:
            targets = _targets(each, offer, goals)
            for entry in _entries(each, offer, isolated):
                from_, allowed, via = entry
                stoppable = not allowed and not via.startswith(BY_NEIGHBOUR)
                if goals and stoppable:
                    direct.add((from_, each.zone))
                guessed = entry not in offer.seen and not offer.at_home
                rank = (guessed, via, low, offer.transport, offer.port)
                sources = [_zone(from_), *(inside.get(each.zone, ()) if entry not in offer.seen else ())]
                for source, target in itertools.product(sources, targets):
                    slot = (source, target, not allowed, stoppable)
                    if target != source and (slot not in best or rank < best[slot][0]):
                        best[slot] = (rank, each, offer, entry)
    steps = [_step(slot, each, offer, entry, rows, services) for slot, (_, each, offer, entry) in best.items()]
    steps += [*_bridges(classes), *through]
    return AttackGraph(
        zones=tuple(zone.name for zone in site.zones),
        isolated=isolated,
        classes=classes,
        steps=tuple(sorted(steps, key=_order)),
        direct=frozenset(direct),
    )


_Rank = tuple[bool, str, tuple[int, int], str, int]
"""What is told first of steps that are all the same: the observed, the plain one, the lowest."""


def _zone(name: str) -> Node:
    return "zone", name


def zone_of(node: Node) -> str:
    """The zone in which whoever has come to a zone or a machine stands."""
    return node[1].split("/", 1)[0]


def node_of(each: HostClass) -> Node:
    """Where taking over a host of the class leads."""
    machine = each.machines[0]
    return ("machine", machine.id) if each.singular and machine.twins else _zone(each.zone)


def _targets(each: HostClass, offer: Offer, goals: Sequence[Critical]) -> list[Node]:
    """What reaching this service achieves."""
    found: list[Node] = [("critical", c.name) for c in goals if is_goal(c, offer)]
    return [*found, node_of(each)] if offer.how != DATA else found


def is_goal(critical: Critical, offer: Offer) -> bool:
    """Whether reaching this service of its host is reaching the system: what it is there for, or the whole host."""
    named = [service_range(each) for each in critical.services]
    return offer.how != DATA or not named or any(each.covers(offer.transport, offer.port) for each in named)


def _entries(each: HostClass, offer: Offer, isolated: Collection[str]) -> list[_Entry]:
    """From where the service is reached: its own zone sees it, unless its hosts are kept apart."""
    return [*offer.seen, *([] if each.zone in isolated else [(each.zone, True, "")])]


def _step(
    slot: tuple[Node, Node, bool, bool],
    each: HostClass,
    offer: Offer,
    entry: _Entry,
    rows: Flows,
    services: Mapping[FlowKey, str | None],
) -> Step:
    source, target, forbidden, stoppable = slot
    from_, _, via = entry
    if source[0] == "through":
        way, _, from_ = source[1].rpartition(" from ")
        via = via or f"{BY_NEIGHBOUR}{way.partition('/')[2]}"
    machine = each.machines[0]
    keys: list[FlowKey] = [(address, offer.transport, offer.port) for address in machine.addresses]
    row = next((found for key in keys if (found := rows.get((from_, key, via)))), None)
    key = next((k for k in keys if (from_, k, via) in rows or (row is None and k in machine.services)), keys[0])
    if row is not None:
        evidence = "; ".join(filter(None, (row.reason, row.evidence)))
    elif source[0] == "through":
        evidence = f"whoever gets packets into {each.zone} sees what its hosts see; this service was not asked that way"
    elif offer.at_home:
        evidence = f"open for the vantage in {each.zone}"
    else:
        evidence = f"hosts of one zone see each other; no vantage in {each.zone} saw this service, another zone's did"
    return Step(
        source=source,
        target=target,
        from_=from_,
        host=machine.id,
        zone=each.zone,
        key=key,
        via=via,
        how=offer.how,
        forbidden=forbidden,
        denial=(from_, each.zone) if stoppable else None,
        observed=row is not None or (offer.at_home and source[0] == "zone"),
        evidence=evidence,
        service=services.get(key),
    )


def _bridges(classes: Iterable[HostClass]) -> Iterator[Step]:
    """A machine with several legs: whoever holds it stands in each of their zones, past every firewall."""
    for each in classes:
        node = node_of(each)
        if node[0] == "zone":
            continue
        [machine] = each.machines
        for link in machine.links:
            for twin in {link.left, link.right} - {machine.id}:
                zone = twin.split("/", 1)[0]
                shared = " and ".join(link.shared)
                yield Step(
                    source=node,
                    target=("machine", twin),
                    from_=each.zone,
                    host=twin,
                    zone=zone,
                    key=None,
                    via="",
                    how="bridge",
                    forbidden=True,
                    denial=None,
                    observed=False,
                    evidence=f"one machine with a leg in each zone: the same {shared} on {link.left} and {link.right} "
                    f"({link.confidence} confidence)",
                )


def _forwarders(machines: Iterable[Machine], flows: Iterable[FlowRow]) -> Iterator[Step]:
    """Neighbours by whose way something else than themselves was reached in another zone: with them everything is."""
    ways = [each for each in flows if each.via.startswith(BY_NEIGHBOUR) and each.from_ != each.to]
    owner = {address: machine for machine in machines for address in machine.addresses} if ways else {}
    found: set[Node] = set()
    for each in ways:
        address = each.via.removeprefix(BY_NEIGHBOUR)
        node: Node = ("through", f"{each.to}/{address} from {each.from_}")
        neighbour, target = owner.get(address), owner.get(each.address)
        if node in found or (neighbour and target and target.id in (neighbour.id, *neighbour.twins)):
            continue
        found.add(node)
        yield Step(
            source=_zone(each.from_),
            target=node,
            from_=each.from_,
            host=neighbour.id if neighbour else f"{each.from_}/{address}",
            zone=each.to,
            key=None,
            via=each.via,
            how="forwards",
            forbidden=True,
            denial=None,
            observed=True,
            evidence=f"it forwards into {each.to}: {each.address} was reached by its way: {each.reason}",
        )


def _order(step: Step) -> tuple[Node, Node, bool, bool, str]:
    return step.source, step.target, step.forbidden, step.denial is not None, step.host
