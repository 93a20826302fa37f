"""Citrix NetScaler ADC and Gateway: `13.1-51.15`, `NS13.1: Build 49.15.nc`, `13.1 49.15`.

Builds for FIPS (`13.1-37.176`) are counted apart from the others; a baseline has a branch for each.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?:NetScaler )?(?:NS)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})(?:-|: Build | Build | )"
    rf"(?P<c>{NUMBER})\.(?P<d>{NUMBER})(?:\.nc)?"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else integers(found, "a", "b", "c", "d")


SCHEME = Scheme(
    title="Citrix NetScaler",
    compare=by_key(_key),
    truths=(
        ("13.1-51.15", "13.1-49.15", 1),
        ("NS13.1: Build 49.15.nc", "13.1-49.15", 0),
        ("14.1-8.50", "14.1-12.35", -1),
        ("13.0-92.21", "13.1-4.43", -1),
        ("13.1", "13.1-51.15", None),
    ),
)
