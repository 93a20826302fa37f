"""RTSP (cameras): OPTIONS, which asks for nothing to be played."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger
from scanner.probes.header_text import ended, header


def _steps(peer: Peer) -> Steps:
    host = f"[{peer.address}]" if ":" in peer.address else peer.address
    yield Send(f"OPTIONS rtsp://{host}:{peer.port}/ RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: fencewalk\r\n\r\n".encode())
    data = yield Read(enough=ended, limit=8192)
    if not data.startswith(b"RTSP/1."):
        return stranger(data, peer.port)
    head = data[:LINE]
    server = header(head, "Server")
    return (Reading("rtsp", head), Reading("rtsp.server", server)) if server else (Reading("rtsp", head),)


PROBE = Probe(name="rtsp", transport="tcp", ports=(554, 8554, 7070), writes=True, steps=_steps)
