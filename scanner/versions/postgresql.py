"""PostgreSQL: `16.4` (major, minor), before 10 `9.6.24`; `17beta2` < `17rc1` < `17.0`.

A major version alone (`16`) says nothing of the minor, so it is incomparable within its own major version.
"""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(
    rf"(?P<major>[1-9][0-9]{{1,3}}|[6-9]\.[0-9]{{1,2}})"
    rf"(?:\.(?P<minor>{NUMBER})|(?P<stage>devel|alpha|beta|rc)(?P<number>{NUMBER})?)?"
    r"(?: \([A-Za-z0-9 .,:+~_-]{0,80}\))?"
)
_STAGES = ("devel", "alpha", "beta", "rc", None)


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    majors = tuple(tuple(map(int, each["major"].split("."))) for each in (first, second))
    if majors[0] != majors[1]:
        return order(*majors)
    if any(each["minor"] is None and each["stage"] is None for each in (first, second)):
        return None
    places = tuple(
        (_STAGES.index(each["stage"]), int(each["minor"] or each["number"] or 0)) for each in (first, second)
    )
    return order(*places)


SCHEME = Scheme(
    title="PostgreSQL",
    compare=_compare,
    truths=(
        ("16.10", "16.9", 1),
        ("9.6.24", "10.1", -1),
        ("9.5.25", "9.6.1", -1),
        ("17beta2", "17rc1", -1),
        ("17rc1", "17.0", -1),
        ("16.4 (Debian 16.4-1.pgdg120+1)", "16.4", 0),
        ("16", "16.4", None),
        ("16", "15.4", 1),
        ("9.6", "9.6.24", None),
        ("unknown", "16.4", None),
    ),
)
