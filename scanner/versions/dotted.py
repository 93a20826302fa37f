"""Numbers with dots between: `1.26.3`. A missing number counts as zero, so `11`, `11.0` and `11.0.0` are equal.

Anything else in the text (letters, candidates, revisions) makes it incomparable: a product that has those names a
scheme of its own.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(rf"v?{NUMBER}(?:\.{NUMBER}){{0,15}}")


def _key(text: str) -> tuple[int, ...] | None:
    return numbers(text) if _FORM.fullmatch(text) else None


SCHEME = Scheme(
    title="Dotted numbers",
    compare=by_key(_key),
    truths=(
        ("1.9", "1.10", -1),
        ("11.0", "11", 0),
        ("11.0.0", "11.0.1", -1),
        ("2.4.57", "2.4.6", 1),
        ("v3.0.5", "3.0.05", 0),
        ("0", "0.0", 0),
        ("1.26.3-rc1", "1.26.3", None),
        ("1.٣", "1.3", None),
        ("1..3", "1.3", None),
    ),
)
