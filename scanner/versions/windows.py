"""Windows: `10.0.17763.5122`. The fourth number is the patch level; each build has its own.

Without it (NTLM, RDP and SMB show only `10.0.17763`) two of the same build cannot be told apart, so they are
incomparable, even if the texts are equal; against another build the build decides.

Build 26100 is of Windows 11 and of Windows Server 2025, counted apart since January 2026 (7623 and 32230 were the same
day's): from there on a patch of the one says nothing about the other.
"""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(rf"(?P<major>{NUMBER})\.(?P<minor>{NUMBER})\.(?P<build>{NUMBER})(?:\.(?P<patch>{NUMBER}))?")


_SHARED = {(10, 0, 26100): 7462}
"""The last patch that both systems of a build have in common."""
_SERVER = 30000
"""Where the numbers of the server's own patches begin."""


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    builds = tuple((int(each["major"]), int(each["minor"]), int(each["build"])) for each in (first, second))
    if builds[0] != builds[1]:
        return order(*builds)
    if first["patch"] is None or second["patch"] is None:
        return None
    patches = int(first["patch"]), int(second["patch"])
    shared = _SHARED.get(builds[0])
    if shared is not None and shared < min(patches) < _SERVER <= max(patches):
        return None
    return order(*patches)


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
        ("10.0.26100.9168", "10.0.26100.32230", None),
        ("10.0.26100.7462", "10.0.26100.32230", -1),
        ("10.0", "10.0.17763.973", None),
        ("Windows Server 2019", "10.0.17763.973", None),
    ),
)
