"""RustDesk's rendezvous server (hbbs): the question from which port we come, which a client asks to know its NAT.

Nobody registers by it. The relay (hbbr) has no question that does not open a session, so it is not asked.
"""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger

_ASK = b"\x0c\xa2\x01\x00"
"""A frame (its length in the upper six bits of one byte) around protobuf's field 20, test_nat_request, empty."""
_ANSWER = b"\xaa\x01"
"""Field 21, test_nat_response."""
_PORT = b"\x08"


def answered(data: bytes) -> bool:
    """Whether it is one whole frame around a port's number, as it answers the question."""
    if len(data) < 6 or data[0] & 3 or data[1:3] != _ANSWER or data[4:5] != _PORT:
        return False
    body = data[1 : 1 + (data[0] >> 2)]
    return len(body) == data[0] >> 2 and data[3] == len(body) - 3 and 0 < _varint(data[5:8]) < 65536


def _varint(data: bytes) -> int:
    value = 0
    for index, byte in enumerate(data):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value
    return 0


def _steps(peer: Peer) -> Steps:
    yield Send(_ASK)
    data = yield Read(enough=answered, limit=1024, seconds=2.0)
    return (Reading("rustdesk", data[:64]),) if answered(data) else stranger(data, peer.port)


PROBE = Probe(name="rustdesk", transport="tcp", ports=(21115, 21116), writes=True, steps=_steps)
