"""Samba: `4.17.12`, candidates `4.19.0rc4`, and as its SMB answer says it, `4.15.13-Ubuntu`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?:Samba )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:(?P<stage>alpha|beta|pre|rc)(?P<number>{NUMBER})|(?P<letter>[a-z]))?(?:-(?:Debian|Ubuntu|RedHat|SUSE))?"
)
_STAGES = ("alpha", "beta", "pre", "rc", None)


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = _STAGES.index(found["stage"]), *integers(found, "number")
    return *integers(found, "a", "b", "c"), *stage, found["letter"] or ""


SCHEME = Scheme(
    title="Samba",
    compare=by_key(_key),
    truths=(
        ("4.17.12-Debian", "4.17.12", 0),
        ("4.9.5-Debian", "4.17.12-Debian", -1),
        ("4.19.0rc4", "4.19.0", -1),
        ("4.0.0alpha18", "4.0.0beta1", -1),
        ("3.0.25b", "3.0.25", 1),
        ("4.19", "4.19.0", None),
        ("4.15.13-1ubuntu2", "4.15.13", None),
    ),
)
