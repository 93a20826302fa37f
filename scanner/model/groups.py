"""Groups of a site file: one name for several zones, or for several services, wherever a rule may name one."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import Annotated

import msgspec

from scanner.model.base import Frozen

GroupName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$",
        description="a name of letters, digits, '_' and '-'",
        examples=["offices"],
    ),
]
GroupZones = Annotated[
    tuple[Annotated[str, msgspec.Meta(description="a zone's name", examples=["front-desk"])], ...],
    msgspec.Meta(min_length=1),
]
GroupServices = Annotated[
    tuple[Annotated[str, msgspec.Meta(description="a service", examples=["tcp/443"])], ...],
    msgspec.Meta(min_length=1),
]
_TAKEN = frozenset({"tcp", "udp", "icmp", "any"})


class Groups(Frozen, frozen=True):
    """A zone group stands for each of its zones, a service group for all of its services. Groups hold no groups."""

    zones: dict[GroupName, GroupZones] = {}
    services: dict[GroupName, GroupServices] = {}

    def check(self, zones: Collection[str]) -> Iterator[tuple[str, str]]:
        """(key path, what is wrong there) of everything in it that means nothing; services are their own checkers'."""
        for name, members in self.zones.items():
            path = f".groups.zones.{name}"
            if name in zones:
                yield path, f"{name!r} is a zone's name already; call the group otherwise"
            if name.isdecimal():
                yield path, f"{name!r}: a group of zones needs a letter in its name"
            for index, member in enumerate(members):
                if member in self.zones:
                    yield f"{path}[{index}]", f"{member!r} is a group; name its zones, groups hold no groups"
                elif member not in zones:
                    mend = did_you_mean(member, zones) or f"the zones are {', '.join(zones)}"
                    yield f"{path}[{index}]", f"{member!r} is no zone; {mend}"
                elif member in members[:index]:
                    yield f"{path}[{index}]", f"{member!r} stands in the group twice; delete one"
        for name, services in self.services.items():
            path = f".groups.services.{name}"
            if name in _TAKEN or name.isdecimal():
                yield path, f"{name!r} means something else in a list of services; call the group otherwise"
            for index, member in enumerate(services):
                if member in self.services:
                    yield f"{path}[{index}]", f"{member!r} is a group; name its services, groups hold no groups"

    def zones_of(self, text: str) -> tuple[str, ...]:
        """What an end of a rule stands for: the zones of a group, or just itself."""
        return self.zones.get(text, (text,))

    def services_of(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """The same services with every group's written out, each once."""
        return tuple(dict.fromkeys(each for text in texts for each in self.services.get(text, (text,))))


def did_you_mean(text: str, known: Collection[str]) -> str:
    """`did you mean 'x'?`, where one of the known is near enough; else nothing."""
    near = difflib.get_close_matches(text, known, 1)
    return f"did you mean {near[0]!r}?" if near else ""
