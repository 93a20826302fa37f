"""EtherNet/IP: List Identity: product name, revision and serial number. Only where the site file allows the port."""

from __future__ import annotations

import struct

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

_LIST_IDENTITY = 0x63
_HEAD = 24
_QUESTION = struct.pack("<HHII8sI", _LIST_IDENTITY, 0, 0, 0, b"fencwalk", 0)


def _steps(peer: Peer) -> Steps:
    yield Send(_QUESTION)
    data = yield Read(enough=lambda seen: len(seen) >= _HEAD + int.from_bytes(seen[2:4], "little"), limit=2048)
    if len(data) < _HEAD + 41 or data[:2] != _QUESTION[:2] or data[_HEAD + 2 : _HEAD + 4] != b"\x0c\0":
        return ()
    # Behind the item's head: the encapsulation's version and the socket address, 18 bytes.
    item = data[_HEAD + 6 + 18 :]
    vendor, kind, product, major, minor = struct.unpack_from("<HHHBB", item)
    name = item[15 : 15 + item[14]]
    identity = b"%s revision %d.%03d vendor %d type %d code %d" % (name, major, minor, vendor, kind, product)
    return (Reading("ethernet-ip", data[_HEAD : _HEAD + 256]), Reading("ethernet-ip.identity", identity))


PROBE = Probe(name="ethernet-ip", transport="tcp", ports=(44818,), writes=True, alone=True, steps=_steps)
