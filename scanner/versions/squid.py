"""Squid: `6.6`, `3.1.0.14`, and until 3.0 `2.7.STABLE9`, `3.0.PRE7`, `3.0.RC1`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(
    rf"(?:squid/)?(?P<release>{NUMBER}\.{NUMBER})(?:\.(?:(?P<stage>DEVEL|PRE|RC|STABLE))?"
    rf"(?P<rest>{NUMBER}(?:\.{NUMBER})?))?(?:-[0-9]{{8}}(?:-r[0-9a-f]{{1,40}})?)?",
    re.IGNORECASE,
)
_STAGES = ("DEVEL", "PRE", "RC", "STABLE")


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    first, second = map(int, found["release"].split("."))
    stage = _STAGES.index((found["stage"] or "STABLE").upper())
    return first, second, stage, numbers(found["rest"] or "")


SCHEME = Scheme(
    title="Squid",
    compare=by_key(_key),
    truths=(
        ("6.6", "6.13", -1),
        ("3.5.28", "4.1", -1),
        ("2.7.STABLE9", "2.7.9", 0),
        ("3.0.STABLE8", "3.0.STABLE25", -1),
        ("3.0.PRE7", "3.0.RC1", -1),
        ("3.1.0.14", "3.1.1", -1),
        ("squid/4.6-20190219", "4.6", 0),
        ("3.5.x", "3.5.28", None),
    ),
)
