"""OPNsense: `24.1_1`, `24.7.12_4`, candidates `24.7.r1`.

The business edition (of April and October: `23.10.3`) is a line of its own.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, integers

_FORM = re.compile(
    rf"(?:OPNsense )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:\.(?P<c>{NUMBER})(?:\.(?P<d>{NUMBER}))?|\.(?P<stage>[abr])(?P<number>{NUMBER})?)?"
    rf"(?:_(?P<revision>{NUMBER}))?(?:-amd64)?"
)
_STAGES = ("a", "b", "r", None)


def _place(text: str) -> tuple[bool, tuple[int, ...]] | None:
    """Whether it is the business edition, and the place within the edition."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    year, month, *rest = integers(found, "a", "b", "c", "d", "number", "revision")
    return month in (4, 10), (year, month, _STAGES.index(found["stage"]), *rest)


SCHEME = Scheme(
    title="OPNsense",
    compare=by_line(_place),
    truths=(
        ("24.1_1", "24.1", 1),
        ("24.1.10_8", "24.1.10_10", -1),
        ("24.1_1", "24.1.1", -1),
        ("24.7.r1", "24.7", -1),
        ("OPNsense 24.7.12_4-amd64", "24.7.12_4", 0),
        ("23.10.3", "24.1", None),
        ("24", "24.1", None),
    ),
)
