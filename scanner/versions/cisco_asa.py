"""Cisco ASA: `9.16(4)57`: version, maintenance release, interim; or with dots, `9.16.4.57`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:\((?P<c>{NUMBER})\)(?P<interim>{NUMBER})?|\.(?P<third>{NUMBER})(?:\.(?P<fourth>{NUMBER}))?)"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return integers(found, "a", "b", *(("c", "interim") if found["c"] else ("third", "fourth")))


SCHEME = Scheme(
    title="Cisco ASA",
    compare=by_key(_key),
    truths=(
        ("9.16(4)57", "9.16(4)9", 1),
        ("9.16(4)57", "9.16.4.57", 0),
        ("9.16(4)", "9.16(4)1", -1),
        ("9.8(4)48", "9.16(1)", -1),
        ("9.12(4)67", "9.12(5)", -1),
        ("9.16", "9.16(4)57", None),
        ("9.16(4)x", "9.16(4)", None),
    ),
)
