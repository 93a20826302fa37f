"""OpenSSL: `1.1.1w`, `1.0.2zh`, `3.0.15`, `3.5.0-beta1`.

Until 1.1.1 a letter counts the fixes, and after `z` comes `za`. From 3.0 the third number does.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?:OpenSSL[/ ])?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?P<letters>[a-z]{{0,3}})"
    rf"(?:-fips|-(?P<stage>dev|alpha|beta|pre|rc)(?P<number>{NUMBER})?)?"
)
_STAGES = ("dev", "alpha", "pre", "beta", "rc", None)


def _key(text: str) -> tuple[object, ...] | None:
    """`-fips` names a build option, not a release."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    letters = found["letters"]
    stage = _STAGES.index(found["stage"]), int(found["number"] or 0)
    return int(found["a"]), int(found["b"]), int(found["c"]), len(letters), letters, *stage


SCHEME = Scheme(
    title="OpenSSL",
    compare=by_key(_key),
    truths=(
        ("1.1.1w", "1.1.1k", 1),
        ("1.0.2zh", "1.0.2u", 1),
        ("1.0.2z", "1.0.2za", -1),
        ("1.1.1", "1.1.1a", -1),
        ("1.1.1w", "3.0.0", -1),
        ("3.0.9", "3.0.15", -1),
        ("3.5.0-beta1", "3.5.0", -1),
        ("3.0.0-alpha17", "3.0.0-beta1", -1),
        ("1.0.2k-fips", "1.0.2k", 0),
        ("3.5", "3.5.0", None),
        ("1.1.1w-unknown", "1.1.1w", None),
    ),
)
