"""VMware ESXi: `8.0.3 build-24022510` (what /sdk says), `8.0 Update 3k` or `8.0 U3k` (what the release notes say),
`9.0.2.0100` (both, since 9.0).

Within one update only two builds, two letters or two patches can be compared: an update alone (`8.0.3`) hides which.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:VMware )?(?:ESXi |vCenter Server )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:\.(?P<c>{NUMBER})(?:\.(?P<patch>{NUMBER}))?(?:[ -](?:build-)?(?P<build>{NUMBER}))?"
    rf"|(?P<first> GA|[a-z])|(?: Update | U|U)(?P<update>{NUMBER})(?P<letter>[a-z]?))"
)


def place(text: str) -> Place | None:
    """Of ESXi and of vCenter, which are numbered alike."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    release = integers(found, "a", "b", "c" if found["c"] else "update")
    if found["first"] or found["update"]:
        return Place((release, found["letter"] or (found["first"] or "").replace(" GA", "")), kind="letter")
    if found["build"]:
        return Place((release, int(found["build"])), kind="build")
    return Place((release, None if found["patch"] is None else int(found["patch"])), kind="patch")


SCHEME = Scheme(
    title="VMware ESXi",
    compare=by_place(place),
    truths=(
        ("8.0.3 build-24022510", "8.0.3 build-24414501", -1),
        ("8.0.3-24022510", "8.0.3 build-24022510", 0),
        ("7.0.3", "8.0.0", -1),
        ("8.0.3", "8.0.3 build-24022510", None),
        ("8.0.3", "8.0.3", None),
        ("8.0 Update 3k", "8.0 U3", 1),
        ("8.0 GA", "8.0b", -1),
        ("8.0b", "8.0 Update 1", -1),
        ("8.0 Update 2b", "8.0.3", -1),
        ("8.0 Update 3k", "8.0.3 build-24022510", None),
        ("9.0.2.0100", "9.0.2.0", 1),
        ("9.0.2.0100", "9.0.2", None),
        ("ESXi 6.7.0", "7.0.0", -1),
        ("8.0", "8.0.3", None),
    ),
)
