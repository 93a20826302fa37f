"""What remote-access tools say first, by their first bytes. None of them says its version so."""

from __future__ import annotations

import re

from scanner.model.observation import Reading

_NOMACHINE = re.compile(rb"NXD-\d{1,2}\.\d{1,2}(?:\.\d{1,3})?\r?\n?\Z")
_TEAMVIEWER = b"\x17\x24\x0a\x20"
_TEAMVIEWER_SIZE = 37
_DAMEWARE = b"\x30\x11\0\0"
_DAMEWARE_SIZE = 40


def spoken(data: bytes) -> tuple[Reading, ...]:
    """The readings in what a service said, `()` if it is none of these. Never raises."""
    if _NOMACHINE.match(data[:32]):
        return (Reading("nomachine", data[:32].rstrip()),)
    if data.startswith(_TEAMVIEWER) and len(data) == _TEAMVIEWER_SIZE:
        return (Reading("teamviewer", data),)
    if data.startswith(_DAMEWARE) and len(data) == _DAMEWARE_SIZE:
        return (Reading("dameware", data),)
    return ()
