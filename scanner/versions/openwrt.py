"""OpenWrt: `23.05.2`, `22.03.0-rc6`, with its revision behind or not: `21.02.3 r16554-1d4dea6d4f`.

Snapshots have no place.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?:(?:OpenWrt|LEDE) )?(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:-rc(?P<candidate>{NUMBER}))?"
    rf"(?:,? r{NUMBER}[+-][0-9a-f]{{1,40}})?"
)


def _key(text: str) -> tuple[int | bool, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return *integers(found, "a", "b", "c"), found["candidate"] is None, *integers(found, "candidate")


SCHEME = Scheme(
    title="OpenWrt",
    compare=by_key(_key),
    truths=(
        ("22.03.0-rc6", "22.03.0", -1),
        ("22.03.0-rc6", "22.03.0-rc10", -1),
        ("OpenWrt 21.02.3 r16554-1d4dea6d4f", "21.02.3", 0),
        ("LEDE 17.01.4", "18.06.0", -1),
        ("23.05.2", "23.05.10", -1),
        ("23.05-SNAPSHOT", "23.05.2", None),
        ("SNAPSHOT r24106-10cc5fcd00", "23.05.2", None),
    ),
)
