"""RPM package versions, `epoch:version-release`, in the order of rpm's own comparison.

Runs of digits compare as numbers, runs of letters as text, and a number is above letters; what separates the runs does
not count. `~` sorts before everything, even the end; `^` just after the end. No epoch is epoch 0.

A version without its release is incomparable with a release of the same version: the fixes are in the release.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(rf"(?:(?P<epoch>{NUMBER}):)?(?P<version>[0-9][A-Za-z0-9._+~^]*)(?:-(?P<release>[A-Za-z0-9._+~^]+))?")
_RUN = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")


def _weight(run: str | None) -> tuple[int, int, str]:
    """`~` < the end < `^` < letters < numbers."""
    if run is None:
        return 1, 0, ""
    if run == "~":
        return 0, 0, ""
    if run == "^":
        return 2, 0, ""
    if run.isdigit():
        digits = run.lstrip("0")
        return 4, len(digits), digits
    return 3, 0, run


def _order_part(left: str, right: str) -> Order:
    for run, other in zip_longest(_RUN.findall(left), _RUN.findall(right)):
        found = order(_weight(run), _weight(other))
        if found:
            return found
    return 0


def compare_rpm(left: str, right: str, *, epochs: bool) -> Order | None:
    """With or without regard to the epochs."""
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    if epochs and int(first["epoch"] or 0) != int(second["epoch"] or 0):
        return order(int(first["epoch"] or 0), int(second["epoch"] or 0))
    found = _order_part(first["version"], second["version"])
    if found:
        return found
    if first["release"] is None or second["release"] is None:
        return 0 if first["release"] == second["release"] else None
    return _order_part(first["release"], second["release"])


def _compare(left: str, right: str) -> Order | None:
    return compare_rpm(left, right, epochs=True)


SCHEME = Scheme(
    title="RPM package",
    compare=_compare,
    truths=(
        ("8.7p1-38.el9_4.1", "8.7p1-38.el9", 1),
        ("8.0p1-27.el8_10", "8.0p1-9.el8", 1),
        ("32:9.11.36-11.el8_9.1", "9.16.23-1.el9", 1),
        ("1.0~rc1-1", "1.0-1", -1),
        ("1.0^20240101-1", "1.0-1", 1),
        ("1.0^20240101-1", "1.0.1-1", -1),
        ("1.0a-1", "1.0.1-1", -1),
        ("2.4.37-65.module_el8.10.0+4185+0955a0d7.8", "2.4.37-62.module_el8.9.0+3646+acd210d0", 1),
        ("1.010-1", "1.10-1", 0),
        ("0:1.0-1", "1.0-1", 0),
        ("1.0", "1.0-1", None),
        ("1.0", "1.1-1", -1),
        ("unknown", "1.0-1", None),
    ),
)
