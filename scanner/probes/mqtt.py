"""MQTT: whether the broker lets a client without credentials in, and if so which broker it says it is. None are tried.

Where it lets us in we subscribe to the two topics under which brokers publish their version, read, and leave.
Kinds: `mqtt` (CONNACK), `mqtt.version` (the topic and what was published under it: `$SYS/broker/version mosquitto
version 2.0.11`), `mqtt.auth` (`none`, `required`).
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_CLIENT = b"fencewalk"
_BODY = b"\x00\x04MQTT\x04\x02\x00\x1e" + len(_CLIENT).to_bytes(2, "big") + _CLIENT
_CONNECT = b"\x10" + bytes([len(_BODY)]) + _BODY
_TOPICS = (b"$SYS/broker/version", b"$SYS/brokers/+/version")
_FILTERS = b"".join(len(topic).to_bytes(2, "big") + topic + b"\0" for topic in _TOPICS)
_SUBSCRIBE = b"\x82" + bytes([2 + len(_FILTERS)]) + b"\x00\x01" + _FILTERS
_DISCONNECT = b"\xe0\x00"
_PASSWORD_NEEDED = (4, 5)
_MOST = 1024


def talk(peer: Peer) -> Steps:
    """The questions and what they say, over whatever the connection is."""
    yield Send(_CONNECT)
    data = yield Read(enough=lambda seen: len(seen) >= 4, limit=_MOST)
    if len(data) < 4 or data[:2] != b"\x20\x02" or data[2] > 1 or data[3] > 5:
        return stranger(data, peer.port)
    readings = (Reading("mqtt", data[:4]),)
    if data[3] in _PASSWORD_NEEDED:
        return (*readings, Reading("mqtt.auth", b"required"))
    if data[3] != 0:
        return readings
    yield Send(_SUBSCRIBE)
    published = data[4:] + (yield Read(enough=lambda seen: bool(_published(seen)), limit=_MOST, seconds=1.5))
    yield Send(_DISCONNECT)
    version = _published(published)
    told = (Reading("mqtt.version", version),) if version else ()
    return (*told, *readings, Reading("mqtt.auth", b"none"))


def _published(data: bytes) -> bytes:
    """The first message on one of our topics, after the topic's name; `b""` if there is none in these packets."""
    at = 0
    while at + 2 <= len(data):
        size, shift, start = 0, 0, at + 1
        while start < len(data) and shift <= 21:
            size |= (data[start] & 0x7F) << shift
            shift, start = shift + 7, start + 1
            if not data[start - 1] & 0x80:
                break
        body = data[start : start + size]
        if data[at] & 0xF0 == 0x30 and len(body) == size and size > 2:
            length = int.from_bytes(body[:2], "big")
            topic, text = body[2 : 2 + length], body[2 + length :]
            if data[at] & 0x06:
                text = text[2:]  # the packet's number, of a message that wants to be acknowledged
            if topic.startswith(b"$SYS/broker") and topic.endswith(b"/version") and text:
                return topic + b" " + text[:256]
        at = start + size
    return b""


PROBE = Probe(
    name="mqtt", transport="tcp", ports=(1883, 1884, 11883, 21883), writes=True, steps=talk, last_resort="binary"
)
