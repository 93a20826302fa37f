"""From what a service said to the product that said it.

`identify` takes a reading's kind and bytes. Fingerprints are data (`fingerprints/KIND.xml`, recog's format); who built
the product, and the package's revision, is parsed by `distro`. Pure but for the package's own files.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from itertools import islice

import msgspec

from scanner.identify.called import CALLED, called, leads
from scanner.identify.distro import build_of
from scanner.identify.matcher import Database, Match, load
from scanner.identify.prepare import texts
from scanner.identify.whole import whole
from scanner.model.product import Product
from scanner.model.text import visible

MOST = 16
"""Products that one reading may name."""
_REMEMBERED = 4096
"""Readings of which it is remembered what they name: a build runs on many hosts, and all of them say the same."""
FIELD = 256
"""Characters of a field of a Product, its escapes not counted."""


@cache
def kinds() -> frozenset[str]:
    """The kinds of reading for which there are fingerprints."""
    files = resources.files(__package__).joinpath("fingerprints").iterdir()
    return frozenset(file.name.removesuffix(".xml") for file in files if file.name.endswith(".xml"))


@cache
def database(kind: str) -> Database:
    """Our own fingerprints of a kind, read when first asked for. KeyError for a kind that has none."""
    if kind not in kinds():
        raise KeyError(kind)
    name = f"{kind}.xml"
    return load(resources.files(__package__).joinpath("fingerprints", name).read_bytes(), name)


@lru_cache(maxsize=_REMEMBERED)
def identify(kind: str, raw: bytes) -> tuple[Product, ...]:
    """The products that a reading names, each once, the service's own first; `()` if none is known.

    Never raises, whatever the bytes or the kind, and takes time linear in their number. Every string of a Product has
    been made visible and is bounded.
    """
    if kind not in kinds() or not raw:
        return ()
    found: dict[tuple[str, str], Product] = {}
    for text in texts(kind, raw):
        match = database(kind).match(text)
        if match is None:
            continue
        for product in _products(kind, match, text):
            found.setdefault((product.vendor, product.name), product)
        if len(found) >= MOST:
            break
    if kind in CALLED and (not found or _hidden(kind, raw, tuple(found.values()))):
        named = (_called(kind, text) for text in islice(texts(kind, raw), CALLED[kind]))
        return (*islice(filter(None, named), 1), *found.values())
    return tuple(found.values())


def _hidden(kind: str, raw: bytes, found: tuple[Product, ...]) -> bool:
    """Whether what a line names first is no product we know: of `Weaver/1.2 Python/3.11` we know Python only."""
    first = next(texts(kind, raw), "")
    return leads([product.name for product in found]) and database(kind).match(first) is None


def _called(kind: str, text: str) -> Product | None:
    product = called(kind, text)
    if product is None:
        return None
    build = build_of(kind, product.name, product.version, text)
    return msgspec.structs.replace(product, revision=build.revision and _shown(build.revision), distro=build.distro)


def _products(kind: str, match: Match, text: str) -> list[Product]:
    """A fingerprint may name the service, a component of it, and the system (whose version a service can show)."""
    made: list[Product] = []
    fields = match.fields
    for prefix, part in (("service", "a"), ("service.component", "a"), ("os", "o")):
        vendor, name = fields.get(f"{prefix}.vendor", ""), fields.get(f"{prefix}.product", "")
        if not vendor or not name:
            continue
        version = fields.get(f"{prefix}.version") or None
        released = True
        if version and prefix != "os":
            version, released = whole(version, text)
        build = build_of(kind, name, version, text)
        made.append(
            Product(
                vendor=_shown(vendor),
                name=_shown(name),
                version=_shown(version) if version else None,
                revision=_shown(build.revision) if build.revision else None,
                distro=_shown(build.distro) if build.distro else None,
                cpe=cpe(part, vendor, name, version, fields.get(f"{prefix}.cpe23", "")),
                certain=released and not _doubted(fields.get(f"{prefix}.certainty", "")),
                rule=f"{kind}.xml: {match.description}",
            )
        )
    return made


def _doubted(certainty: str) -> bool:
    try:
        return float(certainty or 1) < 1
    except ValueError:
        return True


def _shown(text: str) -> str:
    return visible(text, FIELD)


def cpe(part: str, vendor: str, name: str, version: str | None, uri: str) -> str | None:
    """A CPE 2.3 formatted string. `uri` (`cpe:/a:vendor:product`) overrides the words where a CPE has others.

    None for a `uri` of `-`: the National Vulnerability Database has no name for it, and one made up finds nothing.
    """
    if uri == "-":
        return None
    if uri.startswith("cpe:/"):
        words = uri[5:].split(":")
        if len(words) >= 3:
            part, vendor, name = words[:3]
    number, update = version or "*", "*"
    if name == "openssh" and "p" in number:
        number, _, patch = number.partition("p")
        update = f"p{patch}"
    words = [part, vendor, name, number, update]
    return "cpe:2.3:" + ":".join([*(_cpe_word(word) for word in words), *"******"])


def _cpe_word(word: str) -> str:
    if word == "*":
        return word
    plain = "".join(c if (c.isascii() and c.isalnum()) or c in "_-." else f"\\{c}" for c in _shown(word))
    return "\\-" if plain == "-" else plain.lower().replace(" ", "_")
