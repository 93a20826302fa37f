"""Who is called a stranger, and who is not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from assess.scene import site

from scanner.assess.findings.unknown import strangers
from scanner.model.baseline import Knowledge
from scanner.model.report import HostRow, ServiceRow

NGINX = ServiceRow("tcp", 80, "open", "http", "nginx", None, None, "")
STRANGER = HostRow(
    id="servers/10.0.2.77", zone="servers", addresses=("10.0.2.77",), mac="02:00:00:00:00:77", vendor=None, names=(),
    os=None, services=(), software=(), device="unknown",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, True),
        ({"services": (msgspec.structs.replace(NGINX, product=None),)}, True),
        ({"mac": None}, False),
        ({"vendor": "Dell"}, False),
        ({"names": ("db01",)}, False),
        ({"os": "Debian 12"}, False),
        ({"services": (NGINX,)}, False),
        ({"device": "printer"}, False),
        ({"critical": "Database"}, False),
        ({"addresses": ("10.0.2.1",)}, False),
        ({"zone": "office"}, False),
    ],
)
def test_strangers(change: dict[str, Any], told: bool) -> None:
    zones = site()
    host = msgspec.structs.replace(STRANGER, **change)
    found = list(strangers(zones, Knowledge(baselines=()), [host], lambda address: address == "10.0.2.1"))
    assert [each.kind for each in found] == ["unknown-device"] * told
