"""Second opinions: what others make of a reading in which our own fingerprints find no product.

`Second` is whoever may be asked (recog's databases, where the user has them). Nmap's word on a service comes as a
reading of its own, `nmap.service`. Neither ever overrules a name that our own fingerprints gave.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

import msgspec

from scanner.identify import cpe, identify
from scanner.identify.devices import Clues, device, fragile, hardware
from scanner.model.addresses import ports_of
from scanner.model.base import Transport
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading
from scanner.model.product import Product
from scanner.model.text import visible

NMAP = "nmap.service"
"""A reading whose bytes are the `<service>` element of Nmap's XML."""
LONGEST = 8192
_FIELD = 256
_VERSION = re.compile(r"v?\d[\w.+~:()-]*")
_VAGUE = re.compile(r"\bor (?:later|earlier|newer|older)\b|[<>]|[xX]$|\.[xX]\b| - ")


class Second(Protocol):
    """Somebody to ask about a reading. Pure; never raises."""

    digest: str
    """Of what the answers rest on; empty if there is nothing."""

    def products(self, kind: str, raw: bytes) -> tuple[Product, ...]: ...
    def hardware(self, kind: str, raw: bytes) -> tuple[str, ...]:
        """The kinds of device (`Printer`) that it names, in recog's words."""
        ...


class _Nobody:
    digest = ""

    def products(self, kind: str, raw: bytes) -> tuple[Product, ...]:
        return ()

    def hardware(self, kind: str, raw: bytes) -> tuple[str, ...]:
        return ()


NOBODY: Second = _Nobody()


def unknown(talks: Iterable[Conversation], second: Second = NOBODY) -> list[tuple[str, int]]:
    """(address, TCP port) of the services that said something, or took a connection, and have no product: each once,
    in order. What Nmap said of one before counts as a product, so that nobody is asked twice."""
    named: set[tuple[str, int]] = set()
    asked: dict[tuple[str, int], None] = {}
    for talk in talks:
        if talk.transport != "tcp":
            continue
        key = (talk.address, talk.port)
        if talk.outcome in ("answered", "silent", "reset", "timeout"):
            asked[key] = None
        for reading in talk.readings:
            if (
                reading.kind == NMAP
                or identify(reading.kind, reading.raw)
                or second.products(reading.kind, reading.raw)
            ):
                named.add(key)
    return sorted(key for key in asked if key not in named)


def breakable(
    rows: Iterable[Observation], addresses: Collection[str], vendor: Callable[[str], str | None]
) -> dict[str, str]:
    """Which of these addresses look like devices that break, by what one session saw of them: address -> why."""
    seen: dict[str, _Seen] = {address: _Seen() for address in addresses}
    for row in rows:
        if not isinstance(row, HostSeen | PortState | Conversation) or row.address not in seen:
            continue
        host = seen[row.address]
        if isinstance(row, HostSeen):
            host.vendor = (vendor(row.mac) if row.mac else None) or host.vendor
            host.names += row.names
        elif isinstance(row, Conversation):
            host.readings += [(f"{row.transport}/{row.port}", reading) for reading in row.readings]
        elif row.state == "open" and row.transport != "icmp":
            host.ports.update((row.transport, port) for port in ports_of(row.ports))
    found: dict[str, str] = {}
    for address, host in seen.items():
        verdict = device(
            Clues(
                vendor=host.vendor,
                names=tuple(host.names),
                ports=frozenset(host.ports),
                readings=tuple(host.readings),
                products=tuple((where, p) for where, each in host.readings for p in identify(each.kind, each.raw)),
                hardware=tuple((where, w) for where, each in host.readings for w in hardware(each.kind, each.raw)),
            )
        )
        if fragile(verdict.kind):
            found[address] = f"looks like a fragile device ({verdict.evidence[0]})"
    return found


class _Seen(msgspec.Struct):
    vendor: str = ""
    names: list[str] = msgspec.field(default_factory=list)
    ports: set[tuple[Transport, int]] = msgspec.field(default_factory=set)
    readings: list[tuple[str, Reading]] = msgspec.field(default_factory=list)


def nmap_products(raw: bytes, said: Sequence[bytes] = ()) -> tuple[Product, ...]:
    """The product in a `<service>` element of Nmap's XML; `()` for anything else. Never raises.

    A version is taken over, and is certain, where it stands in `said`, the bytes that we read at that port ourselves.
    Where we read nothing it is taken over and is not certain. Else it is left out: Nmap gives some products a fixed
    number or a range, and neither is a version.
    """
    element = _element(raw)
    if element is None or not element.get("product"):
        return ()
    part, vendor, name = _words(element)
    if not name:
        return ()
    text = element.get("version") or ""
    # Behind the first word Nmap writes the package's revision, which our own code reads from our own bytes.
    version = text.partition(" ")[0]
    literal = _shows(said, version)
    whole = bool(_VERSION.fullmatch(version)) and not _VAGUE.search(text)
    kept = version if whole and (literal or not any(said)) else None
    return (
        Product(
            vendor=visible(vendor, _FIELD),
            name=visible(name, _FIELD),
            version=visible(kept, _FIELD) if kept else None,
            cpe=cpe(part, vendor, name, kept, ""),
            certain=literal and kept is not None,
            rule=f"nmap: {visible(element.get('product', ''), _FIELD)}",
        ),
    )


def _shows(said: Sequence[bytes], version: str) -> bool:
    """Whether the version stands in the bytes as a number of its own. A short whole number stands anywhere."""
    if not version or (version.isdigit() and len(version) < 4):
        return False
    alone = re.compile(rb"(?<![\d.])" + re.escape(version.encode()) + rb"(?!\.?\d)")
    return any(alone.search(each) for each in said)


def _element(raw: bytes) -> dict[str, str] | None:
    """The attributes of the element, and its first CPE as `cpe`."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if not raw.startswith(b"<service") or len(raw) > LONGEST:
        return None
    try:
        element = fromstring(raw, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException):
        return None
    cpes = [each.text or "" for each in element.iter("cpe")]
    return {**element.attrib, "cpe": next((each for each in cpes if each.startswith("cpe:/a:")), next(iter(cpes), ""))}


def _words(element: dict[str, str]) -> tuple[str, str, str]:
    """Part, vendor and name as a CPE has them; out of Nmap's own name for the product where it gives no CPE."""
    words = element["cpe"].removeprefix("cpe:/").split(":")
    if len(words) >= 3 and words[0] in ("a", "o", "h") and words[1] and words[2]:
        return words[0], words[1], words[2]
    name = "_".join(re.findall(r"[a-z0-9.+-]+", element["product"].lower())[:6])
    return "a", name.partition("_")[0], name
