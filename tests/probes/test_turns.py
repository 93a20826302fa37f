"""Which probe has its turn, by what the one before it heard."""

from __future__ import annotations

import pytest

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Steps
from scanner.probes import MOST
from scanner.probes.turns import Turns


def _nothing(peer: Peer) -> Steps:
    yield from ()
    return ()


def probe(name: str, *, writes: bool = True, tls: bool = False) -> Probe:
    return Probe(name=name, transport="tcp", ports=(), writes=writes, steps=_nothing, tls=tls)


BANNER, HTTP = probe("banner", writes=False), probe("http")
TLS, HTTPS = probe("tls", tls=True), probe("https", tls=True)
CERTIFICATE, PAGE = Reading("tls.cert", b"DER"), Reading("http.server", b"nginx")
ALERT, PLAIN = b"\x15\x03\x01\x00\x02", b"400 The plain HTTP request was sent to HTTPS port"
Heard = dict[str, tuple[tuple[Reading, ...], bytes]]


@pytest.mark.parametrize(
    ("likely", "heard", "gentle", "tried"),
    [
        pytest.param((BANNER, HTTP), {}, False, "banner http", id="silence goes on to the next"),
        pytest.param((HTTP, BANNER), {"http": ((PAGE,), b"HTTP/1.1")}, False, "http", id="readings end it"),
        pytest.param((HTTP, BANNER), {"http": ((), b"\x00")}, False, "http banner", id="bytes that say nothing do not"),
        pytest.param((HTTP, BANNER), {"http": ((PAGE,), PLAIN)}, False, "http tls https", id="a hint leads to TLS"),
        pytest.param((BANNER, HTTP), {"banner": ((), ALERT)}, False, "banner tls https", id="so does an alert"),
        pytest.param((TLS, HTTP), {"tls": ((), ALERT)}, False, "tls http", id="inside TLS an alert is none"),
        pytest.param((TLS, HTTPS), {"tls": ((CERTIFICATE,), b"")}, False, "tls https", id="a certificate is not all"),
        pytest.param((TLS, HTTP), {"tls": ((CERTIFICATE,), b"")}, False, "tls", id="unless no TLS probe is left"),
        pytest.param((HTTP, BANNER), {"banner": ((), ALERT)}, True, "banner", id="gentle: only who listens"),
        pytest.param((HTTP,), {}, True, "", id="gentle, and all of them write"),
    ],
)
def test_turns(likely: tuple[Probe, ...], heard: Heard, gentle: bool, tried: str) -> None:
    turns = Turns(likely, (TLS, HTTPS), gentle)
    for each in turns:
        turns.heard(*heard.get(each.name, ((), b"")))
    assert " ".join(each.name for each in turns.tried) == tried


def test_no_port_gets_more_than_its_share() -> None:
    turns = Turns([probe(str(number)) for number in range(9)], (), gentle=False)
    for _ in turns:
        turns.heard((), b"")
    assert len(turns.tried) == MOST
