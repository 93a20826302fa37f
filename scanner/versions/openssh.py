"""OpenSSH: `9.2p1`. The number after `p` is the portable edition's own; OpenBSD's version has none."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?:OpenSSH_(?:for_Windows_)?)?(?P<major>{NUMBER})\.(?P<minor>{NUMBER})(?:\.(?P<patch>{NUMBER}))?"
    rf"(?:p(?P<portable>{NUMBER}))?"
)


def _key(text: str) -> tuple[int, ...] | None:
    """A version without `p` counts as its first portable edition: the fixes are the same, and some builds hide it."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return int(found["major"]), int(found["minor"]), int(found["patch"] or 0), int(found["portable"] or 1)


SCHEME = Scheme(
    title="OpenSSH",
    compare=by_key(_key),
    truths=(
        ("8.9p1", "8.10p1", -1),
        ("9.9p2", "10.0p1", -1),
        ("8.7", "8.7p1", 0),
        ("9.9p1", "9.9p2", -1),
        ("10.0", "10.0p2", -1),
        ("3.6.1p2", "3.6p1", 1),
        ("OpenSSH_9.2p1", "9.2p1", 0),
        ("OpenSSH_for_Windows_8.1p1", "9.8p1", -1),
        ("9.2p1-2+deb12u7", "9.2p1", None),
        ("9", "9.2p1", None),
    ),
)
