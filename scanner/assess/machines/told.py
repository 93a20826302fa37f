"""What the readings of one port tell, whoever gave them.

Of the services of a large site most say what others say as well, word for word. So everything that follows from their
words alone is worked out once for each of them, and what is about one host is put together from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from scanner.assess.machines.identity import Mark, marks
from scanner.identify import identify
from scanner.identify.called import OWN_WORDS
from scanner.identify.devices import hardware
from scanner.identify.names import trade_name
from scanner.identify.second import NMAP, Second, nmap_products
from scanner.identify.service import service_name
from scanner.identify.shown import shown
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


_Key = tuple[Transport, int, tuple[Reading, ...], str, bool]


class Telling:
    """Works it out. `second` is asked about readings in which our own fingerprints find no product."""

    def __init__(self, second: Second) -> None:
        self._second = second
        self._told: dict[_Key, Told] = {}
        self._kinds: dict[frozenset[str], frozenset[str]] = {}
        self._silent: dict[tuple[Transport, int], ServiceRow] = {}
        self._wheres: dict[str, str] = {}

    def of(self, transport: Transport, port: int, talk: Conversation) -> Told:
        key = transport, port, talk.readings, talk.outcome, talk.tls
        found = self._told.get(key)
        if found is None:
            found = self._told[key] = self._tell(transport, port, talk)
        return found

    def forget(self) -> None:
        """What was worked out goes to the machines that it is of; nobody is going to say it again."""
        self._told.clear()

    def _where(self, transport: Transport, port: int) -> str:
        text = f"{transport}/{port}"
        return self._wheres.setdefault(text, text)

    def silent(self, transport: Transport, port: int) -> ServiceRow:
        """The row of an open port that nobody talked with."""
        found = self._silent.get((transport, port))
        if found is None:
            found = self._silent[transport, port] = _row(transport, port, None, ())
        return found

    def _tell(self, transport: Transport, port: int, talk: Conversation) -> Told:
        where = self._where(transport, port)
        readings = talk.readings
        kinds = frozenset(each.kind for each in readings)
        words = [word for each in readings for word in hardware(each.kind, each.raw)]
        named = [Named(product, each.kind, each.raw) for each in readings for product in identify(each.kind, each.raw)]
        # What a service only calls itself gives way to whoever has a fingerprint of it.
        sure = [each for each in named if not each.product.rule.endswith(OWN_WORDS)]
        others, more = self._seconded(readings, sure)
        told = {each.raw for each in more if each.kind != NMAP}
        by_nmap = any(each.kind == NMAP and each.product.version for each in more)
        own = [each for each in named if each not in sure and each.raw not in told and not by_nmap]
        products = (*sure, *own, *(each for each in more if not own or each.kind != NMAP))
        return Told(
            where=where,
            readings=readings,
            tls=talk.tls,
            marks=tuple([mark for each in readings for mark in marks(each)]),
            names=tuple(_certified(readings)),
            announced=tuple(
                line.decode("utf-8", "replace")
                for each in readings
                if each.kind == "mdns.services"
                for line in each.raw[:4096].split(b"\n")
            ),
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


def _certified(readings: Sequence[Reading]) -> Iterator[str]:
    """The names that certificates give a host."""
    for each in readings:
        found = certificate(each.raw) if each.kind == "tls.cert" else None
        if found is not None and found.subject:
            yield visible(found.subject)


def _row(transport: Transport, port: int, talk: Conversation | None, named: Sequence[Named]) -> ServiceRow:
    readings = talk.readings if talk else ()
    # What speaks is nearer to the truth than whose certificate it shows.
    first = _fullest(sorted(named, key=lambda each: each.kind == "tls.cert"))
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


def _fullest(found: Sequence[Named]) -> Named | None:
    """The product named first, by the reading that says most of it: one names it, another has its version."""
    same = [each for each in found if _words(each) == _words(found[0])]
    return max(same, key=lambda each: _detail(each.product), default=None)


def _words(found: Named) -> tuple[str, str]:
    return found.product.vendor, found.product.name


def _detail(product: Product) -> tuple[bool, bool, bool, bool]:
    return bool(product.version), product.certain, bool(product.revision), bool(product.distro)
