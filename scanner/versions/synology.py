"""Synology DSM: `7.2.1-69057 Update 5`: version, build and update. `Update 0` is the build as first released.

Many answers of a device leave the update out, so without it a version is incomparable with others of its build.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, numbers

_FORM = re.compile(
    rf"(?:DSM )?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER})?)"
    rf"(?:-(?P<build>{NUMBER})(?:(?: Update |-)(?P<update>{NUMBER}))?)?"
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    build, update = (None if found[name] is None else int(found[name]) for name in ("build", "update"))
    return Place((numbers(found["numbers"]), build, update))


SCHEME = Scheme(
    title="Synology DSM",
    compare=by_place(_place),
    truths=(
        ("7.2.1-69057 Update 5", "7.2.1-69057 Update 10", -1),
        ("7.2.1-69057-5", "7.2.1-69057 Update 5", 0),
        ("DSM 7.2-64570 Update 4", "7.2.1-69057 Update 0", -1),
        ("6.2.4-25556 Update 7", "6.2.4-25554", 1),
        ("7.2.1-69057", "7.2.1-69057 Update 5", None),
        ("7.2.1", "7.2.1-69057 Update 5", None),
        ("6.2", "7.0-41882", -1),
    ),
)
