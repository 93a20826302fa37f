"""Semantic versions (semver.org 2.0): `18.17.0`, `1.0.0-rc.1`, `1.0.0+build5`; what follows `+` is not compared.

All three numbers have to be there. An identifier of digits is below one with letters.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    r"(?:-(?P<before>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)
_DIGITS = re.compile("[0-9]+")


def _identifier(text: str) -> tuple[int, int, str]:
    """Digits are compared as a number, and by length and text, as the number can be too long to be one."""
    if _DIGITS.fullmatch(text):
        digits = text.lstrip("0")
        return 0, len(digits), digits
    return 1, 0, text


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    before = found["before"]
    return integers(found, "a", "b", "c"), before is None, tuple(map(_identifier, (before or "").split(".")))


SCHEME = Scheme(
    title="Semantic version",
    compare=by_key(_key),
    truths=(
        ("18.9.1", "18.17.0", -1),
        ("v20.10.0", "20.10.0", 0),
        ("1.0.0-alpha", "1.0.0-alpha.1", -1),
        ("1.0.0-alpha.beta", "1.0.0-alpha.1", 1),
        ("1.0.0-beta.11", "1.0.0-beta.2", 1),
        ("1.0.0-rc.1", "1.0.0", -1),
        ("1.0.0+5", "1.0.0+7", 0),
        ("1.0", "1.0.0", None),
        ("1.0.0-", "1.0.0", None),
    ),
)
