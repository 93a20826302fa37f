"""DRDA, which Db2 and Derby speak: the exchange of server attributes, which comes before any login.

Kind `drda`: the answer (EXCSATRD), whose texts are EBCDIC.
"""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_EXCSAT, _EXCSATRD = 0x1041, 0x1443
_NAME, _LEVELS, _CLASS, _SERVER, _RELEASE = 0x115E, 0x1404, 0x1147, 0x116D, 0x115A
_MANAGERS = struct.pack("!8H", 0x1403, 7, 0x2407, 7, 0x240F, 7, 0x1474, 5)
"""Agent, SQL application manager, relational database, TCP/IP, each with its level."""


def _parameter(code: int, value: bytes) -> bytes:
    return struct.pack("!HH", 4 + len(value), code) + value


def _ask() -> bytes:
    name = "fencewalk".encode("cp500")
    body = b"".join(_parameter(code, name) for code in (_NAME, _SERVER, _RELEASE)) + _parameter(_LEVELS, _MANAGERS)
    command = _parameter(_EXCSAT, body + _parameter(_CLASS, "QAS".encode("cp500")))
    return struct.pack("!HBBH", 6 + len(command), 0xD0, 1, 1) + command


def _steps(peer: Peer) -> Steps:
    yield Send(_ask())
    data = yield Read(enough=lambda seen: len(seen) >= 2 and len(seen) >= int.from_bytes(seen[:2], "big"), limit=4096)
    if len(data) > 10 and data[2] == 0xD0 and data[8:10] == struct.pack("!H", _EXCSATRD):
        return (Reading("drda", data[6 : int.from_bytes(data[:2], "big")]),)
    return stranger(data, peer.port)


PROBE = Probe(name="drda", transport="tcp", ports=(50000, 1527, 446), writes=True, steps=_steps)
