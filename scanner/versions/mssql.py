"""Microsoft SQL Server: `15.0.4345.5`, `9.00.2047`. The third number is unique to a build; the fourth is not compared.

The order is that of the numbers. Whether a fix is in a build depends on its servicing line (GDR or CU) as well, so a
baseline has one branch for each line.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<build>{NUMBER})(?:\.{NUMBER})?")


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else (int(found["a"]), int(found["b"]), int(found["build"]))


SCHEME = Scheme(
    title="Microsoft SQL Server",
    compare=by_key(_key),
    truths=(
        ("15.0.4345.5", "15.0.2000.5", 1),
        ("15.00.2000", "15.0.2000.5", 0),
        ("16.0.1000.6", "15.0.4480.2", 1),
        ("10.50.6785.2", "10.0.6814.4", 1),
        ("15.0", "15.0.2000.5", None),
        ("2019", "15.0.2000.5", None),
    ),
)
