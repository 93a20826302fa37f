"""Netgate pfSense: the community edition `2.7.2-RELEASE`, `2.4.5-RELEASE-p1`, and pfSense Plus `23.09.1-RELEASE`.

The two editions do not follow one another and are incomparable.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})(?:\.(?P<c>{NUMBER}))?"
    rf"(?:-(?P<stage>DEVELOPMENT|ALPHA|BETA|RC|RELEASE)(?P<number>{NUMBER})?)?(?:(?:-p|_)(?P<patch>{NUMBER}))?"
)
_STAGES = ("DEVELOPMENT", "ALPHA", "BETA", "RC", "RELEASE")


def _place(text: str) -> tuple[bool, tuple[int, ...]] | None:
    """Whether it is pfSense Plus, which counts years, and the place within the edition."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    stage = _STAGES.index(found["stage"] or "RELEASE")
    return int(found["a"]) > 20, (*integers(found, "a", "b", "c"), stage, *integers(found, "number", "patch"))


SCHEME = Scheme(
    title="Netgate pfSense",
    compare=by_line(_place),
    truths=(
        ("2.7.2-RELEASE", "2.7.2", 0),
        ("2.4.5-RELEASE-p1", "2.4.5-RELEASE", 1),
        ("2.8.0-BETA", "2.8.0-RELEASE", -1),
        ("23.09.1-RELEASE", "23.09-RELEASE", 1),
        ("24.03-RELEASE", "23.09.1-RELEASE", 1),
        ("23.09.1-RELEASE", "2.7.2-RELEASE", None),
        ("2", "2.7.2-RELEASE", None),
    ),
)
