"""Gopher: an empty line, which asks for the menu; the server's name is often its last line."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ITEM = re.compile(rb"(?m)^[0-9+TgIihds:;<][^\t\r\n]{0,512}\t[^\t\r\n]{0,512}\t[^\t\r\n]{0,255}\t\d{1,5}\b")
_MENU = 8192


def _steps(peer: Peer) -> Steps:
    yield Send(b"\r\n")
    data = yield Read(enough=lambda seen: seen.endswith((b"\n.\r\n", b"\n.\n")), limit=_MENU, seconds=3.0)
    if _ITEM.search(data):
        return (Reading("gopher", data.strip()),)
    return stranger(data, peer.port)


PROBE = Probe(name="gopher", transport="tcp", ports=(70,), writes=True, steps=_steps)
