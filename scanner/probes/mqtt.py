"""MQTT: whether the broker lets a client without credentials in. None are tried; nothing is subscribed to."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_CLIENT = b"fencewalk"
_BODY = b"\x00\x04MQTT\x04\x02\x00\x1e" + len(_CLIENT).to_bytes(2, "big") + _CLIENT
_CONNECT = b"\x10" + bytes([len(_BODY)]) + _BODY
_DISCONNECT = b"\xe0\x00"


def _steps(peer: Peer) -> Steps:
    yield Send(_CONNECT)
    data = yield Read(enough=lambda seen: len(seen) >= 4, limit=256)
    if len(data) < 4 or data[:2] != b"\x20\x02" or data[3] > 5:
        return stranger(data, peer.port)
    if data[3] == 0:
        yield Send(_DISCONNECT)
    return (Reading("mqtt", data[:4]), Reading("mqtt.access", b"open" if data[3] == 0 else b"refused-%d" % data[3]))


PROBE = Probe(name="mqtt", transport="tcp", ports=(1883,), writes=True, steps=_steps)
