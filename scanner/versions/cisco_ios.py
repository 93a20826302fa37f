"""Cisco IOS: `15.2(7)E10` (release, maintenance, train, rebuild), and IOS XE: `17.9.4a`, until 16 with a train as well:
`03.16.05S`.

Releases of two trains do not follow one another: a fix in E says nothing about SE. Nor do IOS and IOS XE.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_IOS = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\((?P<c>{NUMBER})(?P<letter>[a-z]?)\)"
    rf"(?:(?P<train>[A-Z]{{1,5}})(?P<rebuild>{NUMBER})?(?P<suffix>[a-z]?))?"
)
_XE = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?P<suffix>[a-z]{{0,2}}[0-9]?)(?:\.?(?P<train>[A-Z]{{1,3}}))?"
)


def _place(text: str) -> Place | None:
    found = _IOS.fullmatch(text)
    if found is not None:
        place = (*integers(found, "a", "b", "c"), found["letter"], *integers(found, "rebuild"), found["suffix"] or "")
        return Place((place,), line=found["train"] or "")
    found = _XE.fullmatch(text)
    if found is not None:
        within = *integers(found, "b", "c"), found["suffix"]
        return Place((int(found["a"]), within), kind=found["train"], line="IOS XE")
    return None


SCHEME = Scheme(
    title="Cisco IOS and IOS XE",
    compare=by_place(_place),
    truths=(
        ("15.2(7)E10", "15.2(7)E9", 1),
        ("15.2(7)E", "15.2(7)E0a", -1),
        ("15.2(7)E2a", "15.2(7)E2", 1),
        ("15.0(2)SE11", "12.2(55)SE12", 1),
        ("15.2(7)E10", "15.2(7)SE10", None),
        ("12.4(25)", "12.4(25g)", -1),
        ("12.4(24)T", "12.4(25)", None),
        ("17.9.4a", "17.9.4", 1),
        ("17.12.1", "17.9.5", 1),
        ("16.12.4", "15.2(7)E4", None),
        ("17.03.05", "17.3.5", 0),
        ("03.16.05S", "3.16.5.S", 0),
        ("03.16.05S", "03.06.06E", None),
        ("03.06.06E", "16.12.4", -1),
    ),
)
