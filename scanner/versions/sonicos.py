"""SonicOS: `6.5.4.15-117n`, `7.0.1-5145`, `7.1.1-7058-R6223`: the version, the build and the family of hardware.

Builds of two families (the letter) are incomparable within a version, and so is a version without its build.
"""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, numbers, order

_FORM = re.compile(
    rf"(?:SonicOS (?:Enhanced |Standard )?)?(?P<numbers>{NUMBER}(?:\.{NUMBER}){{2,3}})"
    rf"(?:-(?P<build>{NUMBER})(?P<family>[a-z]?)(?:-R(?P<revision>{NUMBER}))?)?"
)


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    versions = numbers(first["numbers"]), numbers(second["numbers"])
    if versions[0] != versions[1]:
        return order(*versions)
    if first["build"] is None or second["build"] is None or first["family"] != second["family"]:
        return None
    return order(int(first["build"]), int(second["build"]))


SCHEME = Scheme(
    title="SonicWall SonicOS",
    compare=_compare,
    truths=(
        ("6.5.4.15-117n", "6.5.4.4-44n", 1),
        ("6.5.4.15-117n", "6.5.4.15-116n", 1),
        ("7.0.1-5145", "6.5.4.15-117n", 1),
        ("7.0.1-5145", "7.0.1-5035", 1),
        ("SonicOS Enhanced 6.5.4.4-44n", "6.5.4.4-44n", 0),
        ("7.1.1-7058-R6223", "7.1.1-7058", 0),
        ("7.0.1", "7.0.1-5145", None),
        ("6.5.4.4-44n", "6.5.4.4-44v", None),
        ("7.0", "7.0.1-5145", None),
    ),
)
