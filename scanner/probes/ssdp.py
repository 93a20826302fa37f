"""SSDP (UPnP): M-SEARCH to one device; its SERVER header names the system, UPnP's version and the product."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE
from scanner.probes.header_text import header

PAYLOAD = (
    b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: upnp:rootdevice\r\n\r\n'
)


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=4096)
    if not data.startswith(b"HTTP/1.") or not header(data, "USN", "ST"):
        return ()
    readings = [Reading("ssdp", data[:LINE])]
    for kind, name in (("ssdp.server", "Server"), ("ssdp.location", "Location")):
        if value := header(data, name):
            readings.append(Reading(kind, value))
    return tuple(readings)


PROBE = Probe(name="ssdp", transport="udp", ports=(1900,), writes=True, steps=_steps, payload=PAYLOAD)
