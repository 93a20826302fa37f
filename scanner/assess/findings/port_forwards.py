"""Port forwards: a service of one host that answers on the address and port of another one, a router's most often.

Pure: legs in, forwards out. A forward looks like one machine with two legs, as both have the same key; what tells them
apart is that the address has another identity on its other ports, or answers from nearer there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from scanner.assess.machines.identity import Leg, Mark, Served, key_type, worth
from scanner.model.base import Frozen

_LEAST = 0.6
"""What a mark has to be worth, as one that a single machine has."""


class Forward(Frozen, frozen=True):
    """A port of the leg `at` leads to a port of the leg `to`."""

    at: str
    port: str
    """`tcp/2222`."""
    to: str
    to_port: str
    shared: tuple[str, ...]
    """What both show, in words."""
    why: str
    """What says that the address itself is somebody else."""


def forwards(legs: Iterable[Leg]) -> list[Forward]:
    """Every port that shows the identity of a host of another zone while its own address has another one."""
    known = sorted(legs, key=lambda each: each.id)
    holders: defaultdict[Mark, list[tuple[Leg, Served]]] = defaultdict(list)
    for leg in known:
        for served in leg.served:
            for mark in served.marks:
                if worth(mark) >= _LEAST:
                    holders[mark].append((leg, served))
    found: dict[tuple[str, str, str, str], Forward] = {}
    for mark, places in holders.items():
        for at, port in places:
            for to, other in places:
                if at.zone == to.zone or to.router or other.behind:
                    continue
                why = _why(at, port, other, mark)
                if not why or _why(to, other, port, mark):
                    continue
                key = at.id, port.port, to.id, other.port
                words = (*(found[key].shared if key in found else ()), mark.words)
                found[key] = Forward(*key, tuple(dict.fromkeys(words)), why)
    return sorted(found.values(), key=lambda each: (each.at, each.port, each.to, each.to_port))


def without(legs: Sequence[Leg], found: Iterable[Forward]) -> list[Leg]:
    """The legs with only those marks that are their own: what a forwarded port shows is another host's."""
    lent: defaultdict[str, set[str]] = defaultdict(set)
    for each in found:
        lent[each.at].add(each.port)
    return [_own(leg, lent[leg.id]) if leg.id in lent else leg for leg in legs]


def _own(leg: Leg, lent: set[str]) -> Leg:
    theirs = {mark for served in leg.served if served.port in lent for mark in served.marks}
    ours = {mark for served in leg.served if served.port not in lent for mark in served.marks}
    return msgspec.structs.replace(
        leg,
        marks=leg.marks - (theirs - ours),
        said=tuple(each for each in leg.said if each[0] not in lent),
        served=tuple(served for served in leg.served if served.port not in lent),
    )


def _why(at: Leg, port: Served, other: Served, mark: Mark) -> str:
    """What says that the mark on that port is not the leg's own; empty where nothing does."""
    if port.behind:
        return f"{port.port} answers from farther away than the address itself"
    for served in at.served:
        if served is port or mark in served.marks:
            continue
        rivals = [each for each in served.marks if each.kind == mark.kind and worth(each) >= _LEAST]
        if mark.kind == "ssh.hostkey":
            rivals = [each for each in rivals if key_type(each.value) == key_type(mark.value)]
        elif served.port != other.port:
            # A machine may well show a certificate a service, but the one that it shows over there it would here too.
            continue
        if rivals:
            return f"{served.port} of the same address shows another {rivals[0].words}"
    if at.router and port.port != other.port:
        return "the address is a router's own leg, and the port is another one"
    return ""
