"""The scanner's end of a proof: a whole connection to a canary, and signed data in both directions.

A SYN-ACK may be a SYN proxy's, and a firewall that rewrites sequence numbers hides the signature of a SYN; data that
are signed on the far side can only be the canary's.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec

from scanner.model.addresses import AddressSet
from scanner.model.network import Converse, Pace
from scanner.model.nonce import SIZE, Signer
from scanner.model.observation import Conversation, Event, Reading, Vantage
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.net.canary.answer import REPLY
from scanner.net.raw.signed import ITSELF, Signature, own
from scanner.net.talk.converse import converse

NAME = "canary"
"""Of the probe, and the kind of its one reading: the canary's signature."""
_SECONDS = 3.0


def prove(request: Converse, pace: Pace, vantage: Vantage, sign: Signature) -> Iterator[Event]:
    """Conversations of probe NAME; those with a reading are proved. Nobody connects through the kernel to a canary that
    is the laptop itself, on another interface: such a connection would never leave it."""
    asked = AddressSet.of(talk.address for talk in request.talks)
    itself = own(str(asked))
    for talk in request.talks:
        if talk.address in itself:
            yield Conversation(talk.address, talk.transport, talk.port, NAME, "withheld", time.time(), detail=ITSELF)
    others = tuple(talk for talk in request.talks if talk.address not in itself)
    if others:
        part = msgspec.structs.replace(request, talks=others)
        yield from converse(part, pace, vantage, [proof(sign.signer, sign.nonce)])


def proof(signer: Signer, nonce: str) -> Probe:
    """Signs for the port that it asks; its reading is there only where the canary signed back."""

    def steps(peer: Peer) -> Steps:
        yield Send(signer.payload(nonce, peer.port))
        said = yield Read(enough=lambda data: len(data) >= SIZE, limit=SIZE, seconds=_SECONDS)
        signed = signer.read_payload(said) == (nonce, REPLY)
        return (Reading(NAME, said),) if signed else ()

    return Probe(name=NAME, transport="tcp", ports=(), writes=True, steps=steps)
