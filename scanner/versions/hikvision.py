"""Hikvision cameras and recorders: `V5.5.800 build 210628`, `V5.7.3_220112`: version and the build's date.

Fixes come as builds of one version, so without its build a version is incomparable with others of that version.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, numbers

_FORM = re.compile(
    rf"V?(?P<numbers>{NUMBER}\.{NUMBER}\.{NUMBER})(?:(?:,? ?build ?|_)(?P<build>[0-9]{{6}}))?", re.IGNORECASE
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return Place((numbers(found["numbers"]), None if found["build"] is None else int(found["build"])))


SCHEME = Scheme(
    title="Hikvision",
    compare=by_place(_place),
    truths=(
        ("V5.5.800 build 210628", "V5.5.800 build 190925", 1),
        ("V5.7.3_220112", "5.7.3 build 220112", 0),
        ("V5.5.0 build 170725", "V5.5.82 build 190120", -1),
        ("V5.7.3", "V5.7.3_220112", None),
        ("V5.7.3", "V5.6.0 build 190507", 1),
        ("V5.7", "V5.7.3_220112", None),
    ),
)
