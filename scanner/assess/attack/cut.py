"""The least cut: the fewest denials between zones after which nothing that policy forbids leads to a critical system.

One denial stops every forbidden flow from one zone to another, wherever on a path it stands, and no allowed one; so it
is a set of edges, and this no minimum cut of a graph but a smallest hitting set: each path that breaks policy has to
lose one of its forbidden steps. There are too many paths to write down, so they come one by one (an implicit hitting
set): the smallest set for the paths known so far is no larger than the answer, and once it leaves no path it is the
answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import msgspec

from scanner.assess.attack.graph import BY_NEIGHBOUR, AttackGraph, Pair, Step
from scanner.assess.attack.hitting import Worth, greedy, smallest
from scanner.assess.attack.paths import AttackPath, attack_paths, goals, starts, told
from scanner.assess.attack.routes import Routes
from scanner.model.addresses import ports_text
from scanner.model.base import SEVERITIES
from scanner.model.report import CutRow, DenialRow, FindingRow, FlowRow, is_open
from scanner.model.site import Site

_ROUNDS = 300
"""How often the smallest set is looked for before the greedy one has to do."""


class Cut(msgspec.Struct, frozen=True):
    """What to deny, before it is put into words."""

    denials: frozenset[Pair]
    least: bool
    left: tuple[Step, ...]
    """The bridges on paths that no denial cuts."""


def least_cut(site: Site, graph: AttackGraph, worth: Worth | None = None) -> Cut:
    """The fewest denials; of several such sets the one that is worth most, then the first by name."""
    routes = Routes(graph.steps, lambda step: step.denial is not None)
    pairs = {step.denial for step in graph.steps if step.denial} | graph.direct
    value = {pair: (worth or {}).get(pair, (0,) * len(SEVERITIES)) for pair in pairs}
    sets: set[frozenset[Pair]] = {frozenset({pair}) for pair in graph.direct}
    for _ in range(_ROUNDS):
        chosen, least = smallest(sets, value)
        more = set(_remaining(site, routes, chosen))
        if not more or not least:
            break
        sets |= more
    if more:
        chosen, least = _enough(site, routes, chosen, value, graph.direct), False
    return Cut(chosen, least and routes.sure, tuple(_uncut(site, graph)))


def _enough(
    site: Site, routes: Routes, chosen: frozenset[Pair], value: Worth, direct: frozenset[Pair]
) -> frozenset[Pair]:
    """These denials and, path by path, as many more as it takes; then without those that are not needed."""
    while more := list(_remaining(site, routes, chosen)):
        chosen |= greedy(more, value)
    for pair in sorted(chosen - direct, key=lambda each: (value[each], each)):
        rest = chosen - {pair}
        if not any(_remaining(site, routes, rest)):
            chosen = rest
    return chosen


def _remaining(site: Site, routes: Routes, denials: Collection[Pair]) -> Iterable[frozenset[Pair]]:
    """Of the paths that these denials leave, the shortest of each start and goal: the denials that would stop it."""
    for start in starts(site):
        for steps in routes.shortest(("zone", start), goals(site), denials).values():
            yield frozenset(step.denial for step in steps if step.denial)


def _uncut(site: Site, graph: AttackGraph) -> Iterable[Step]:
    """What leads past every firewall, once no firewall lets anything forbidden through: the shortest path's first."""
    steps = [step for step in graph.steps if step.denial is None]
    while True:
        routes = Routes(steps, lambda step: step.forbidden)
        ways = [way for start in starts(site) for way in routes.shortest(("zone", start), goals(site)).values()]
        found = dict.fromkeys(step for way in ways for step in way if step.forbidden)
        if not found:
            return
        yield from sorted(found, key=lambda step: (step.from_, step.host, step.key or ("",)))
        steps = [step for step in steps if step not in found]


def cut_row(
    site: Site,
    graph: AttackGraph,
    paths: Sequence[AttackPath],
    findings: Sequence[FindingRow],
    breaches: Iterable[FlowRow],
) -> CutRow | None:
    """The least cut in words; None where nothing that policy forbids leads to a critical system."""
    waiting = [each for each in findings if is_open(each)]
    gaps: dict[Pair, list[FindingRow]] = {}
    for each in waiting:
        if each.kind == "segmentation-gap" and each.from_ and each.to:
            gaps.setdefault((each.from_, each.to), []).append(each)
    cut = least_cut(site, graph, {pair: _worth(found) for pair, found in gaps.items()})
    if not cut.denials and not cut.left:
        return None
    vanish = _vanishing(site, graph, paths, waiting, cut.denials)
    # Of a large site's findings few are about a pair of zones.
    paired = [each for each in waiting if each.kind == "segmentation-gap" or each.id in vanish]
    through: dict[Pair, list[FlowRow]] = {}
    for flow in breaches:
        if not flow.allowed and not flow.via.startswith(BY_NEIGHBOUR):
            through.setdefault((flow.from_, flow.to), []).append(flow)
    return CutRow(
        denials=tuple(
            DenialRow(
                from_=pair[0],
                to=pair[1],
                services=_services(through.get(pair, ())),
                closes=tuple(e.id for e in paired if e in gaps.get(pair, ()) or pair in vanish.get(e.id, ())),
            )
            for pair in sorted(cut.denials, key=lambda each: (tuple(-n for n in _worth(gaps.get(each, ()))), each))
        ),
        least=cut.least,
        left=tuple(dict.fromkeys(map(told, cut.left))),
    )


def _worth(findings: Iterable[FindingRow]) -> tuple[int, ...]:
    """How many findings of each severity, the worst first."""
    counts = Counter(each.severity for each in findings)
    return tuple(counts[each] for each in reversed(SEVERITIES))


def _vanishing(
    site: Site,
    graph: AttackGraph,
    paths: Sequence[AttackPath],
    findings: Iterable[FindingRow],
    denials: Collection[Pair],
) -> dict[str, set[Pair]]:
    """The findings of paths of which the whole cut leaves none, and the denials that stop the one that they tell."""
    left = {(each.source, each.critical) for each in attack_paths(site, graph, denials)}
    stopped = {
        (path.source, path.hops): {step.denial for step in path.steps if step.denial in denials}
        for path in paths
        if (path.source, path.critical) not in left
    }
    found = ((each.id, stopped.get((each.from_ or "", each.path))) for each in findings if each.kind == "attack-path")
    return {id_: {pair for pair in pairs if pair} for id_, pairs in found if pairs}


def _services(flows: Iterable[FlowRow]) -> tuple[str, ...]:
    """As a rule writes them: `tcp/22`, `udp/5000-5010`, `icmp`."""
    ports: dict[str, set[int]] = {}
    for each in flows:
        ports.setdefault(each.transport, set()).add(each.port)
    return tuple(
        "icmp" if transport == "icmp" else f"{transport}/{span}"
        for transport, found in sorted(ports.items(), key=lambda each: ("tcp", "udp", "icmp").index(each[0]))
        for span in (ports_text(found).split(",") if transport != "icmp" else ("",))
    )
