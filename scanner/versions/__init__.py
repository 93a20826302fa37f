"""Version schemes, one a file behind one protocol. There is no default: a product's baseline names its scheme."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import msgspec

from scanner.collect import collect

Order = Literal[-1, 0, 1]
LONGEST = 512
"""Characters of a text that can be a version; two longer ones could differ only where nobody looked."""


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """One way to write versions. `SCHEME` of a file here is one of these; the file's name is the scheme's."""

    title: str
    compare: Callable[[str, str], Order | None]
    """-1, 0 or 1 as left is below, equal to or above right; None where that cannot be said. Never raises."""
    truths: tuple[tuple[str, str, Order | None], ...]
    """Examples (left, right, order): the conformance test runs them, and their mirror images."""


@cache
def schemes() -> dict[str, Scheme]:
    """Every scheme by its name as baselines write it (`cisco-ios` is `cisco_ios.py`)."""
    import scanner.versions as package

    return {name.replace("_", "-"): found for name, found in collect(package, "SCHEME", Scheme).items()}


def compare(scheme: str, left: str, right: str) -> Order | None:
    """Order of two versions in a scheme; None: incomparable, or no such scheme. Never raises on strange text."""
    found = schemes().get(scheme)
    if found is None or not isinstance(left, str) or not isinstance(right, str):
        return None
    if len(left) > LONGEST or len(right) > LONGEST:
        return None
    return found.compare(left, right)
