"""Bills of materials in CycloneDX's XML, parsed without entities, external subsets or network."""

from __future__ import annotations

import io
import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scanner.errors import BadInput
from scanner.importers.cyclonedx import KIND, component, described
from scanner.importers.inventory import MOST_BYTES, MOST_ROWS, Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import clean, nothing, text_of

_BOM = re.compile(r"<bom\b[^>]*cyclonedx\.org")
_CUT_OFF = frozenset({3, 5, 6})
"""Expat's codes for input that ends too early: no element, unclosed token, partial character."""
_DEEPEST = 200


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True).lstrip()
    return text.startswith("<") and bool(_BOM.search(text))


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    if len(raw) > MOST_BYTES:
        raise BadInput(f"{name}: larger than {MOST_BYTES >> 20} MiB; no inventory of a site is")
    machine, bads = Listed(), Bads()
    cut = False
    path: list[str] = []
    number = 0
    timestamp: str | None = None
    try:
        for event, element in iterparse(io.BytesIO(raw), events=("start", "end"), forbid_dtd=True):
            tag = _local(element.tag)
            if event == "start":
                path.append(tag)
                if len(path) > _DEEPEST:
                    raise BadInput(f"{name}: nested too deeply to be a {KIND}")
                continue
            path.pop()
            if tag == "timestamp" and path[-1:] == ["metadata"]:
                timestamp = element.text
                described(machine, "", "", timestamp)
            elif tag == "component":
                number += 1
                if number > MOST_ROWS:
                    raise BadInput(f"{name}: more than {MOST_ROWS:,} components; import it in parts")
                if path[-1:] == ["metadata"]:
                    described(machine, element.get("type", ""), _text(element, "name"), timestamp)
                elif "metadata" not in path:  # else what the bill was made with
                    _keep(machine, element, number, bads, hints)
                element.clear()
    except ParseError as error:
        if error.code not in _CUT_OFF or not machine.items:
            raise BadInput(f"{name}:{error.position[0]}: not XML that can be read: {error.msg}") from None
        cut = True
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput(f"{name}: XML that may not be read ({clean(str(error), 120)}); export it again") from None
    if not machine.items:
        raise nothing(name, f"a {KIND}", bads)
    return Inventories((machine,), bads, cut)


def _keep(machine: Listed, element: Element, number: int, bads: Bads, hints: Hints) -> None:
    vendor = _text(element, "publisher")
    if not vendor and (supplier := _child(element, "supplier")) is not None:
        vendor = _text(supplier, "name")
    kind, name, version = element.get("type", ""), _text(element, "name"), _text(element, "version")
    component(machine, kind, name, version, vendor, _text(element, "purl"), 0, bads, hints.distro)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if _local(each.tag) == name), None)


def _text(element: Element, name: str) -> str:
    found = _child(element, name)
    return clean(found.text if found is not None else "", 500)


INVENTORY = Format(title="bill of materials, CycloneDX XML", recognises=_recognises, read=_read)
