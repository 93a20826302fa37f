"""What the readings of one port tell, whoever gave them.

Of the services of a large site most say what others say as well, word for word. So everything that follows from their
words alone is worked out once for each of them, and what is about one host is put together from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scanner.assess.machines.identity import Mark, marks
from scanner.identify import identify, kinds
from scanner.identify.called import OWN_WORDS, leads
from scanner.identify.devices import Said, hardware, said_by
from scanner.identify.foretold import mute
from scanner.identify.names import trade_name
from scanner.identify.second import NMAP, NOBODY, Second, nmap_products
from scanner.identify.service import service_name
from scanner.identify.shown import shown
from scanner.identify.tls import KIND as CERTIFICATE
from scanner.identify.tls import certificate
from scanner.model.base import Transport
from scanner.model.observation import Conversation, Reading
from scanner.model.product import Product
from scanner.model.report import ServiceRow
from scanner.model.text import visible


class Named(msgspec.Struct, frozen=True, gc=False):
    """A product and the bytes that named it."""

    product: Product
    kind: str
    raw: bytes


class Clue(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What an open port says of the kind of machine. Ports that say the same have one clue, known by its identity."""

    transport: Transport
    port: int
    said: tuple[Said, ...]
    readings: int
    """How many there are."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """What one conversation says of the host; hosts with equal ones share it."""

    where: str
    """`tcp/443`."""
    readings: tuple[Reading, ...]
    tls: bool
    marks: tuple[Mark, ...]
    """By what the machine may be known again."""
    names: tuple[str, ...]
    """That its certificates give it."""
    announced: tuple[str, ...]
    """Kinds of service that it announces by mDNS."""
    hardware: tuple[tuple[str, str], ...]
    """Kinds of device that fingerprints name, each with the port."""
    products: tuple[Named, ...]
    row: ServiceRow
    kinds: frozenset[str]
    """Of its readings."""
    different: tuple[Product, ...]
    """Its products, each once."""
    clue: Clue


class _Heard(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What one reading says by itself. Those of one kind that name nothing, as hosts' keys, have one between them."""

    kind: str
    words: tuple[str, ...] = ()
    """Kinds of device that fingerprints name."""
    named: tuple[Named, ...] = ()
    mute: bool = False
    """Whether nothing says anything of it, fingerprints of devices included."""


class _Common(msgspec.Struct, frozen=True, gc=False):
    """What services share whose words differ in nothing but keys, certificates and the like."""

    where: str
    hardware: tuple[tuple[str, str], ...]
    products: tuple[Named, ...]
    row: ServiceRow
    kinds: frozenset[str]
    different: tuple[Product, ...]


_Key = tuple[Transport, int, tuple[Reading, ...], str, bool]
_MARKED = frozenset({"ssh.hostkey", CERTIFICATE, "snmp.engineid", "smb", "ntlm"})
"""Kinds of readings that may have a mark."""
_ANNOUNCED = "mdns.services"


