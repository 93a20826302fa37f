"""QNAP QTS: `5.1.3.2578 build 20231110`, and QuTS hero, `h5.1.3.2578 build 20231110`, which is incomparable with QTS.

The fourth number is the build's and counts; the date repeats it. A version without the number hides which build.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:QTS |QuTS hero )?(?P<hero>h)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:\.(?P<number>{NUMBER}))?"
    rf"(?: ?\(?build {NUMBER}\)?| ?\({NUMBER}\))?",
    re.IGNORECASE,
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    number = None if found["number"] is None else int(found["number"])
    return Place((integers(found, "a", "b", "c"), number), line=found["hero"] is not None)


SCHEME = Scheme(
    title="QNAP QTS and QuTS hero",
    compare=by_place(_place),
    truths=(
        ("5.1.3.2578 build 20231110", "5.1.4.2596", -1),
        ("QTS 4.3.6.1620 Build 20210322", "4.3.6.895", 1),
        ("5.1.3.2578 build 20231110", "5.1.3.2578", 0),
        ("h5.1.3.2578 build 20231110", "5.1.3.2578 build 20231110", None),
        ("5.1.3", "5.1.3.2578", None),
        ("5.1.3", "5.0.1.2376", 1),
    ),
)
