"""Palo Alto PAN-OS: `10.2.9-h1`, a hotfix above its release; the GlobalProtect app: `6.2.8-c1045`, a build.

The two are incomparable within a release.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, Place, by_place, integers

_FORM = re.compile(
    rf"(?:PAN-OS )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:-(?P<kind>[hcb])(?P<number>{NUMBER}))?"
)
_STAGES = ("b", None, "fix")


def _place(text: str) -> Place | None:
    """A release stands above its betas and below whatever is built on it, of either kind."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    kind = found["kind"]
    stage = _STAGES.index("fix" if kind in ("h", "c") else kind)
    return Place(((*integers(found, "a", "b", "c"), stage), int(found["number"] or 0)), kind=kind)


SCHEME = Scheme(
    title="Palo Alto PAN-OS and GlobalProtect",
    compare=by_place(_place),
    truths=(
        ("10.2.9-h1", "10.2.9", 1),
        ("10.2.9-h10", "10.2.9-h9", 1),
        ("10.2.9-h21", "10.2.10", -1),
        ("11.0.0-b7", "11.0.0", -1),
        ("6.2.8-c1045", "6.2.8-c263", 1),
        ("6.2.8-c1045", "6.2.8-h2", None),
        ("10.2", "10.2.9", None),
    ),
)