class Telling:
    """Works it out. `second` is asked about readings in which our own fingerprints find no product."""

    def __init__(self, second: Second) -> None:
        self._second = second
        self._told: dict[_Key, Told] = {}
        self._heard: dict[Reading, _Heard] = {}
        self._printed = kinds()
        self._nothing: dict[str, _Heard] = {}
        self._mute: dict[str, _Heard] = {}
        self._common: dict[tuple[object, ...], _Common] = {}
        self._clues: dict[tuple[Transport, int, tuple[Said, ...], int], Clue] = {}
        self._silent: dict[tuple[Transport, int], ServiceRow] = {}
        self._kinds: dict[frozenset[str], frozenset[str]] = {}
        self._wheres: dict[str, str] = {}

    def of(self, transport: Transport, port: int, talk: Conversation) -> Told:
        key = transport, port, talk.readings, talk.outcome, talk.tls
        found = self._told.get(key)
        if found is None:
            found = self._told[key] = self._tell(transport, port, talk)
        return found

    def forget(self) -> None:
        """What was worked out goes to the machines that it is of; nobody is going to say it again."""
        for each in (self._told, self._heard, self._common):
            each.clear()

    def silent(self, transport: Transport, port: int) -> ServiceRow:
        """The row of an open port that nobody talked with."""
        found = self._silent.get((transport, port))
        if found is None:
            found = self._silent[transport, port] = _row(transport, port, None, ())
        return found

    def clue(self, transport: Transport, port: int, said: tuple[Said, ...] = (), readings: int = 0) -> Clue:
        """The one clue of ports that say the same; without `said` of one that nobody talked with."""
        key = transport, port, said, readings
        found = self._clues.get(key)
        if found is None:
            found = self._clues[key] = Clue(transport, port, said, readings)
        return found

    def _tell(self, transport: Transport, port: int, talk: Conversation) -> Told:
        readings = talk.readings
        heard = [self._hear(each) for each in readings]
        # A row without a product shows what was read first.
        first = () if any(each.named for each in heard) else readings[:1]
        key = transport, port, talk.outcome, talk.tls, first, *map(id, heard)
        common = self._common.get(key)
        if common is None:
            common = self._in_common(transport, port, talk, heard)
            if not any(each.kind.startswith("nmap.") for each in heard):
                # What Nmap made of a service is weighed against the bytes of all its readings.
                self._common[key] = common
        kinds = common.kinds
        clues = [
            said for one, each in zip(heard, readings, strict=True) for said in said_by(common.where, each, one.mute)
        ]
        return Told(
            where=common.where,
            readings=readings,
            tls=talk.tls,
            marks=() if kinds.isdisjoint(_MARKED) else tuple([mark for each in readings for mark in marks(each)]),
            names=tuple(_certified(readings)) if CERTIFICATE in kinds else (),
            announced=tuple(_announced(readings)) if _ANNOUNCED in kinds else (),
            hardware=common.hardware,
            products=common.products,
            row=common.row,
            kinds=kinds,
            different=common.different,
            clue=self.clue(transport, port, tuple(clues), len(readings)),
        )

    def _hear(self, reading: Reading) -> _Heard:
        """Our own fingerprints' word on a reading, and where they name no product, another's."""
        kind, raw = reading.kind, reading.raw
        if kind not in self._printed and (silent := self._nothing.get(kind)) is not None:
            return silent  # there is no fingerprint of that kind, and nobody else to ask
        if self._second is NOBODY and mute(kind, raw):
            return self._mute.setdefault(kind, _Heard(kind, mute=True))
        found = self._heard.get(reading)
        if found is None:
            words = hardware(kind, raw)
            named = tuple([Named(product, kind, raw) for product in identify(kind, raw)])
            if words or named:
                found = self._heard[reading] = _Heard(kind, words, named)
            elif self._second is NOBODY:
                found = self._nothing.setdefault(kind, _Heard(kind))
            else:
                found = self._heard[reading] = _Heard(kind)
        return found

    def _in_common(self, transport: Transport, port: int, talk: Conversation, heard: Sequence[_Heard]) -> _Common:
        named = [each for one in heard for each in one.named]
        words = [word for one in heard for word in one.words]
        # What a service only calls itself gives way to whoever has a fingerprint of it.
        sure = [each for each in named if not each.product.rule.endswith(OWN_WORDS)]
        others, more = self._seconded(talk.readings, sure)
        told = {each.raw for each in more if each.kind != NMAP}
        by_nmap = any(each.kind == NMAP and each.product.version for each in more)
        own = [_completed(each, sure) for each in named if each not in sure and each.raw not in told and not by_nmap]
        # But what a service is written in is no name for it.
        first = [each for each in sure if not leads([each.product.name])]
        then = [each for each in sure if leads([each.product.name])]
        products = (*first, *own, *then, *(each for each in more if not own or each.kind != NMAP))
        where = f"{transport}/{port}"
        where = self._wheres.setdefault(where, where)
        kinds = frozenset([each.kind for each in heard])
        return _Common(
            where=where,
            hardware=tuple((where, word) for word in (*words, *others)),
            products=products,
            row=_row(transport, port, talk, products),
            kinds=self._kinds.setdefault(kinds, kinds),
            different=tuple(dict.fromkeys(each.product for each in products)),
        )

    def _seconded(self, readings: Sequence[Reading], said: list[Named]) -> tuple[list[str], list[Named]]:
        """What others make of the readings of a port that named no product to us: kinds of device, and products.
        Where we have a name, it stands."""
        told = {each.raw for each in said}
        named = {each.product.name for each in said}
        words: list[str] = []
        more: list[Named] = []
        for reading in readings:
            if reading.raw in told or reading.kind == NMAP:
                continue
            for product in self._second.products(reading.kind, reading.raw):
                if product.name not in named:
                    more.append(Named(product, reading.kind, reading.raw))
                    named.add(product.name)
            words.extend(self._second.hardware(reading.kind, reading.raw))
        if not named:
            own = [each.raw for each in readings if not each.kind.startswith("nmap.")]
            more.extend(
                Named(product, each.kind, each.raw)
                for each in readings
                if each.kind == NMAP
                for product in nmap_products(each.raw, own)
            )
        return words, more


