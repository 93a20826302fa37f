"""CoAP over TCP (RFC 8323): as over UDP. The server's settings come first."""

from __future__ import annotations

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes import coap_text
from scanner.probes.greeting import stranger


def _answered(seen: bytes) -> bool:
    return coap_text.answer_in_stream(seen) is not None


def _steps(peer: Peer) -> Steps:
    yield Send(coap_text.SETTINGS + coap_text.question_in_stream(coap_text.LIST))
    data = yield Read(enough=_answered, limit=4096)
    listed = coap_text.answer_in_stream(data)
    first = coap_text.settings(data)
    if listed is None and not first:
        return stranger(data, peer.port)
    resources = coap_text.text("coap.resources", listed)
    root: tuple[Reading, ...] = ()
    if any(b"</>" in each.raw for each in resources):
        yield Send(coap_text.question_in_stream(coap_text.ROOT))
        root = coap_text.text("coap.root", coap_text.answer_in_stream((yield Read(enough=_answered, limit=4096))))
    return (*root, *resources, Reading("coap", first or data[:64]))


PROBE = Probe(name="coap.tcp", transport="tcp", ports=(5683,), writes=True, steps=_steps)
