"""OpenVPN over UDP."""

from __future__ import annotations

from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.openvpn_text import RESET, readings


def _steps(peer: Peer) -> Steps:
    yield Send(RESET)
    return readings((yield Read(limit=2048)))


PROBE = Probe(name="openvpn", transport="udp", ports=(1194, 1195), writes=True, steps=_steps, payload=RESET)
