"""ISC BIND 9: `9.18.24`, `9.11.4-P2`, candidates `9.20.0rc1`; `-S1` is the subscribers' own edition, incomparable to
the public one."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:(?P<stage>a|b|rc)(?P<number>{NUMBER}))?"
    rf"(?:-P(?P<patch>{NUMBER})|-S(?P<edition>{NUMBER}))?"
)
_STAGES = ("a", "b", "rc", None)


def _place(text: str) -> tuple[bool, tuple[int, ...]] | None:
    """Whether it is the subscribers' edition, and the place within it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    release = int(found["a"]), int(found["b"]), int(found["c"])
    stage = _STAGES.index(found["stage"]), int(found["number"] or 0)
    return found["edition"] is not None, (*release, *stage, int(found["patch"] or found["edition"] or 0))


SCHEME = Scheme(
    title="ISC BIND",
    compare=by_line(_place),
    truths=(
        ("9.18.9", "9.18.24", -1),
        ("9.11.4-P2", "9.11.4", 1),
        ("9.11.4-P2", "9.11.5", -1),
        ("9.20.0rc1", "9.20.0", -1),
        ("9.16.50-S1", "9.16.50", None),
        ("9.18.24-1-Debian", "9.18.24", None),
    ),
)
