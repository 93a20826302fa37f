"""SIP: OPTIONS, which rings nothing, and the readings in its answer."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.probes.greeting import LINE
from scanner.probes.header_text import header


def options(transport: str) -> bytes:
    """The request over `UDP`, `TCP` or `TLS`.

    `nobody.invalid` is nobody by RFC 2606; `rport` has the answer sent to the port that asked.
    """
    return (
        "OPTIONS sip:nobody.invalid SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} nobody.invalid:5060;branch=z9hG4bK4657;rport\r\n"
        "Max-Forwards: 0\r\n"
        "From: <sip:fencewalk@nobody.invalid>;tag=4657\r\n"
        "To: <sip:nobody.invalid>\r\n"
        "Call-ID: 4657@nobody.invalid\r\n"
        "CSeq: 1 OPTIONS\r\n"
        "Contact: <sip:fencewalk@nobody.invalid>\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def sip_readings(data: bytes) -> tuple[Reading, ...]:
    """`()` if it is no answer of SIP's."""
    if not data.startswith(b"SIP/2.0 "):
        return ()
    head = data[:LINE]
    server = header(head, "Server", "User-Agent")
    return (Reading("sip", head), Reading("sip.server", server)) if server else (Reading("sip", head),)
