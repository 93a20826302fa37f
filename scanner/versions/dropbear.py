"""Dropbear: `2022.83`, since 2011 the year and a running number; before that `0.53.1`."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, numbers

_FORM = re.compile(rf"(?:dropbear_)?(?P<numbers>{NUMBER}\.{NUMBER}(?:\.{NUMBER})?)", re.IGNORECASE)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else numbers(found["numbers"])


SCHEME = Scheme(
    title="Dropbear",
    compare=by_key(_key),
    truths=(
        ("2022.83", "2020.81", 1),
        ("0.53.1", "2011.54", -1),
        ("0.53.1", "0.53", 1),
        ("dropbear_2019.78", "2019.78", 0),
        ("2013.61test", "2013.61", None),
        ("2022", "2022.83", None),
    ),
)
