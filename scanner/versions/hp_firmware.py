"""Firmware of HP and HPE: iLO (`2.78`), ProCurve and Aruba switches (`KB.16.11.0012`), printers (`2409092_002837`).

The letters in front of a switch's version name its hardware: versions of two kinds of hardware are incomparable, and
so are a printer's date codes and dotted versions.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_line, numbers

_DOTTED = re.compile(rf"(?:(?P<platform>[A-Z]{{1,2}})\.)?(?P<numbers>{NUMBER}(?:\.{NUMBER}){{1,4}})")
_CODE = re.compile(rf"(?P<numbers>{NUMBER}_{NUMBER})")


def _place(text: str) -> tuple[str, tuple[int, ...]] | None:
    found = _DOTTED.fullmatch(text)
    if found is not None:
        return f"dotted {found['platform'] or ''}", numbers(found["numbers"])
    found = _CODE.fullmatch(text)
    return None if found is None else ("code", numbers(found["numbers"]))


SCHEME = Scheme(
    title="HP and HPE firmware",
    compare=by_line(_place),
    truths=(
        ("2.78", "2.8", 1),
        ("2.99", "3.01", -1),
        ("KB.16.11.0012", "KB.16.11.0009", 1),
        ("KB.16.11.0012", "KB.16.2.0012", 1),
        ("KB.16.11.0012", "YA.16.11.0012", None),
        ("K.15.18.0007", "K.15.18.0021", -1),
        ("2409092_002837", "2506116_034916", -1),
        ("2409092_002837", "5.6.0.2", None),
        ("unknown", "2.78", None),
    ),
)
