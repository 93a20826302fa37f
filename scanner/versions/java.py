"""Java: `1.8.0_392` and `8u392-b08` are one release; `17.0.9+9-LTS`, `11.0.9.1`, early access `21-ea+5`.

The build (`+9`, `-b08`) is each vendor's own count and is not compared.
"""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers, numbers

_OLD = re.compile(
    rf"(?:1\.(?P<a>[3-9])\.(?P<minor>[0-9])(?:_(?P<update>{NUMBER}))?|(?P<b>[5-9])(?:\.0)?u(?P<number>{NUMBER}))"
    rf"(?P<letter>[a-z]?)(?:(?:-b|\+){NUMBER}(?:\.{NUMBER})?)?"
)
_NEW = re.compile(
    rf"(?P<numbers>{NUMBER}(?:\.{NUMBER}){{0,5}})(?P<early>-ea)?(?:\+{NUMBER}(?:\.{NUMBER})?)?"
    r"(?:-(?:LTS|Ubuntu[A-Za-z0-9.~-]{0,40}))?"
)


def _key(text: str) -> tuple[object, ...] | None:
    found = _OLD.fullmatch(text)
    if found is not None:
        place = integers(found, "a" if found["a"] else "b", "minor", "update" if found["a"] else "number")
        return numbers(".".join(map(str, place))), True, found["letter"]
    found = _NEW.fullmatch(text)
    # 1.8 or a bare 1 hides which release of the old form it is.
    if found is None or int(found["numbers"].partition(".")[0]) < 5:
        return None
    return numbers(found["numbers"]), found["early"] is None, ""


SCHEME = Scheme(
    title="Java",
    compare=by_key(_key),
    truths=(
        ("1.8.0_392", "8u392-b08", 0),
        ("1.8.0_392", "1.8.0_402", -1),
        ("8u92", "8u402", -1),
        ("1.8.0_402", "11.0.2", -1),
        ("17.0.9+9", "17.0.9+11-LTS", 0),
        ("17.0.9", "17.0.10", -1),
        ("11.0.9", "11.0.9.1+1", -1),
        ("21-ea+5", "21", -1),
        ("21", "21.0.1", -1),
        ("1.8", "1.8.0_392", None),
    ),
)
