"""A Debian package version as a banner shows it, without its epoch: the epoch of either side is left out of account.

Only for versions of one package in one release, where the epoch is the same anyway.
"""

from __future__ import annotations

from scanner.versions import Order, Scheme
from scanner.versions.deb import compare_deb


def _compare(left: str, right: str) -> Order | None:
    return compare_deb(left, right, epochs=False)


SCHEME = Scheme(
    title="Debian package in a banner",
    compare=_compare,
    truths=(
        ("9.2p1-2+deb12u7", "1:9.2p1-2+deb12u2", 1),
        ("9.2p1-2+deb12u1", "1:9.2p1-2+deb12u2", -1),
        ("9.2p1-2+deb12u2", "1:9.2p1-2+deb12u2", 0),
        ("8.9p1-3ubuntu0.9", "1:8.9p1-3ubuntu0.10", -1),
        ("8.4p1-5+deb11u3~bpo10+1", "1:8.4p1-5+deb11u3", -1),
        ("10.0p2-7+deb13u1", "1:10.0p1-7", 1),
        ("unknown", "1:9.2p1-2+deb12u2", None),
    ),
)
