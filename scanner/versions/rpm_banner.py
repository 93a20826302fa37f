"""An RPM package version as a banner shows it, without its epoch: the epoch of either side is left out of account.

Only for versions of one package in one release, where the epoch is the same anyway.
"""

from __future__ import annotations

from scanner.versions import Order, Scheme
from scanner.versions.rpm import compare_rpm


def _compare(left: str, right: str) -> Order | None:
    return compare_rpm(left, right, epochs=False)


SCHEME = Scheme(
    title="RPM package in a banner",
    compare=_compare,
    truths=(
        ("9.11.36-11.el8_9.1", "32:9.11.36-11.el8_9", 1),
        ("9.11.36-8.el8_8.1", "32:9.11.36-8.el8_8.2", -1),
        ("9.11.36-11.el8_9", "32:9.11.36-11.el8_9", 0),
        ("9.11.36", "32:9.11.36-11.el8_9", None),
    ),
)
