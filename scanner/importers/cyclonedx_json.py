"""Bills of materials in CycloneDX's JSON."""

from __future__ import annotations

import re

import msgspec

from scanner.errors import BadInput
from scanner.importers.cyclonedx import KIND, component, described
from scanner.importers.feed_json import Loose
from scanner.importers.inventory import MOST_ROWS, Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import Some, clean, decoded, nothing, text_of

_FORMAT = re.compile(r'"bomFormat"\s*:\s*"CycloneDX"')
_DEEPEST = 32


class _Supplier(Loose, frozen=True):
    name: Some = None


class _Component(Loose, frozen=True):
    type: str = ""
    name: Some = None
    version: Some = None
    publisher: Some = None
    group: Some = None
    purl: str = ""
    supplier: _Supplier | None = None
    components: tuple[msgspec.Raw, ...] = ()


class _About(Loose, frozen=True):
    timestamp: str | None = None
    component: _Component | None = None


class _Bill(Loose, frozen=True):
    metadata: _About | None = None
    components: tuple[msgspec.Raw, ...] = ()


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text.startswith("{") and bool(_FORMAT.search(text))


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    bill, cut = decoded(text_of(raw, name), _Bill, name)
    machine, bads = Listed(), Bads()
    about = bill.metadata or _About()
    if about.component is not None:
        described(machine, about.component.type, clean(about.component.name), about.timestamp)
    else:
        described(machine, "", "", about.timestamp)
    waiting = [(each, 0) for each in reversed(bill.components)]
    decoder = msgspec.json.Decoder(_Component)
    number = 0
    while waiting:
        part, deep = waiting.pop()
        number += 1
        if number > MOST_ROWS:
            raise BadInput(f"{name}: more than {MOST_ROWS:,} components; import it in parts")
        try:
            one = decoder.decode(part)
        except (msgspec.DecodeError, RecursionError):
            bads.add(0, f"component {number} is not one")
            continue
        vendor = clean(one.publisher) or clean(one.supplier.name if one.supplier else None)
        component(machine, one.type, clean(one.name), clean(one.version, 100), vendor, one.purl, 0, bads, hints.distro)
        if deep < _DEEPEST:
            waiting.extend((each, deep + 1) for each in reversed(one.components))
    if not machine.items:
        raise nothing(name, f"a {KIND}", bads)
    return Inventories((machine,), bads, cut)


INVENTORY = Format(title="bill of materials, CycloneDX JSON", recognises=_recognises, read=_read)
