"""The report as JSON: the machine's copy, every key of `model.report` in its order, and nothing that is not in it."""

from __future__ import annotations

from typing import Any

import msgspec

from scanner.exporters import Exporter
from scanner.model.report import Report
from scanner.model.text import visible

_INDENT_LIMIT = 5 * 1024 * 1024
_ENCODER = msgspec.json.Encoder(order="deterministic")


def render(report: Report) -> bytes:
    """UTF-8 with a final newline; indented by two spaces where the report is below 5 MiB.

    Decoding it as a `Report` gives an equal report. Characters that do not print are `\\uXXXX` escapes of JSON itself,
    so that the file can be shown on a terminal and still says exactly what was seen.
    """
    try:
        compact = _ENCODER.encode(report)
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form: only then is text changed
        compact = _ENCODER.encode(_without_surrogates(msgspec.to_builtins(report)))
    text = (compact if len(compact) > _INDENT_LIMIT else msgspec.json.format(compact, indent=2)).decode()
    unprintable = {ord(char): _escape(ord(char)) for char in set(text) - {"\n"} if not char.isprintable()}
    return text.translate(unprintable).encode() + b"\n"


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


EXPORTER = Exporter(title="JSON, schema 1", suffix=".json", render=render)
