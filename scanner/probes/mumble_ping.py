"""Mumble's ping over UDP: version, users and bandwidth, for whoever asks."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

PAYLOAD = b"\0\0\0\0fencewlk"


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=1024)
    return (Reading("mumble.ping", data),) if len(data) == 24 and data[4:12] == PAYLOAD[4:] else ()


PROBE = Probe(name="mumble.ping", transport="udp", ports=(64738,), writes=True, steps=_steps, payload=PAYLOAD)
