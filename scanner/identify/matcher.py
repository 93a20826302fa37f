"""Fingerprint databases in recog's XML format, run by google-re2, so that no banner can make a pattern take forever.

A database is a list; the first fingerprint in the file's order that matches wins. Patterns follow Ruby, in which recog
is written: `^` and `$` are the ends of a line, and both REG_DOT_NEWLINE and REG_MULTILINE let `.` match a line feed.
Patterns are compiled when they are first tried.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from scanner.errors import BadInput

LONGEST = 65536
"""Bytes of a text that are looked at."""

_FLAGS = {"REG_ICASE": "i", "REG_DOT_NEWLINE": "s", "REG_MULTILINE": "s", "REG_LINE_ANY_CRLF": ""}
_PLACE = re.compile(r"\{([^{}]+)\}")
_PATTERN_MEMORY = 8 << 20
_TOGETHER_MEMORY = 64 << 20
_SELDOM = 64
"""Texts for which a database tries its patterns one by one: compiling all of them takes as long as that."""


class Example(msgspec.Struct, frozen=True):
    """A text that a fingerprint matches, and what it then says."""

    text: bytes
    fields: dict[str, str]


class Match(msgspec.Struct, frozen=True):
    """What a fingerprint says of a text."""

    description: str
    fields: dict[str, str]


class Fingerprint:
    """One pattern and the fields that it gives: fixed ones, and groups of the match."""

    __slots__ = ("_compiled", "description", "examples", "expression", "params")

    def __init__(
        self, expression: str, description: str, params: tuple[tuple[int, str, str], ...], examples: tuple[Example, ...]
    ) -> None:
        self.expression = expression
        """With its flags, as re2 takes it."""
        self.description = description
        self.params = params
        """(group, name, value); group 0: the value is fixed."""
        self.examples = examples
        self._compiled: Any = None

    def match(self, text: str) -> Match | None:
        """What this says of the text, None if it does not match. A group that took no part gives an empty string."""
        found = self._pattern().search(text)
        if found is None:
            return None
        fields = {name: value if group == 0 else found.group(group) or "" for group, name, value in self.params}
        for name, value in fields.items():
            if "{" in value and not any(name == n and group for group, n, _ in self.params):
                fields[name] = _PLACE.sub(lambda place: fields.get(place[1]) or "-", value)
        return Match(self.description, fields)

    def _pattern(self) -> Any:
        if self._compiled is None:
            import re2

            try:
                self._compiled = re2.compile(self.expression, _options(_PATTERN_MEMORY))
            except re2.error as error:
                raise self.refused(error) from None
        return self._compiled

    def refused(self, error: Exception) -> BadInput:
        return BadInput(f"{self.description}: not a pattern that re2 takes: {error}")


class Database:
    """The fingerprints of one file."""

    def __init__(self, name: str, fingerprints: tuple[Fingerprint, ...]) -> None:
        self.name = name
        self.fingerprints = fingerprints
        self._asked = 0
        self._all: Any = None

    def match(self, text: bytes | str) -> Match | None:
        """What the first fingerprint that matches says; linear in the length of the text, of which `LONGEST` counts."""
        if isinstance(text, bytes):
            text = decode(text)
        text = text[:LONGEST]
        for fingerprint in self._likely(text):
            if (found := fingerprint.match(text)) is not None:
                return found
        return None

    def _likely(self, text: str) -> Iterable[Fingerprint]:
        """Those that may match, in their order: who is asked often finds them in one go, all patterns together."""
        self._asked += 1
        if self._asked <= _SELDOM:
            return self.fingerprints
        if self._all is None:
            self._all = _together(self.fingerprints)
        hits: list[int] | None = self._all.Match(text)
        return [self.fingerprints[each] for each in sorted(hits)] if hits else ()


def _together(fingerprints: Iterable[Fingerprint]) -> Any:
    """All patterns as one automaton, which names each that a text matches."""
    import re2

    patterns = re2.Set.SearchSet(_options(_TOGETHER_MEMORY))
    for each in fingerprints:
        try:
            patterns.Add(each.expression)
        except re2.error as error:
            raise each.refused(error) from None
    patterns.Compile()
    return patterns


def _options(memory: int) -> Any:
    import re2

    options = re2.Options()
    options.max_mem = memory
    options.log_errors = False
    return options


def decode(raw: bytes) -> str:
    """A banner as text: UTF-8 if it is that, else a character a byte. Nothing is lost and nothing raises."""
    raw = raw[:LONGEST]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def load(xml: bytes, name: str, files: Mapping[str, bytes] | None = None) -> Database:
    """A database from its XML. `files` holds what examples outside of the file point to.

    BadInput says what is wrong with a file that cannot be used; entities and document types are refused.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        raise BadInput(f"{name}: not a fingerprint file: {error}") from None
    return Database(name, tuple(_fingerprint(each, name, files or {}) for each in root.iter("fingerprint")))


def _fingerprint(element: Any, name: str, files: Mapping[str, bytes]) -> Fingerprint:
    pattern = element.get("pattern")
    description = " ".join((element.findtext("description") or "").split())
    if not pattern:
        raise BadInput(f"{name}: {description or 'a fingerprint'} has no pattern")
    flags = "m"
    for flag in filter(None, (each.strip() for each in (element.get("flags") or "").split(","))):
        if flag not in _FLAGS:
            raise BadInput(f"{name}: {description}: {flag!r} is no flag that is known here")
        flags += _FLAGS[flag]
    params = tuple(
        (int(each.get("pos") or 0), each.get("name") or "", each.get("value") or "") for each in element.iter("param")
    )
    return Fingerprint(
        f"(?{''.join(sorted(set(flags)))}){pattern}",
        description,
        params,
        tuple(_example(each, files) for each in element.iter("example")),
    )


def _example(element: Any, files: Mapping[str, bytes]) -> Example:
    text = (element.text or "").encode()
    if element.get("_encoding") == "base64":
        text = base64.b64decode(text)
    if filename := element.get("_filename"):
        text = files.get(filename, text)
    return Example(text, {key: value for key, value in element.attrib.items() if not key.startswith("_")})
