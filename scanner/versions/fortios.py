"""FortiOS: `v7.0.14,build0601,240206 (GA.M)`, as SNMP and the CLI write it, or `7.0.14`.

The build only repeats the release; special builds number on their own, so it is not compared.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?:FortiOS )?v?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})"
    rf"(?:[ ,-]*build{NUMBER}(?:,{NUMBER})?(?: ?\([A-Za-z. ]{{1,16}}\))?)?"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else (int(found["a"]), int(found["b"]), int(found["c"]))


SCHEME = Scheme(
    title="FortiOS",
    compare=by_key(_key),
    truths=(
        ("v7.0.14,build0601", "7.0.9", 1),
        ("v7.0.14,build0601,240206 (GA.M)", "7.0.14", 0),
        ("v7.2.10 build1706", "v7.4.1", -1),
        ("7.4.9", "7.4.11", -1),
        ("7.4", "7.4.0", None),
        ("v7.0.x", "7.0.1", None),
    ),
)
