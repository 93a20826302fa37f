"""TrueNAS and FreeNAS: `TrueNAS-13.0-U6.1`, `FreeNAS-11.3-U5`, and SCALE, `TrueNAS-SCALE-22.12.4.2`, `25.04.1`.

SCALE counts years and is another system than CORE: the two are incomparable.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, numbers

_FORM = re.compile(
    rf"(?:(?:TrueNAS|FreeNAS)[- ](?:SCALE-|CORE-)?)?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER}){{0,2}})"
    rf"(?:-(?P<stage>ALPHA|BETA|RC|RELEASE|U)\.?(?P<number>{NUMBER}(?:\.{NUMBER})?)?)?"
)
_STAGES = ("ALPHA", "BETA", "RC", "RELEASE", "U")


def _place(text: str) -> tuple[bool, tuple[object, ...]] | None:
    """Whether it is SCALE, and the place within the system."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    version = numbers(found["numbers"])
    stage = _STAGES.index(found["stage"] or "RELEASE")
    return version[:1] > (20,), (version, stage, numbers(found["number"] or ""))


SCHEME = Scheme(
    title="TrueNAS",
    compare=by_line(_place),
    truths=(
        ("TrueNAS-13.0-U6.1", "13.0-U6", 1),
        ("TrueNAS-12.0-RELEASE", "12.0-U1", -1),
        ("FreeNAS-11.3-U5", "TrueNAS-12.0-BETA2", -1),
        ("TrueNAS-SCALE-22.12.4.2", "22.12.4", 1),
        ("24.10.2", "25.04.0", -1),
        ("24.04-RC.1", "24.04.0", -1),
        ("TrueNAS-13.0-U6.1", "23.10.1", None),
        ("13", "13.0-U6.1", None),
    ),
)
