"""OpenVPN over TCP."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import stranger
from scanner.probes.openvpn_text import RESET, readings


def _steps(peer: Peer) -> Steps:
    yield Send(len(RESET).to_bytes(2, "big") + RESET)
    data = yield Read(enough=lambda seen: len(seen) >= 2 and len(seen) >= 2 + int.from_bytes(seen[:2], "big"))
    return readings(data[2:]) or stranger(data, peer.port)


PROBE = Probe(name="openvpn.tcp", transport="tcp", ports=(1194,), writes=True, steps=_steps)
