"""XMPP: the stream's header, for whose answer no account is needed, and the certificate behind STARTTLS."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, StartTls, Steps
from scanner.probes.greeting import LINE, classify, stranger

_SERVERS = frozenset({5269, 5270})
_STARTTLS = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
_MARKS = (b"</stream:", b"<stream:features/>", b"/stream:stream>")


def _steps(peer: Peer) -> Steps:
    space = "jabber:server" if peer.port in _SERVERS else "jabber:client"
    yield Send(
        f"<?xml version='1.0'?><stream:stream to='{peer.address}' xmlns='{space}'"
        " xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>".encode()
    )
    data = yield Read(enough=lambda seen: any(mark in seen for mark in _MARKS), limit=8192, seconds=3.0)
    found = classify(data)
    if not found or found[0].kind != "xmpp":
        return stranger(data, peer.port)
    readings = (Reading("xmpp", data[: LINE * 2].strip()),)
    if b"urn:ietf:params:xml:ns:xmpp-tls" not in data:
        return readings
    yield Send(_STARTTLS)
    answer = yield Read(enough=lambda seen: b">" in seen, limit=1024)
    if b"<proceed" not in answer:
        return readings
    certificate = yield StartTls()
    return (*readings, Reading("tls.cert", certificate)) if certificate else readings


PROBE = Probe(name="xmpp", transport="tcp", ports=(5222, 5269, 6523), writes=True, steps=_steps)
