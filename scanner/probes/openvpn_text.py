"""OpenVPN: the reset that begins a session, and the server's own in answer. No key is agreed on."""

from __future__ import annotations

from scanner.model.observation import Reading

_SESSION = b"fencewlk"
_CLIENT_RESET, _SERVER_RESET = 7, 8
RESET = bytes([_CLIENT_RESET << 3]) + _SESSION + b"\0" + bytes(4)
"""Nothing acknowledged, the first packet. A server that signs its control packets (tls-auth, tls-crypt) is silent."""


def readings(packet: bytes) -> tuple[Reading, ...]:
    """`openvpn` if this is a server's reset that acknowledges ours."""
    if len(packet) < 14 or packet[0] >> 3 != _SERVER_RESET or _SESSION not in packet[9:64]:
        return ()
    return (Reading("openvpn", packet[:64]),)
