"""CoAP over UDP: the list of its resources, which every server has, and what stands at the root where there is a root.

Kinds: `coap` (the first answer, which proves the protocol), `coap.resources`, `coap.root`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Step, Steps
from scanner.probes import coap_text

_MESSAGE = 64


def _ask(path: Sequence[bytes], number: int) -> Generator[Step, bytes, tuple[bytes, coap_text.Answer | None]]:
    """The message that answered, and what it says. A server may first say only that it has heard."""
    asked = coap_text.question(path, number)
    yield Send(asked)
    first = data = yield Read(limit=4096, seconds=2.5)
    found = coap_text.answer(data, asked)
    if found is not None and found.heard_only:
        data = yield Read(limit=4096, seconds=2.5)
        found = coap_text.answer(data, asked) or found
    if found is not None and found.wants_ack:
        yield Send(coap_text.acknowledged(data))
    return first, found


def _steps(peer: Peer) -> Steps:
    data, listed = yield from _ask(coap_text.LIST, 0)
    if listed is None:
        return ()
    resources = coap_text.text("coap.resources", listed)
    root: tuple[Reading, ...] = ()
    if any(b"</>" in each.raw for each in resources):
        _, found = yield from _ask(coap_text.ROOT, 1)
        root = coap_text.text("coap.root", found)
    return (*root, *resources, Reading("coap", data[:_MESSAGE]))


PROBE = Probe(
    name="coap",
    transport="udp",
    ports=(5683,),
    writes=True,
    steps=_steps,
    payload=coap_text.question(coap_text.LIST),
)
