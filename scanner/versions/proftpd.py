"""ProFTPD: `1.3.8rc4` < `1.3.8` < `1.3.8a` < `1.3.8d`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})(?:rc(?P<candidate>{NUMBER})|(?P<letter>[a-z]))?"
)


def _key(text: str) -> tuple[object, ...] | None:
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    candidate = found["candidate"]
    place = candidate is None, int(candidate or 0), found["letter"] or ""
    return int(found["a"]), int(found["b"]), int(found["c"]), *place


SCHEME = Scheme(
    title="ProFTPD",
    compare=by_key(_key),
    truths=(
        ("1.3.8d", "1.3.8", 1),
        ("1.3.8rc4", "1.3.8", -1),
        ("1.3.8rc4", "1.3.7f", 1),
        ("1.3.10", "1.3.9d", 1),
        ("1.3.5e", "1.3.5b", 1),
        ("1.3", "1.3.5", None),
    ),
)
