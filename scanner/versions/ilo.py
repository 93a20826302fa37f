"""HPE iLO: `2.78`, `iLO 5 v2.99`. Each generation of the hardware numbers on its own.

Two generations are incomparable, and so is a version that does not name its own with one that does.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, integers

_FORM = re.compile(rf"(?:iLO ?(?P<generation>[2-9]) )?v?(?P<a>{NUMBER})\.(?P<b>[0-9]{{2}})(?:p(?P<pass>{NUMBER}))?")


def _place(text: str) -> tuple[str | None, tuple[int, ...]] | None:
    """The generation, and the place within it. The second number always has two digits."""
    found = _FORM.fullmatch(text)
    return None if found is None else (found["generation"], integers(found, "a", "b", "pass"))


SCHEME = Scheme(
    title="HPE iLO",
    compare=by_line(_place),
    truths=(
        ("2.78", "2.99", -1),
        ("iLO 5 v2.99", "iLO 5 v3.01", -1),
        ("iLO 6 v1.55", "iLO 5 v2.99", None),
        ("2.78", "iLO 5 v2.78", None),
        ("2.8", "2.78", None),
    ),
)
