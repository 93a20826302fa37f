"""The collapsed graph says what the graph of all hosts says, on random small networks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from assess.uncollapsed import Hosts, Net, networks
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess.attack.blast import blast
from scanner.assess.attack.cut import least_cut
from scanner.assess.attack.paths import attack_paths, starts
from scanner.model.report import BlastRow


@settings(max_examples=80, deadline=None)
@given(networks())
def test_every_path_is_as_long_as_over_all_hosts(net: Net) -> None:
    hosts = Hosts(net)
    wanted = {
        (zone, critical.name): length
        for zone in starts(net.site)
        for critical in net.site.critical
        if (length := hosts.shortest(zone, critical, cuttable=False)) is not None
    }
    found = {(each.source, each.critical): each for each in attack_paths(net.site, net.graph())}
    assert {key: len(each.steps) for key, each in found.items()} == wanted
    for each in found.values():
        _holds_together(net, each.row.hops)


def _holds_together(net: Net, hops: object) -> None:
    zone = {machine.id: machine.zone for machine in net.machines}
    assert isinstance(hops, tuple)
    assert not all(hop.allowed for hop in hops)
    for before, after in itertools.pairwise(hops):
        assert before.how != "data"
        assert after.from_ == (before.from_ if before.how == "forwards" else zone[before.to])


@settings(max_examples=80, deadline=None)
@given(networks())
def test_the_blast_radius_is_that_of_all_hosts(net: Net) -> None:
    hosts = Hosts(net)
    rows = {row.start: row for row in blast(net.site, net.graph())}
    assert {zone.name for zone in net.site.zones} <= rows.keys()
    for start, row in rows.items():
        zone = net.site.zone(start)
        own = set() if zone else {start, *hosts.twins[start]}
        begin = {f"laptop in {start}"} if zone else own
        clean_begin = begin if zone else {start}
        held, reached, critical = hosts.falls(begin)
        meant = hosts.falls(clean_begin, clean=True)[2]
        # What is left of a machine's own legs is what its neighbours take and reach.
        taken = (held & hosts.by_id.keys()) - own
        falls = [
            c.name for c in net.site.critical if any(f"{c.name} {m}" in critical for m in hosts.by_id.keys() - own)
        ]
        assert row == BlastRow(
            start,
            tuple(sorted({hosts.zone[each] for each in taken})),
            len(taken),
            len(reached - own),
            tuple(falls),
            tuple(n for n in falls if not any(f"{n} {m}" in meant for m in hosts.by_id.keys() - own)),
        )


@settings(max_examples=80, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_cut_is_what_trying_every_set_of_denials_finds(net: Net, random: object) -> None:
    pairs = sorted({(f.from_, f.to) for f in net.flows if not f.allowed and not f.via.startswith("by-")})
    worth = {pair: (0, 0, random.randint(0, 2), random.randint(0, 3), 0) for pair in pairs}  # type: ignore[attr-defined]
    cut = least_cut(net.site, net.graph(), worth)
    assert cut.least
    assert _cuts(net, cut.denials)
    fewer = itertools.combinations(pairs, len(cut.denials) - 1) if cut.denials else ()
    assert not any(_cuts(net, each) for each in fewer)
    value = _worth(worth, cut.denials)
    rivals = (each for each in itertools.combinations(pairs, len(cut.denials)) if _worth(worth, each) > value)
    assert not any(_cuts(net, each) for each in rivals)


def _worth(worth: Mapping[tuple[str, str], tuple[int, ...]], pairs: object) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(worth[pair] for pair in pairs), strict=True)))  # type: ignore[attr-defined]


def _cuts(net: Net, denials: object) -> bool:
    """Whether these denials leave no way that a denial could cut, and no direct one to a critical system's host."""
    vital = {address for critical in net.site.critical for address in critical.hosts}
    if any(
        f.address in vital and not f.allowed and not f.via.startswith("by-") and (f.from_, f.to) not in denials  # type: ignore[operator]
        for f in net.flows
    ):
        return False
    hosts = Hosts(net, denials)  # type: ignore[arg-type]
    return all(hosts.shortest(z, c, cuttable=True) is None for z in starts(net.site) for c in net.site.critical)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_what_is_left_is_left_by_every_denial(net: Net) -> None:
    every = {(f.from_, f.to) for f in net.flows}
    hosts = Hosts(net, every)
    left = any(hosts.shortest(z, c, cuttable=False) for z in starts(net.site) for c in net.site.critical)
    assert bool(least_cut(net.site, net.graph()).left) is left
