"""MikroTik RouterOS: `6.49.10`, `7.1beta6` < `7.1rc2` < `7.1`, with the channel behind or not: `7.16 (stable)`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(
    rf"v?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER})?)(?:(?P<stage>alpha|beta|rc)(?P<number>{NUMBER}))?"
    r"(?: ?\((?:stable|long-term|testing|development)\))?"
)
_STAGES = ("alpha", "beta", "rc", None)


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return numbers(found["numbers"]), _STAGES.index(found["stage"]), int(found["number"] or 0)


SCHEME = Scheme(
    title="MikroTik RouterOS",
    compare=by_key(_key),
    truths=(
        ("7.1beta6", "7.1rc2", -1),
        ("7.1rc2", "7.1", -1),
        ("7.1beta10", "7.1beta6", 1),
        ("7.1", "7.1.5", -1),
        ("6.49.10", "6.49.9", 1),
        ("7.16.2 (stable)", "7.16.2", 0),
        ("6.48.7 (long-term)", "6.49", -1),
        ("7.1", "7.1.0", 0),
        ("7", "7.1", None),
        ("RouterOS", "7.1", None),
    ),
)
