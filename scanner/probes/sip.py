"""SIP (telephones, PBXs): OPTIONS over UDP, which rings nothing."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE
from scanner.probes.header_text import header

# `nobody.invalid` is nobody by RFC 2606; `rport` has the answer sent to the port that asked.
PAYLOAD = (
    b"OPTIONS sip:nobody.invalid SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP nobody.invalid:5060;branch=z9hG4bK4657;rport\r\n"
    b"Max-Forwards: 0\r\n"
    b"From: <sip:fencewalk@nobody.invalid>;tag=4657\r\n"
    b"To: <sip:nobody.invalid>\r\n"
    b"Call-ID: 4657@nobody.invalid\r\n"
    b"CSeq: 1 OPTIONS\r\n"
    b"Contact: <sip:fencewalk@nobody.invalid>\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=8192)
    if not data.startswith(b"SIP/2.0 "):
        return ()
    head = data[:LINE]
    server = header(head, "Server", "User-Agent")
    return (Reading("sip", head), Reading("sip.server", server)) if server else (Reading("sip", head),)


PROBE = Probe(name="sip", transport="udp", ports=(5060,), writes=True, steps=_steps, payload=PAYLOAD)
