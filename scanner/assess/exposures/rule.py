"""What a rule is given, and what it says: one rule a file of this folder, `RULE` is its constant.

A rule is pure, looks at one host at a time, and speaks only where the protocol's own answer proves the exposure. What
a port is assigned to, or that it is open, proves nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.inventory import Machine
from scanner.identify.shown import shown
from scanner.model.base import Severity, Transport
from scanner.model.observation import Reading
from scanner.model.product import Product
from scanner.model.site import Site, Trust

SHOWN = 300
"""Characters of a reading that evidence shows."""
PEOPLE: frozenset[str] = frozenset({"user", "untrusted"})
"""Trust of the zones from which nobody manages anything."""

Aspect = str
"""The part behind the colon of a key `exposure:ASPECT` in `scanner/controls`."""


class Service(msgspec.Struct, frozen=True, gc=False):
    """One open port of one host, on whichever of its addresses, with what was said there."""

    transport: Transport
    port: int
    addresses: tuple[str, ...]
    """Where it is open; at least one."""
    name: str
    """The protocol that the readings prove; a `?` behind it: the port's number is all there is."""
    readings: tuple[Reading, ...] = ()
    tls: bool = False
    products: tuple[Product, ...] = ()
    zones: tuple[str, ...] = ()
    """From where a vantage reached it."""
    kinds: frozenset[str] = frozenset()
    """Of its readings; filled in where they are not given."""

    def __post_init__(self) -> None:
        if not self.kinds and self.readings:
            msgspec.structs.force_setattr(self, "kinds", frozenset(each.kind for each in self.readings))

    @property
    def label(self) -> str:
        return f"{self.transport}/{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether TLS was seen here, from the start or after a STARTTLS."""
        return self.tls or "tls.cert" in self.kinds

    def speaks(self, protocols: frozenset[str]) -> bool:
        """Whether a reading proves one of these protocols, by its kind or by the protocol's usual name."""
        return self.name in protocols or not protocols.isdisjoint(first_words(self.kinds))

    def every(self, *kinds: str) -> Sequence[Reading]:
        # Rules ask for dozens of kinds, of which most services have none.
        return () if self.kinds.isdisjoint(kinds) else [each for each in self.readings if each.kind in kinds]

    def raw(self, *kinds: str) -> bytes | None:
        """The first reading of one of these kinds."""
        found = self.every(*kinds)
        return found[0].raw if found else None

    def shown(self, *kinds: str) -> str:
        """The readings of these kinds as evidence: `tcp/6379 redis.auth: none`."""
        return self.quoted(*(each for kind in kinds for each in self.every(kind)))

    def quoted(self, *readings: Reading) -> str:
        """These readings as evidence; a part of one may stand for the whole."""
        found = dict.fromkeys(shown(each.kind, each.raw, SHOWN) for each in readings)
        return f"{self.label} {'; '.join(found)}" if found else self.label


@lru_cache(maxsize=4096)
def first_words(kinds: frozenset[str]) -> frozenset[str]:
    """The protocols of some kinds of readings: `http` of `http.title`."""
    return frozenset(each.partition(".")[0] for each in kinds)


class Host(msgspec.Struct, frozen=True, gc=False):
    """One host of one zone."""

    machine: Machine
    trust: Trust
    services: tuple[Service, ...]
    router: bool = False
    """Whether one of its addresses is a next hop out of its zone."""
    critical: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """Of all readings."""
        return frozenset().union(*(each.kinds for each in self.services))


class Scene(msgspec.Struct, frozen=True):
    """What a rule may ask besides the host."""

    site: Site
    today: datetime.date
    unnamed: Callable[[str, FlowKey], bool]
    """Whether policy lets this flow from a zone pass only by a rule that names no port (`any`, `tcp/any`)."""

    def trust(self, zone: str) -> str:
        found = self.site.zone(zone)
        return found.trust if found else ""


class Exposure(msgspec.Struct, frozen=True):
    """One cause at one service. The same cause and subject at several services of a host are one finding."""

    cause: str
    """Stable, and part of the finding's id: `redis-open`."""
    aspect: Aspect
    severity: Severity
    what: str
    """The title goes on with it after the host: `telnet carries passwords in the clear`."""
    remedy: str
    """Its first line is a change that closes the same cause on every host, and has no host's name in it."""
    service: Service
    evidence: str
    replay: str = "nc -v -w 3 {a} {p}"
    """A command; `{a}` is the address, `{h}` the same for a URL, `{p}` the port."""
    subject: str | None = None
    """What on the host it is about, if not that one port: a certificate's fingerprint, `""` for the host as a whole."""


class Rule(msgspec.Struct, frozen=True):
    """`find` yields what it can prove of a host.

    What it finds at a host that its own zone alone reaches, and that is no router, rests on single services: other
    ones of the host, and where it stands, make that better or worse. Where one service bears on another, or an address
    on it, `concerns` says of which hosts `find` may speak at all.
    """

    find: Callable[[Scene, Host], Iterable[Exposure]]
    reads: frozenset[str] | None = None
    """Kinds of readings without any of which `find` has nothing to say; None where it judges by more than readings."""
    weighs: frozenset[str] = frozenset()
    """Where `reads` is None: kinds of which it looks at the bytes all the same."""
    concerns: Callable[[Service], bool] | None = None
    """Whether it may have something to say of a host with this service, whatever else there is."""

    def may_find(self, kinds: frozenset[str]) -> bool:
        """Whether readings of these kinds may give it something to say."""
        return self.reads is None or not self.reads.isdisjoint(kinds)

    def looks_into(self, kinds: frozenset[str]) -> bool:
        """Whether it looks at the bytes of readings of one of these kinds."""
        return not (self.weighs if self.reads is None else self.reads).isdisjoint(kinds)


def each_service(find: Callable[[Service], Iterable[Exposure]], reads: frozenset[str] | None = None) -> Rule:
    """A rule that looks at one service at a time."""

    def whole(scene: Scene, host: Host) -> Iterator[Exposure]:
        for service in host.services:
            if reads is None or not reads.isdisjoint(service.kinds):
                yield from find(service)

    return Rule(whole, reads)


def told(raw: bytes | None) -> str:
    """A normalised fact (`none`, `not-required`) as a word; empty where nothing was read."""
    return (raw or b"")[:64].decode("ascii", "replace").strip().lower()
