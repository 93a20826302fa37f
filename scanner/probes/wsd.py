"""WS-Discovery (Windows, printers, cameras): a Probe for everything, to one device."""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps

PAYLOAD = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    b' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    b' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
    b"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
    b"<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
    b"<a:MessageID>urn:uuid:46574657-0000-4000-8000-000000000001</a:MessageID>"
    b"</s:Header><s:Body><d:Probe/></s:Body></s:Envelope>"
)
_VALUE = rb"<(?:\w{1,32}:)?%s(?:\s[^<>]{0,512})?>\s{0,64}([^<>]{1,1024})<"
_KINDS = {
    "wsd.types": re.compile(_VALUE % b"Types"),
    "wsd.scopes": re.compile(_VALUE % b"Scopes"),
    "wsd.location": re.compile(_VALUE % b"XAddrs"),
}


def _steps(peer: Peer) -> Steps:
    yield Send(PAYLOAD)
    data = yield Read(limit=16384)
    if b"ProbeMatch" not in data or b"Envelope" not in data:
        return ()
    readings = [Reading("wsd", data[:4096])]
    for kind, pattern in _KINDS.items():
        if found := pattern.search(data):
            readings.append(Reading(kind, found[1].strip()))
    return tuple(readings)


PROBE = Probe(name="wsd", transport="udp", ports=(3702,), writes=True, steps=_steps, payload=PAYLOAD)
