"""What a zone-by-zone matrix adds to a site's policy, and where the two do not say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from scanner.assess.policies.policy_space import Region, Space, union, within, without
from scanner.importers.matrix import Cell, Matrix
from scanner.model.site import ANY, Rule, Site, Written

_NAMED = 4


class Addition(msgspec.Struct, frozen=True):
    """Rules to add, and sentences on what was found."""

    allow: tuple[Rule, ...]
    """What the site file does not allow yet."""
    deny: tuple[Rule, ...]
    """What a cell forbids, and another one, wider, allows."""
    contradictions: tuple[str, ...]
    """Where the matrix allows what a rule denies, or denies what a rule allows: somebody has to decide."""
    notes: tuple[str, ...]
    """Where the site file says more than the matrix, or has zones that the matrix has not."""
    known: int
    """Cells that allow nothing that the site file does not allow already."""


class _Said(msgspec.Struct, frozen=True):
    """A cell, and the flows that it means."""

    cell: Cell
    pair: Region
    """All that there can be between the two."""
    gives: Region
    takes: Region


def compare(site: Site, matrix: Matrix, name: str) -> Addition:
    """The matrix against the rules of the site that it is for. `name`: the file's, for reasons and sentences."""
    plain = [tuple(_plain(site, each)) for each in matrix.cells]
    rules = (rule for three in plain for some in three for rule in some)
    space = Space(site, [*site.allow, *site.require, *site.deny, *rules])
    said = [_Said(cell, *map(space.region, three)) for cell, three in zip(matrix.cells, plain, strict=True)]
    denying = _Rules(site.written("deny"), space)
    allowing = _Rules((*site.written("allow"), *site.written("require")), space, denying.whole)
    wide = [each for each in said if each.gives and not _single(site, each.cell)]
    takers = [each for each in said if within(each.takes, _from_above(each, wide))]
    taken = union(each.takes for each in takers)

    def rule(cell: Cell, services: tuple[str, ...]) -> Rule:
        return Rule(cell.from_, cell.to, services, f"{name} line {cell.line}")

    def missing(cell: Cell) -> tuple[str, ...]:
        """The services of a cell that are not allowed yet, and that no cell takes out."""
        given = {each: space.region(site.plain(rule(cell, (each,)))) for each in cell.words.services}
        return tuple(each for each, region in given.items() if without(without(region, taken), allowing.whole))

    giving = [(each.cell, missing(each.cell)) for each in said if each.gives]
    deny = (
        rule(each.cell, each.cell.words.but or (ANY,))
        for each in takers
        if without(within(each.takes, _from_above(each, wide)), denying.whole)
    )
    told = (*_contradictions(site, said, allowing, denying, taken), *_against_itself(said, takers))
    return Addition(
        tuple(rule(cell, lacking) for cell, lacking in giving if lacking),
        tuple(deny),
        tuple(f"{name} {each}" for each in told),
        (*_more(said, allowing), *_left_out(site, matrix)),
        sum(not lacking for _, lacking in giving),
    )


class _Rules:
    """Rules of the site file with the flows that they mean, without those of `but`."""

    def __init__(self, rules: Sequence[Written], space: Space, but: Region | None = None) -> None:
        self._regions = {str(each): without(space.region(each.plain), but or {}) for each in rules}
        self.whole = union(self._regions.values())

    def met(self, region: Region) -> list[str]:
        """Those that mean any of these flows."""
        if not within(region, self.whole):
            return []
        return [text for text, mine in self._regions.items() if within(region, mine)]


def _plain(site: Site, cell: Cell) -> Iterator[tuple[Rule, ...]]:
    """The rules that mean all of a pair, what the cell gives, and what it takes out."""
    takes = (ANY,) if cell.words.no else cell.words.but
    for services in ((ANY,), cell.words.services, takes):
        yield tuple(site.plain(Rule(cell.from_, cell.to, services))) if services else ()


def _single(site: Site, cell: Cell) -> bool:
    """Whether a cell speaks of one zone and another one, by their names."""
    return site.zone(cell.from_) is not None and site.zone(cell.to) is not None


def _wider(cell: _Said, other: _Said) -> bool:
    """Whether one cell speaks of all pairs that another one does, and of more."""
    return cell.pair.keys() > other.pair.keys()


def _from_above(cell: _Said, wide: Sequence[_Said]) -> Region:
    """What the cell itself gives, and each wider one: to forbid any of it takes a denial."""
    return union((cell.gives, *(each.gives for each in wide if _wider(each, cell)))) if cell.takes else {}


def _against_itself(said: Sequence[_Said], takers: Sequence[_Said]) -> Iterator[str]:
    """A denial beats every allowance: where it is needed against a wider cell, it must not meet a narrower one's."""
    for each in takers:
        for other in said:
            if other is not each and not _wider(other, each) and within(each.takes, other.gives):
                yield f"{each.cell.place}: forbids what {other.cell.place} allows; name the single zones instead"


def _contradictions(
    site: Site, said: Sequence[_Said], allowing: _Rules, denying: _Rules, taken: Region
) -> Iterator[str]:
    for each in said:
        zone = site.zone(each.cell.to)
        if each.cell.words.no and each.cell.from_ == each.cell.to and zone is not None and not zone.isolated:
            yield f"{each.cell.place}: says no inside of a zone; set `isolated: true` of {zone.name}"
        if met := allowing.met(each.takes):
            yield f"{each.cell.place}: forbids what {_some(met)} allows"
        if met := denying.met(without(each.gives, taken)):
            yield f"{each.cell.place}: allows what {_some(met)} denies"


def _more(said: Sequence[_Said], allowing: _Rules) -> Iterator[str]:
    """Rules of the site file that allow more than the matrix says; where it says no, that is a contradiction."""
    more: dict[str, list[str]] = defaultdict(list)
    for each in said:
        if not each.cell.words.no:
            for text in allowing.met(without(each.pair, each.gives)):
                more[text].append(f"{each.cell.from_} → {each.cell.to}")
    for text, pairs in more.items():
        yield f"{text} allows more than the matrix says of {_some(pairs)}; it stays as it is"


def _left_out(site: Site, matrix: Matrix) -> Iterator[str]:
    for what, names in (("row", matrix.sources), ("column", matrix.targets)):
        there = {zone for each in names for zone in site.groups.zones_of(each)}
        missing = [zone.name for zone in site.zones if zone.name not in there]
        if missing and "*" not in there:
            yield f"the matrix has no {what} for {_some(missing)}; what no rule allows is forbidden"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
