"""WordPress: `6.4.2`, `6.5-RC1`, `6.5-beta2`, `6.5-alpha-57000`.

A missing number counts as zero: `6.4` is the first 6.4.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(
    rf"(?:WordPress )?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER}){{0,2}})"
    rf"(?:-(?P<stage>alpha|beta|rc)(?P<number>{NUMBER})?(?:-{NUMBER})?)?",
    re.IGNORECASE,
)
_STAGES = ("alpha", "beta", "rc", "")


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return numbers(found["numbers"]), _STAGES.index((found["stage"] or "").lower()), int(found["number"] or 0)


SCHEME = Scheme(
    title="WordPress",
    compare=by_key(_key),
    truths=(
        ("6.4.2", "6.4.10", -1),
        ("6.4", "6.4.0", 0),
        ("6.5-RC1", "6.5", -1),
        ("6.5-beta2", "6.5-RC1", -1),
        ("6.5-alpha-57000", "6.4.9", 1),
        ("WordPress 6.3.1", "6.3.1", 0),
        ("6", "6.4", None),
    ),
)
