"""WatchGuard Fireware: `12.10.4`, `12.5.12 Update 2` (`12.5.12_U2`), and with the build `12.10.4.B698628`.

Within a version two updates or two builds can be compared, and not the one with the other.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, numbers

_FORM = re.compile(
    rf"(?:Fireware )?v?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER})?)"
    rf"(?:(?:\.B| \(Build )(?P<build>{NUMBER})\)?|(?:_U| Update |-Update)(?P<update>{NUMBER}))?"
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    within = int(found["build"] or found["update"] or 0)
    return Place((numbers(found["numbers"]), within), kind="build" if found["build"] else "update")


SCHEME = Scheme(
    title="WatchGuard Fireware",
    compare=by_place(_place),
    truths=(
        ("12.10.4", "12.10", 1),
        ("12.5.12_U2", "12.5.12 Update 1", 1),
        ("12.5.12", "12.5.12_U1", -1),
        ("12.10.4.B698628", "12.10.4 (Build 694994)", 1),
        ("12.10.4.B698628", "12.10.4", None),
        ("12.10.4.B698628", "12.11", -1),
        ("12", "12.10.4", None),
    ),
)
