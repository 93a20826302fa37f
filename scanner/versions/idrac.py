"""Dell iDRAC: `7.00.00.171`, `2.65.65.65`, older ones `1.98`, with a build behind or not: `2.92 (Build 05)`.

The build only repeats the release. A missing number counts as zero.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(rf"(?P<numbers>{NUMBER}(?:\.{NUMBER}){{1,3}})(?: ?\(Build {NUMBER}\))?", re.IGNORECASE)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else numbers(found["numbers"])


SCHEME = Scheme(
    title="Dell iDRAC",
    compare=by_key(_key),
    truths=(
        ("7.00.00.171", "7.00.00.00", 1),
        ("6.10.80.00", "6.10.30.20", 1),
        ("2.65.65.65", "2.70.70.70", -1),
        ("2.92 (Build 05)", "2.92", 0),
        ("1.98", "2.85", -1),
        ("7", "7.00.00.171", None),
    ),
)
