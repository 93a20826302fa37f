"""Which probe has its turn, by what the one before it heard."""

from __future__ import annotations

import msgspec
import pytest

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Steps
from scanner.probes import MOST, probes, probes_for
from scanner.probes.turns import LAST_RESORTS, Turns


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


SSH, LDAP, RDP = probe("ssh"), msgspec.structs.replace(probe("ldap"), last_resort="binary"), probe("rdp")
EVERY = (BANNER, HTTP, SSH, LDAP, RDP)
GREETING = Reading("ssh", b"SSH-2.0-x")


@pytest.mark.parametrize(
    ("heard", "hung_up", "tried"),
    [
        pytest.param({"banner": ((GREETING,), b"SSH")}, set(), "banner ssh", id="its own probe asks further"),
        pytest.param({"http": ((Reading("rdp", b"x"),), b"x")}, set(), "banner http rdp", id="whoever came upon it"),
        pytest.param({"http": ((PAGE,), b"HTTP")}, set(), "banner http", id="who is that probe is not asked twice"),
        pytest.param({"banner": ((Reading("irc", b"x"),), b"x")}, set(), "banner", id="nobody speaks it"),
        pytest.param({}, {"http"}, "banner http ldap", id="a peer that hangs up gets the last resorts"),
        pytest.param({}, {"banner"}, "banner http", id="to hang up on a listener says nothing"),
        pytest.param({"http": ((PAGE,), b"HTTP")}, {"banner"}, "banner http", id="an answer ends it"),
    ],
)
def test_further_turns(heard: Heard, hung_up: set[str], tried: str) -> None:
    turns = Turns((BANNER, HTTP), (), False, EVERY)
    for each in turns:
        turns.heard(*heard.get(each.name, ((), b"")), each.name in hung_up)
    assert " ".join(each.name for each in turns.tried) == tried


def test_the_last_resorts_are_bounded_and_no_gentle_ports() -> None:
    many = [msgspec.structs.replace(probe(f"last-{number}"), last_resort="binary") for number in range(20)]
    turns = Turns((HTTP,), (), False, many)
    for _ in turns:
        turns.heard((), b"", True)
    assert len(turns.tried) == 1 + LAST_RESORTS
    gentle = Turns((BANNER,), (), True, many)
    for _ in gentle:
        gentle.heard((), b"", True)
    assert gentle.tried == [BANNER]


def test_who_says_goodbye_as_rdp_does_is_asked_about_rdp() -> None:
    every = [probe for probe in probes().values() if probe.transport == "tcp"]
    turns = Turns(probes_for("tcp", 4489), (), False, every)
    tried = []
    for probe in turns:
        tried.append(probe.name)
        turns.heard((), b"\x03\x00\x00\x09\x02\xf0\x80\x21\x80" if probe.name == "https" else b"")
    assert tried[-1] == "rdp"
