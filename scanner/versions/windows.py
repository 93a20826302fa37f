"""Windows: `10.0.17763.5122`. The fourth number is the patch level; each build has its own.

Without it (NTLM, RDP and SMB show only `10.0.17763`) two of the same build cannot be told apart, so they are
incomparable, even if the texts are equal; against another build the build decides.
"""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(rf"(?P<major>{NUMBER})\.(?P<minor>{NUMBER})\.(?P<build>{NUMBER})(?:\.(?P<patch>{NUMBER}))?")


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    builds = tuple((int(each["major"]), int(each["minor"]), int(each["build"])) for each in (first, second))
    if builds[0] != builds[1]:
        return order(*builds)
    if first["patch"] is None or second["patch"] is None:
        return None
    return order(int(first["patch"]), int(second["patch"]))


SCHEME = Scheme(
    title="Windows",
    compare=_compare,
    truths=(
        ("10.0.17763.5122", "10.0.17763.973", 1),
        ("10.0.17763", "10.0.17763.973", None),
        ("10.0.17763", "10.0.17763", None),
        ("10.0.17763", "10.0.20348.1", -1),
        ("6.3.9600.21620", "10.0.14393.0", -1),
        ("10.0.20348.2227", "10.0.20348.2227", 0),
        ("10.0", "10.0.17763.973", None),
        ("Windows Server 2019", "10.0.17763.973", None),
    ),
)
