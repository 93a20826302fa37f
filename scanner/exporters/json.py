"""The report as JSON: the machine's copy, every key of `model.report` in its order, and nothing that is not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.model.report import Report
from scanner.model.text import visible

_INDENT_LIMIT = 5 * 1024 * 1024
_FOREIGN = re.compile(rb"[\x7f-\xff]+")
"""All that may not print: below it JSON escapes for itself, and the line breaks between its values are our own."""
_AT_ONCE = 2048
"""Rows that are turned into text at a time."""
_ENCODER = msgspec.json.Encoder(order="deterministic")


def render(report: Report) -> bytes:
    """UTF-8 with a final newline; indented by two spaces where the report is below 5 MiB.

    Decoding it as a `Report` gives an equal report. Characters that do not print are `\\uXXXX` escapes of JSON itself,
    so that the file can be shown on a terminal and still says exactly what was seen.
    """
    return b"".join(parts(report))


def parts(report: Report) -> Iterator[bytes]:
    """The same in parts: of a large site it is more text than has to be held at once."""
    waiting: list[bytes] | None = []
    size = 0
    for part in _compact(report):
        size += len(part)
        if waiting is None:
            yield _shown(part)
            continue
        waiting.append(part)
        if size > _INDENT_LIMIT:
            yield _shown(b"".join(waiting))
            waiting = None
    if waiting is not None:
        yield _shown(msgspec.json.format(b"".join(waiting), indent=2))
    yield b"\n"


def _compact(report: Report) -> Iterator[bytes]:
    """Without blanks, in parts that end between two values."""
    for number, field in enumerate(msgspec.structs.fields(report)):
        value = getattr(report, field.name)
        yield (b"," if number else b"{") + _encoded(field.encode_name) + b":"
        if not isinstance(value, tuple):
            yield _encoded(value)
            continue
        yield b"["
        for first in range(0, len(value), _AT_ONCE):
            yield b"," * bool(first) + _encoded(value[first : first + _AT_ONCE])[1:-1]
        yield b"]"
    yield b"}"


def _encoded(value: Any) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form: only then is text changed
        return _ENCODER.encode(_without_surrogates(msgspec.to_builtins(value)))


def _shown(text: bytes) -> bytes:
    """With an escape for whatever would not print."""
    # Most parts have nothing of that, and of a large site looking for it byte by byte takes seconds.
    if text.isascii() and b"\x7f" not in text:
        return text
    return text if text.decode().isprintable() else _FOREIGN.sub(_printable, text)


def _printable(found: re.Match[bytes]) -> bytes:
    text = found[0].decode()
    return "".join(char if char.isprintable() else _escape(ord(char)) for char in text).encode()


def _escape(code: int) -> str:
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(each) for each in value]
    if isinstance(value, str) and not _encodes(value):
        return visible(value, len(value))
    return value


def _encodes(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


EXPORTER = Exporter(title="JSON, schema 1", suffix=".json", render=render, parts=parts)
