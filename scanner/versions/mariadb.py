"""MariaDB: `10.11.6`, or as its greeting writes it: `5.5.5-10.6.16-MariaDB-1:10.6.16+maria~ubu2204`.

The `5.5.5-` is there for old MySQL clients and is not part of the version. Enterprise Server numbers its fixes behind
the community's version (`10.6.16-11-MariaDB-enterprise`); the two do not follow one another and are incomparable.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line

_FORM = re.compile(
    rf"(?:5\.5\.5-)?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:-(?P<fix>{NUMBER}))?"
    r"(?:-log)?(?:-MariaDB(?P<rest>[A-Za-z0-9.:+~_-]*))?"
)


def _place(text: str) -> tuple[bool, tuple[int, ...]] | None:
    """Whether it is Enterprise Server, and the numbers."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    enterprise = (found["rest"] or "").startswith("-enterprise")
    if enterprise != (found["fix"] is not None):
        return None
    return enterprise, (int(found["a"]), int(found["b"]), int(found["c"]), int(found["fix"] or 0))


SCHEME = Scheme(
    title="MariaDB",
    compare=by_line(_place),
    truths=(
        ("5.5.5-10.6.16-MariaDB", "10.6.16", 0),
        ("5.5.5-10.6.16-MariaDB-1:10.6.16+maria~ubu2204", "10.6.9", 1),
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "10.11.11", -1),
        ("10.11.6-MariaDB-log", "10.11.6", 0),
        ("5.5.68", "10.0.38", -1),
        ("5.5.5", "5.5.6", -1),
        ("10.6.16-11-MariaDB-enterprise", "10.6.15-10-MariaDB-enterprise", 1),
        ("10.6.16-11-MariaDB-enterprise", "10.6.17", None),
        ("10.11", "10.11.6", None),
    ),
)
