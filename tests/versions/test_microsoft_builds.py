"""Microsoft's schemes against the dates of its builds: within a servicing line, what came later is above."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from scanner.versions import compare

Lines = defaultdict[Any, set[tuple[str, str]]]
FEED = Path(__file__).resolve().parents[3] / "shared" / "feeds" / "microsoft"


ODD_SQL = {"9.00.5259", "10.50.4319.00", "13.0.1728.2", "13.0.2186.6"}
"""Dated before its forerunners (two); called CU3 and numbered as a GDR; listed twice under two dates."""


def rows(name: str) -> list[dict[str, Any]]:
    if not FEED.is_dir():
        pytest.skip("Microsoft's builds are not in ../shared/feeds/microsoft")
    found: list[dict[str, Any]] = json.loads((FEED / f"{name}.json").read_text(encoding="utf-8"))["data"]
    return found


def out_of_order(scheme: str, lines: Lines) -> tuple[list[Any], int]:
    """The pairs (version, date) of one line whose order is not that of their dates, and how many were checked."""
    pairs = [pair for line in lines.values() for pair in itertools.combinations(sorted(line), 2) if len(set(pair)) == 2]
    dated = [(one, other) for one, other in pairs if one[1] != other[1]]
    wrong = [
        (one, other) for one, other in dated if compare(scheme, one[0], other[0]) != (-1 if one[1] < other[1] else 1)
    ]
    return wrong, len(dated)


def test_windows_patches_of_a_build_follow_their_dates() -> None:
    """Hot patches are numbered below the full ones of their day; client and server can part ways."""
    lines: Lines = defaultdict(set)
    for row in rows("ms_win"):
        if not row["release_type"].startswith("Hotpatch"):
            build = row["full_version"].rsplit(".", 1)[0]
            lines[build, row["os_type"]].add((row["full_version"], row["release_date"]))
    wrong, checked = out_of_order("windows", lines)
    assert (wrong, checked > 30_000) == ([], True)


def test_a_windows_build_of_two_systems_is_never_compared_across_them() -> None:
    """Where the server's numbers run ahead of the client's of a later day, or the other way round."""
    released: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for row in rows("ms_win"):
        if not row["release_type"].startswith("Hotpatch"):
            build = row["full_version"].rsplit(".", 1)[0]
            released[build].add((row["full_version"], row["release_date"], row["os_type"]))
    for line in released.values():
        for one, other in itertools.permutations(sorted(line), 2):
            if one[1] < other[1] and one[2] != other[2]:
                assert compare("windows", one[0], other[0]) in (-1, 0, None), (one, other)


def test_exchange_updates_of_a_cumulative_update_follow_their_dates() -> None:
    lines: Lines = defaultdict(set)
    for row in rows("ms_exchange"):
        assert compare("exchange", row["build"], row["build_long"]) == 0
        lines[row["build"].rsplit(".", 1)[0]].add((row["build"], row["release_date"]))
    wrong, checked = out_of_order("exchange", lines)
    assert (wrong, checked > 300) == ([], True)


def test_sql_server_cumulative_updates_follow_their_dates() -> None:
    """GDR builds are a line of their own, as `mssql` says."""
    lines: Lines = defaultdict(set)
    for row in rows("ms_sql"):
        kind = row["update_type"] or ""
        if kind.startswith("CU") and "GDR" not in kind and row["build"] not in ODD_SQL:
            lines[row["build"][:5], row["service_pack"]].add((row["build"], row["release_date"]))
    wrong, checked = out_of_order("mssql", lines)
    assert (wrong, checked > 1_000) == ([], True)
