"""OpenVPN's management interface: the greeting, then `version`. One that asks for a password gets none."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, classify

GREETING = b">INFO:OpenVPN Management Interface"
_PASSWORD = b"ENTER PASSWORD:"


def _steps(peer: Peer) -> Steps:
    greeting = yield Read(enough=lambda seen: seen.endswith((b"\n", b":")), limit=1024)
    if greeting.startswith(_PASSWORD):
        return (Reading("openvpn-management", _PASSWORD), Reading("openvpn-management.auth", b"required"))
    if not greeting.startswith(GREETING):
        return classify(greeting, peer.port)
    yield Send(b"version\n")
    answer = yield Read(enough=lambda seen: b"END" in seen, limit=4096)
    yield Send(b"quit\n")
    said = answer if answer.startswith(b"OpenVPN Version:") else greeting
    return (
        Reading("openvpn-management", said.rstrip(b"\r\n")[:LINE]),
        Reading("openvpn-management.auth", b"none"),
    )


PROBE = Probe(name="openvpn-management", transport="tcp", ports=(7505,), writes=True, steps=_steps)
