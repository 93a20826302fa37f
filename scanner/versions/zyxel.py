"""Zyxel firewalls and switches: `V5.37(ABPS.1)`, `5.37 Patch 1`, `V4.73(ABFW.2)C0`.

The letters name the model, the number behind them the patch; nothing behind the release is its first issue.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?:ZLD ?)?V?(?P<a>{NUMBER})\.(?P<b>{NUMBER})"
    rf"(?:\([A-Z]{{4}}\.(?P<patch>{NUMBER})\)(?:C{NUMBER})?| Patch (?P<number>{NUMBER}))?"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else integers(found, "a", "b", "patch" if found["patch"] else "number")


SCHEME = Scheme(
    title="Zyxel",
    compare=by_key(_key),
    truths=(
        ("V5.37(ABPS.1)", "5.37 Patch 1", 0),
        ("V5.37(ABPS.1)", "V5.37(ABPS.0)", 1),
        ("V4.73(ABFW.2)C0", "V5.00(ABFW.0)C0", -1),
        ("ZLD V5.38", "V5.38(ABFU.0)", 0),
        ("5", "5.38", None),
        ("V5.37(abps.1)", "5.37", None),
    ),
)
