"""A greeting is read as it came off the wire, a protocol's own commands before and between its words included."""

from __future__ import annotations

import time

import pytest

from scanner.identify import identify


@pytest.mark.parametrize(
    ("raw", "name", "version"),
    [
        (b"\xff\xfd\x18\xff\xfd\x20Ubuntu 22.04.3 LTS\r\nhost login: ", "ubuntu_linux", "22.04"),
        (
            b"\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0\xff\xf9\r\nMikroTik v6.49.10 (stable)\r\nLogin: ",
            "routeros",
            "6.49.10",
        ),
        (b"MikroTik v6.49.10\xff\xfd (stable)\r\nLogin: \xff", "routeros", "6.49.10"),
    ],
)
def test_telnet_with_its_commands(raw: bytes, name: str, version: str) -> None:
    (found,) = identify("telnet", raw)
    assert (found.name, found.version) == (name, version)


@pytest.mark.parametrize("raw", [b"\xff\xfa" * 32768, b"\xff" * 65536, b"\xff\xfa\xff\xf0" * 16384, b"\xff\xfb"])
def test_commands_without_an_end(raw: bytes) -> None:
    started = time.process_time()
    assert identify("telnet", raw) == ()
    assert time.process_time() - started < 0.5
