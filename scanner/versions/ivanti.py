"""Ivanti (Pulse) Connect Secure and Policy Secure: `22.7R2.5`, `9.1R18.9`, with the build behind or not."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})R(?P<c>{NUMBER})(?:\.(?P<d>{NUMBER}))?(?: \(build {NUMBER}\))?", re.IGNORECASE
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else integers(found, "a", "b", "c", "d")


SCHEME = Scheme(
    title="Ivanti Connect Secure",
    compare=by_key(_key),
    truths=(
        ("22.7R2.5", "22.7R2.10", -1),
        ("9.1R18.9", "9.1R9", 1),
        ("9.1R18", "9.1R18.9", -1),
        ("22.7R2.5 (build 3793)", "22.7R2.5", 0),
        ("9.1R18.9", "22.1R1", -1),
        ("22.7", "22.7R2.5", None),
    ),
)
