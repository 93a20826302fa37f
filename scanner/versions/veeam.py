"""Veeam Backup & Replication: `12.1.1.56`, `11.0.1.1261-P20240304`: a cumulative patch, by its date, of one build."""

from __future__ import annotations

import re

from scanner.versions import Scheme
from scanner.versions.ordering import NUMBER, by_key, integers

_FORM = re.compile(
    rf"(?P<a>{NUMBER})\.(?P<b>{NUMBER})\.(?P<c>{NUMBER})\.(?P<d>{NUMBER})(?:[- ]P(?P<date>[0-9]{{1,8}}))?"
)


def _key(text: str) -> tuple[int, ...] | None:
    found = _FORM.fullmatch(text)
    return None if found is None else integers(found, "a", "b", "c", "d", "date")


SCHEME = Scheme(
    title="Veeam Backup & Replication",
    compare=by_key(_key),
    truths=(
        ("11.0.1.1261-P20240304", "11.0.1.1261-P20230227", 1),
        ("11.0.1.1261", "11.0.1.1261 P20211123", -1),
        ("11.0.1.1261 P20240304", "12.0.0.1420", -1),
        ("12.1.1.56", "12.1.0.2131", 1),
        ("12.1", "12.1.1.56", None),
    ),
)
