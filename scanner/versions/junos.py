"""Juniper Junos: `21.4R3-S5.4`: release, service release, and a spin of the same sources (`.4`), not compared.

Within one quarter `R` is for everybody, and `X49`, `X53` for one series of hardware each: incomparable. So is Junos OS
Evolved (`-EVO`), another system.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:JUNOS ?)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:(?P<stage>[ABR])(?P<release>{NUMBER})|X(?P<series>{NUMBER})-D(?P<build>{NUMBER}))"
    rf"(?:-S(?P<service>{NUMBER}))?(?:\.{NUMBER})?(?P<evolved>-EVO)?"
)
_STAGES = ("A", "B", "R")


def _place(text: str) -> Place | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    place = _STAGES.index(found["stage"] or "R"), *integers(found, "release", "build", "service")
    return Place((integers(found, "a", "b"), place), kind=found["series"], line=found["evolved"])


SCHEME = Scheme(
    title="Juniper Junos",
    compare=by_place(_place),
    truths=(
        ("21.4R3-S5.4", "21.4R3-S5", 0),
        ("21.4R3-S5", "21.4R3-S10", -1),
        ("21.4R3-S11", "22.1R1", -1),
        ("18.1R3-S2.5", "18.1R3", 1),
        ("15.1X49-D170.4", "15.1X49-D75.5", 1),
        ("15.1X49-D170", "15.1R7", None),
        ("21.4R3-S5-EVO", "22.1R1", None),
        ("21.4", "21.4R3", None),
    ),
)
