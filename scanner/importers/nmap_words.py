"""Single values of Nmap's XML, each as ours or as nothing: the file is hostile."""

from __future__ import annotations

from scanner.model.addresses import address
from scanner.model.text import visible

_PORTS = 65_536


def reason_of(text: str) -> str:
    """Old versions write `resets` and `no-responses` in summaries."""
    for plural, cut in (("unreaches", 2), ("resets", 1), ("responses", 1), ("refuseds", 1), ("prohibiteds", 1)):
        if text.endswith(plural):
            return visible(text[:-cut], 60)
    return visible(text, 60)


def is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535


def count_of(text: str) -> int:
    """Of a list of ports how many it names; 0 of anything else, and of one that names them all a thousand times."""
    many = 0
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not is_port(first) or not (is_port(last) or (not last and first == part)):
            return 0
        many += max(0, int(last or first) - int(first) + 1)
        if many > _PORTS:
            return 0
    return many


def mac_of(text: str) -> str | None:
    mac = text.lower()
    parts = mac.split(":")
    return mac if len(parts) == 6 and all(len(p) == 2 and set(p) <= set("0123456789abcdef") for p in parts) else None


def ttl_of(text: str | None) -> int | None:
    """Nmap writes 0 where it saw none."""
    value = number_of(text)
    return int(value) if value is not None and 0 < value <= 255 else None


def source_of(text: str | None) -> str | None:
    try:
        return address(text) if text else None
    except ValueError:
        return None


def number_of(text: str | None) -> float | None:
    """Digits only: a time of the file's own invention (`1e999`, `nan`) is none."""
    return float(text) if text and text.isascii() and text.isdecimal() and len(text) <= 12 else None
