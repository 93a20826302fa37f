"""Makers of network cards."""

from __future__ import annotations

import pytest

from scanner.identify.vendor import vendor


@pytest.mark.parametrize(
    ("mac", "maker"),
    [
        ("b8:27:eb:01:02:03", "Raspberry Pi Foundation"),
        ("B8-27-EB-01-02-03", "Raspberry Pi Foundation"),
        ("00:0c:29:aa:bb:cc", "VMware, Inc."),
        ("ba:27:eb:01:02:03", None),  # the same, locally administered: nobody registered it
        ("ff:ff:ff:ff:ff:ff", None),
        ("01:00:5e:00:00:01", None),
        ("b8:27:eb:01:02", None),
        ("not a mac", None),
        ("", None),
        ("٣٣:27:eb:01:02:03", None),
    ],
)
def test_vendor(mac: str, maker: str | None) -> None:
    assert vendor(mac) == maker
