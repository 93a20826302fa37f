"""Siemens S7: the system status list's identification of module and component. Only where the site file allows it."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_CONNECT = bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a")
"""COTP: to rack 0, slot 2, as a programming device."""
_SETUP = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")
_MODULE = bytes.fromhex("0300002102f080320700000000000800080001120411440100ff09000400110001")
_COMPONENT = bytes.fromhex("0300002102f080320700000000000800080001120411440100ff090004001c0001")
_CONFIRMED = 0xD0
_ORDER = re.compile(rb"\b6(?:ES7|AG1|GK7)[ 0-9A-Z-]{8,16}")


def _whole(seen: bytes) -> bool:
    return len(seen) >= 4 and len(seen) >= int.from_bytes(seen[2:4], "big")


def _steps(peer: Peer) -> Steps:
    yield Send(_CONNECT)
    data = yield Read(enough=_whole, limit=1024)
    if data[:2] != b"\3\0" or len(data) < 7 or data[5] != _CONFIRMED:
        return ()
    said = (Reading("cotp", data[:64]),)
    yield Send(_SETUP)
    data = yield Read(enough=_whole, limit=1024)
    if data[7:8] != b"\x32":
        return said
    readings = [Reading("s7", data[:64])]
    yield Send(_MODULE)
    module = yield Read(enough=_whole, limit=2048)
    if found := _module(module):
        readings.append(Reading("s7.module", found))
    yield Send(_COMPONENT)
    component = yield Read(enough=_whole, limit=2048)
    names = [part.strip(b" \0") for part in re.findall(rb"[ -~]{6,64}", component[31:])]
    if names:
        readings.append(Reading("s7.component", b"\n".join(names)[:512]))
    return tuple(readings)


def _module(data: bytes) -> bytes:
    """`6ES7 315-2EH14-0AB0 V3.2.6`: the order number, and the firmware out of the record with index 7."""
    order = _ORDER.search(data)
    if order is None:
        return b""
    name = order[0].strip()
    for at in range(order.start() - 2, len(data) - 27, 28):
        if data[at : at + 2] == b"\0\7" and data[at + 24 : at + 25] == b"V":
            return name + b" V%d.%d.%d" % (data[at + 25], data[at + 26], data[at + 27])
    return name


PROBE = Probe(name="s7", transport="tcp", ports=(102,), writes=True, alone=True, steps=_steps)