def _announced(readings: Sequence[Reading]) -> Iterator[str]:
    """The kinds of service that a host announces."""
    for each in readings:
        if each.kind == _ANNOUNCED:
            yield from (line.decode("utf-8", "replace") for line in each.raw[:4096].split(b"\n"))


def _certified(readings: Sequence[Reading]) -> Iterator[str]:
    """The names that certificates give a host."""
    for each in readings:
        found = certificate(each.raw) if each.kind == CERTIFICATE else None
        if found is not None and found.subject:
            yield visible(found.subject)


def _row(transport: Transport, port: int, talk: Conversation | None, named: Sequence[Named]) -> ServiceRow:
    readings = talk.readings if talk else ()
    # What speaks is nearer to the truth than whose certificate it shows.
    first = _fullest(sorted(named, key=lambda each: each.kind == CERTIFICATE))
    if first is not None:
        evidence = f"{transport}/{port} {shown(first.kind, first.raw)}"
    elif readings:
        evidence = shown(readings[0].kind, readings[0].raw)
    else:
        evidence = talk.outcome if talk else "open"
    return ServiceRow(
        transport=transport,
        port=port,
        state="open",
        service=service_name(transport, port, readings, talk.tls if talk else False) or None,
        product=first.product.name if first else None,
        version=first.product.version if first else None,
        cpe=first.product.cpe if first else None,
        evidence=evidence,
        revision=first.product.revision if first else None,
        distro=first.product.distro if first else None,
        tls=talk.tls if talk else False,
        title=trade_name(first.product) if first else None,
    )


def _completed(own: Named, sure: Sequence[Named]) -> Named:
    """A version in the service's own words is that of the product which a fingerprint knows by the same name."""
    same = [each.product for each in sure if each.product.name == own.product.name]
    if not same or own.product.version is None or any(each.version for each in same):
        return own
    return msgspec.structs.replace(
        own,
        product=msgspec.structs.replace(
            own.product,
            vendor=same[0].vendor,
            cpe=_numbered(same[0].cpe, own.product.version),
        ),
    )


def _numbered(cpe: str | None, version: str) -> str | None:
    """A CPE that had no version, with one."""
    plain = version.replace(".", "").replace("-", "").isalnum()
    return cpe.replace(":*:", f":{version.lower()}:", 1) if cpe and plain else None


def _fullest(found: Sequence[Named]) -> Named | None:
    """The product named first, by the reading that says most of it: one names it, another has its version."""
    same = [each for each in found if _words(each) == _words(found[0])]
    return max(same, key=lambda each: _detail(each.product), default=None)


def _words(found: Named) -> tuple[str, str]:
    return found.product.vendor, found.product.name


def _detail(product: Product) -> tuple[bool, bool, bool, bool]:
    return bool(product.version), product.certain, bool(product.revision), bool(product.distro)
