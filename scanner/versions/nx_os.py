"""Cisco NX-OS: `9.3(10)`, `7.0(3)I7(10)`, `10.2(5)M`: release, and until 9.x a train with its own numbers.

A train serves one family of switches. The Nexus 9000's (I) went on as the common 9.x and 10.x; other trains are
incomparable with it and with one another. The M or F behind 10.x says how long it is maintained, not what is in it.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\((?P<c>{NUMBER})(?P<letter>[a-z]?)\)"
    rf"(?:(?P<train>[A-Z])(?P<d>{NUMBER})\((?P<e>{NUMBER})(?P<last>[a-z]?)\)|[MF])?"
)


def _place(text: str) -> tuple[str, tuple[object, ...]] | None:
    """The family of switches, and the place within it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    train = found["train"] or ("I" if int(found["a"]) >= 9 else "")
    numbers = integers(found, "a", "b", "c", "d", "e")
    return train, (*numbers[:3], found["letter"], *numbers[3:], found["last"] or "")


SCHEME = Scheme(
    title="Cisco NX-OS",
    compare=by_line(_place),
    truths=(
        ("9.3(10)", "9.3(9)", 1),
        ("9.3(7a)", "9.3(7)", 1),
        ("7.0(3)I7(10)", "7.0(3)I7(9)", 1),
        ("7.0(3)I7(10)", "9.2(1)", -1),
        ("10.2(5)M", "10.2(5)", 0),
        ("10.2(3)F", "10.2(4)M", -1),
        ("7.3(8)N1(1)", "9.3(10)", None),
        ("6.0(2)A8(11b)", "6.0(2)U6(10)", None),
        ("9.3", "9.3(10)", None),
    ),
)
