"""ArubaOS of controllers and access points: `8.10.0.7`, with its build or not (`8.10.0.7_86217`, `8.10.0.7 (86217)`).

The build only repeats the release. Versions of AOS-CX switches (`FL.10.13.1000`) are of the scheme `hp-firmware`.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?:ArubaOS )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})\.(?P<d>{NUMBER})"
    rf"(?:-FIPS)?(?:_{NUMBER}| \({NUMBER}\))?(?: [LS]SR)?"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else integers(found, "a", "b", "c", "d")


SCHEME = Scheme(
    title="ArubaOS",
    compare=by_key(_key),
    truths=(
        ("8.10.0.7", "8.10.0.12", -1),
        ("8.10.0.7_86217", "8.10.0.7", 0),
        ("8.10.0.5 LSR", "8.6.0.20", 1),
        ("6.5.4.24", "8.6.0.4", -1),
        ("8.10.0", "8.10.0.7", None),
        ("FL.10.13.1000", "8.10.0.7", None),
    ),
)
