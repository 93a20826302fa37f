"""Sophos Firewall (SFOS): `20.0.2 MR-2-Build378`, `19.5.3 MR-3 (Build 652)`: version, its name again, and build.

Without the build, two of one version cannot be told apart: a maintenance release is reissued under its name.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:SFOS )?v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?: (?:GA|MR)(?:-?{NUMBER})?)?"
    rf"(?:[ -]\(?Build[ -]?(?P<build>{NUMBER})\)?)?",
    re.IGNORECASE,
)


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return Place((integers(found, "a", "b", "c"), None if found["build"] is None else int(found["build"])))


SCHEME = Scheme(
    title="Sophos Firewall",
    compare=by_place(_place),
    truths=(
        ("20.0.2 MR-2-Build378", "20.0.3 MR-3-Build427", -1),
        ("SFOS 19.5.3 MR-3 (Build 652)", "19.5.3 MR-3-Build652", 0),
        ("21.0.1 MR-1-Build237", "21.0.1 MR-1-Build277", -1),
        ("18.5.4 MR-4-Build418", "19.0.0 GA-Build317", -1),
        ("20.0.2", "20.0.2 MR-2-Build378", None),
        ("v19.5.3", "20.0.0 GA-Build222", -1),
    ),
)
