"""One host of one zone, as all of the assessment speaks of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.identity import Link, Mark
from scanner.assess.machines.installed import InstalledProduct
from scanner.assess.machines.told import Told
from scanner.identify.shown import shown
from scanner.model.addresses import address_key
from scanner.model.product import Product
from scanner.model.report import SoftwareRow


class Identified(msgspec.Struct, frozen=True, gc=False):
    """A product, where it showed, and what named it."""

    product: Product
    kind: str
    raw: bytes
    key: FlowKey
    at: float = 0.0
    """When it was said; 0: not known."""

    @property
    def evidence(self) -> str:
        return _evidence(self.key[1], self.key[2], self.kind, self.raw)


@lru_cache(maxsize=8192)
def _evidence(transport: str, port: int, kind: str, raw: bytes) -> str:
    return f"{transport}/{port} {shown(kind, raw)}"


class Machine(msgspec.Struct):
    """One host of one zone: its addresses there, and all that is known of it."""

    zone: str
    addresses: list[str]
    mac: str | None = None
    names: list[str] = msgspec.field(default_factory=list)
    services: dict[FlowKey, Told | None] = msgspec.field(default_factory=dict)
    """Open ports, with what was said there."""
    products: list[Identified] = msgspec.field(default_factory=list)
    called: tuple[str, ...] = ()
    """Names that make it known again: those of its addresses, not of its certificates."""
    card: str | None = None
    """The MAC address that does: not that of a router which answers in its place."""
    links: list[Link] = msgspec.field(default_factory=list)
    """Why it is held to be one with its twins."""
    announced: tuple[str, ...] = ()
    """Kinds of service that it announces by mDNS."""
    hardware: tuple[tuple[str, str], ...] = ()
    ttls: frozenset[int] = frozenset()
    installed: Sequence[InstalledProduct] = ()
    """What the newest inventories of it name that can be judged."""
    software: tuple[SoftwareRow, ...] = ()
    """All that they name."""
    os: str = ""
    """The system that they name."""
    _id: str = ""

    @property
    def marks(self) -> frozenset[Mark]:
        """By what it may be known again in another zone."""
        own = [Mark("name", name.lower().encode()) for name in self.called]
        if self.card:
            own.append(Mark("mac", self.card.encode()))
        return frozenset(own).union(*(each.marks for each in self.services.values() if each is not None))

    @property
    def twins(self) -> list[str]:
        """Ids of the same machine in other zones."""
        if not self.links:
            return []  # as nearly all of a large site's hosts
        return sorted({end for link in self.links for end in (link.left, link.right)} - {self.id})

    @property
    def id(self) -> str:
        if not self._id:
            self._id = f"{self.zone}/{self.addresses[0]}"
        return self._id


def ordered(machine: Machine) -> list[tuple[FlowKey, Told | None]]:
    """Its services by transport, port and address."""
    services = machine.services.items()
    if len(machine.addresses) == 1:
        return sorted(services, key=itemgetter(0))
    return sorted(services, key=lambda each: _order(each[0]))


def _order(key: FlowKey) -> tuple[str, int, tuple[int, int]]:
    return key[1], key[2], address_key(key[0])
