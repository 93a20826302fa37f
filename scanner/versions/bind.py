"""ISC BIND 9: `9.18.24`, `9.11.4-P2`, candidates `9.20.0rc1`; `-S1` is the subscribers' own edition, incomparable to
the public one."""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:(?P<stage>a|b|rc)(?P<number>{NUMBER}))?"
    rf"(?:-P(?P<patch>{NUMBER})|-S(?P<edition>{NUMBER}))?"
)
_STAGES = ("a", "b", "rc", None)


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None or (first["edition"] is None) != (second["edition"] is None):
        return None
    places = tuple(
        (
            *(int(each["a"]), int(each["b"]), int(each["c"])),
            *(_STAGES.index(each["stage"]), int(each["number"] or 0)),
            int(each["patch"] or each["edition"] or 0),
        )
        for each in (first, second)
    )
    return order(*places)


SCHEME = Scheme(
    title="ISC BIND",
    compare=_compare,
    truths=(
        ("9.18.9", "9.18.24", -1),
        ("9.11.4-P2", "9.11.4", 1),
        ("9.11.4-P2", "9.11.5", -1),
        ("9.20.0rc1", "9.20.0", -1),
        ("9.16.50-S1", "9.16.50", None),
        ("9.18.24-1-Debian", "9.18.24", None),
    ),
)
