"""Asterisk: `18.20.2`, `20.0.0-rc1`, and certified editions, `certified/18.9-cert5`, which are a line of their own."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, integers, numbers

_FORM = re.compile(
    rf"(?:Asterisk (?:PBX )?)?(?:(?:certified[/-])?(?P<base>{NUMBER}(?:\.{NUMBER}){{1,2}})-cert(?P<cert>{NUMBER})"
    rf"|(?P<numbers>{NUMBER}(?:\.{NUMBER}){{1,3}}))(?:-(?P<stage>beta|rc)(?P<number>{NUMBER}))?"
)
_STAGES = ("beta", "rc", None)


def _place(text: str) -> tuple[bool, tuple[object, ...]] | None:
    """Whether it is certified, and the place within the edition."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = _STAGES.index(found["stage"]), *integers(found, "number")
    return found["cert"] is not None, (numbers(found["base"] or found["numbers"]), *integers(found, "cert"), *stage)


SCHEME = Scheme(
    title="Asterisk",
    compare=by_line(_place),
    truths=(
        ("18.20.2", "18.9.0", 1),
        ("Asterisk PBX 18.20.2", "18.20.2", 0),
        ("20.0.0-rc1", "20.0.0", -1),
        ("1.8.32.3", "13.38.3", -1),
        ("certified/18.9-cert5", "certified-18.9-cert10", -1),
        ("16.8-cert14", "certified/18.9-cert1", -1),
        ("certified/18.9-cert5", "18.20.2", None),
        ("18", "18.20.2", None),
    ),
)
