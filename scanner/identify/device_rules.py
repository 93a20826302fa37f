"""What gives a kind of device away: the files in `device_kinds`, one for each kind, as values.

A kind says which others it `includes` (a firewall routes), so that clues for those are no contradiction, and whether it
is `fragile`. A `clue` looks in one sort of text for a pattern: google-re2's, not case-sensitive, anywhere in the text.
`ports` are open ports that go together, and mean something else with any of `unless` open as well.

`in` is `vendor` (of the network card), `name`, `announced` (by mDNS), `web` (title, Server, realm, ...), `page`,
`cert`, `banner`, `product` (`vendor:name`), `hardware` (fingerprints' word), `system`, `kind` (of a reading), or a kind
of reading itself. `worth`: `says` for a host that says itself what it is, `makes` for what hardly anything else has,
`fits` for a clue that others share, `hint` for little more than a habit.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from scanner.errors import BadInput
from scanner.model.base import Frozen, Transport

HINT = 0.22
WORTH = {"says": 0.9, "makes": 0.7, "fits": 0.4, "hint": HINT}


class Rule(Frozen, frozen=True):
    """One clue: `pattern` in a text of `group` speaks for `kind`."""

    group: str
    kind: str
    weight: float
    pattern: str
    what: str = ""
    """In words, for groups whose text is not shown."""


class PortRule(Frozen, frozen=True):
    """Open ports that go together."""

    kind: str
    weight: float
    needs: tuple[tuple[Transport, int], ...]
    what: str
    unless: tuple[tuple[Transport, int], ...] = ()

    def holds(self, ports: frozenset[tuple[Transport, int]]) -> bool:
        return ports.issuperset(self.needs) and ports.isdisjoint(self.unless)


class Rules(Frozen, frozen=True):
    """Everything in one file, or in all of them."""

    clues: tuple[Rule, ...]
    ports: tuple[PortRule, ...]
    includes: dict[str, frozenset[str]]
    fragile: frozenset[str]


@cache
def rules() -> Rules:
    """All kinds that come with the package, in the order of their names."""
    folder = resources.files(__package__).joinpath("device_kinds")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".xml")), key=lambda each: each.name)
    parts = [read(each.read_bytes(), each.name) for each in files]
    return Rules(
        clues=tuple(clue for part in parts for clue in part.clues),
        ports=tuple(each for part in parts for each in part.ports),
        includes={kind: others for part in parts for kind, others in part.includes.items()},
        fragile=frozenset(kind for part in parts for kind in part.fragile),
    )


def read(xml: bytes, name: str) -> Rules:
    """One file. BadInput says what is wrong with it."""
    from defusedxml.ElementTree import fromstring

    root = fromstring(xml, forbid_dtd=True)
    kind = root.get("name", "")
    try:
        clues = tuple(
            Rule(each.attrib["in"], kind, WORTH[each.attrib["worth"]], each.text or "", each.get("what", ""))
            for each in root.iter("clue")
        )
        ports = tuple(
            PortRule(
                kind,
                WORTH[each.attrib["worth"]],
                _ports(each.attrib["open"]),
                each.text or "",
                _ports(each.get("unless", "")),
            )
            for each in root.iter("ports")
        )
    except (KeyError, ValueError) as error:
        raise BadInput(f"{name}: {error} is missing or is none that is known") from None
    includes = {kind: frozenset(root.get("includes", "").split())}
    return Rules(clues, ports, includes, frozenset({kind} if root.get("fragile") == "yes" else ()))


def _ports(text: str) -> tuple[tuple[Transport, int], ...]:
    found: list[tuple[Transport, int]] = []
    for each in text.split():
        transport, _, port = each.partition("/")
        found.append(("udp" if transport == "udp" else "tcp", int(port)))
    return tuple(found)
