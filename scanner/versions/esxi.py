"""VMware ESXi: `8.0.3 build-24022510` (what /sdk says), or `8.0 Update 3k` (what the release notes say).

Within one update only two builds, or two letters, can be compared: an update alone (`8.0.3`) hides which.
"""

from __future__ import annotations

import re

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(
    rf"(?:VMware )?(?:ESXi )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:\.(?P<c>{NUMBER})(?:[ -](?:build-)?(?P<build>{NUMBER}))?"
    rf"|(?: Update |U| U)(?P<update>{NUMBER})(?P<letter>[a-z]?))"
)


def _compare(left: str, right: str) -> Order | None:
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    updates = tuple((int(each["a"]), int(each["b"]), int(each["c"] or each["update"])) for each in (first, second))
    if updates[0] != updates[1]:
        return order(*updates)
    if first["build"] and second["build"]:
        return order(int(first["build"]), int(second["build"]))
    if first["update"] and second["update"]:
        return order(first["letter"], second["letter"])
    return None


SCHEME = Scheme(
    title="VMware ESXi",
    compare=_compare,
    truths=(
        ("8.0.3 build-24022510", "8.0.3 build-24414501", -1),
        ("8.0.3-24022510", "8.0.3 build-24022510", 0),
        ("7.0.3", "8.0.0", -1),
        ("8.0.3", "8.0.3 build-24022510", None),
        ("8.0.3", "8.0.3", None),
        ("8.0 Update 3k", "8.0 Update 3", 1),
        ("8.0 Update 2b", "8.0.3", -1),
        ("8.0 Update 3k", "8.0.3 build-24022510", None),
        ("ESXi 6.7.0", "7.0.0", -1),
        ("8.0", "8.0.3", None),
    ),
)
