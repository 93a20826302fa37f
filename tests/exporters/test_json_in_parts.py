"""A large report is written in parts, which together are what one piece would be."""

from __future__ import annotations

import msgspec
import pytest

from scanner.exporters import exporters
from scanner.model.report import Digests, FlowRow, Report, ZoneRow

EMPTY = Report(1, "Client", "site", "2026-11-20", (), (), (), (), (), (), (), (), Digests("", "", "", ""))
FLOW = FlowRow("guest", "servers", "10.0.2.9", "tcp", 22, "REACHED", "handshake completed", False, "syn-ack")
JSON = exporters()["json"]


@pytest.mark.parametrize("many", [0, 1, 2048, 2049, 40_000])
def test_the_parts_are_the_whole(many: int) -> None:
    report = msgspec.structs.replace(EMPTY, reachability=(FLOW,) * many)
    whole = msgspec.json.encode(report, order="deterministic")
    if len(whole) <= 5 << 20:
        whole = msgspec.json.format(whole, indent=2)
    parts = list(JSON.written(report))
    assert b"".join(parts) == JSON.render(report) == whole + b"\n"
    assert max(map(len, parts)) < 6 << 20


def test_what_does_not_print_is_escaped_in_every_part() -> None:
    odd = tuple(ZoneRow(each, (), "user", None, 0) for each in ("caf\u00e9 \u202e", "\ud800"))
    report = msgspec.structs.replace(EMPTY, zones=odd, reachability=(FLOW,) * 40_000)
    written = b"".join(JSON.written(report))
    names = [each["name"] for each in msgspec.json.decode(written)["zones"]]
    assert names == ["caf\u00e9 \u202e", "\\ud800"]
    assert "\u202e".encode() not in written
