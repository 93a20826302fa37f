"""Exim: `4.97.1`, `4.97_RC2`; a release candidate is below its release."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(rf"(?P<numbers>{NUMBER}(?:\.{NUMBER}){{1,4}})(?:[_-]RC(?P<candidate>{NUMBER}))?", re.IGNORECASE)


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    candidate = found["candidate"]
    return numbers(found["numbers"]), candidate is None, int(candidate or 0)


SCHEME = Scheme(
    title="Exim",
    compare=by_key(_key),
    truths=(
        ("4.97_RC2", "4.97", -1),
        ("4.97_RC2", "4.97-RC10", -1),
        ("4.97_RC2", "4.96.2", 1),
        ("4.94.2", "4.94", 1),
        ("4.100", "4.99.1", 1),
        ("4.93.0.4", "4.93", 1),
        ("4.99", "4.99.0", 0),
        ("4.98.2+fixes", "4.98.2", None),
        ("4", "4.98", None),
    ),
)
