"""Kinds of device and systems: a table of hosts, contradictions, and hostile text."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from identify.device_hosts import HOSTS, Host, Said, challenge, clues
from tables import for_every

from scanner.errors import BadInput
from scanner.identify.device_rules import read, rules
from scanner.identify.devices import Clues, device, fragile
from scanner.model.observation import Reading
from scanner.model.text import visible

GRADES = ["", "low", "medium", "high"]


@for_every("case", HOSTS, ids=lambda each: each.title)
def test_what_a_host_is(case: Host) -> None:
    found = device(case.clues)
    assert found.kind == case.kind, found
    assert case.os is None or found.system.name == case.os, found
    assert GRADES.index(found.confidence or "") >= GRADES.index(case.confidence), found
    assert found.evidence or found.kind == "unknown"


def test_every_kind_has_a_host_in_the_table() -> None:
    assert len(HOSTS) >= 60
    assert set(rules().includes) == {each.kind for each in HOSTS} - {"unknown"}
    assert [each for each in sorted(rules().includes) if fragile(each)] == [
        "management-controller", "ot", "printer", "ups",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "xml",
    [
        b"<kind name='x'><clue in='web' worth='much'>x</clue></kind>",
        b"<kind name='x'><clue worth='says'>x</clue></kind>",
        b"<kind name='x'><ports worth='says' open='tcp/http'>x</ports></kind>",
    ],
)
def test_a_file_of_rules_that_cannot_be_used(xml: bytes) -> None:
    with pytest.raises(BadInput, match=r"x\.xml"):
        read(xml, "x.xml")


def test_a_rule_that_no_host_needs_is_at_least_a_pattern() -> None:
    """Each group is compiled as one automaton: a pattern that re2 refuses would take its whole group with it."""
    import re2

    for rule in rules().clues:
        assert re2.search(f"(?i){rule.pattern}", "\0no such text\0") is None, rule
        assert rule.what or rule.group not in ("kind", "cert", "page"), rule
        assert rule.kind in {each.kind for each in HOSTS}, rule


LASERJET = ("tcp/80", "http.title", b"HP LaserJet M404")
DEBIAN = ("tcp/22", "ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7")
UBUNTU = ("tcp/2222", "ssh", b"SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10")
APACHE = ("tcp/80", "http.server", b"Apache/2.4.59 (Debian)")


def test_one_clue_said_twice_in_one_place_counts_once() -> None:
    assert device(clues((LASERJET,))) == device(clues((LASERJET,) * 9))


def test_a_contradiction_takes_confidence_away_and_is_shown() -> None:
    eye = ("tcp/554", "rtsp.server", b"Hipcam RealServer/V1.0")
    assert device(clues((LASERJET,), "9100 631")).confidence == "high"
    found = device(clues((LASERJET, eye), "9100 631"))
    assert (found.kind, found.confidence) == ("printer", "medium")
    assert any("Hipcam" in each and each.startswith("camera") for each in found.against)


AIX = b"AIX Version 7\r\nCopyright IBM Corporation, 1982, 2015.\r\nlogin: "


@pytest.mark.parametrize(
    ("said", "ttl", "name", "confidence", "doubt"),
    [
        pytest.param((UBUNTU, APACHE), 64, "Ubuntu 22.04", "high", "Debian", id="SSH goes before a container's page"),
        pytest.param((DEBIAN, APACHE), 64, "Debian 12", "high", "", id="a release goes before none"),
        pytest.param((DEBIAN, UBUNTU), 64, "Debian 12", "medium", "Ubuntu 22.04", id="two systems' SSH servers"),
        pytest.param((DEBIAN,), 127, "Debian 12", "high", "TTL 128", id="a TTL that the system never has"),
        pytest.param((), 128, "", None, "", id="a TTL alone names nothing"),
        pytest.param((("tcp/23", "telnet", AIX),), 64, "AIX", "high", "", id="a Unix"),
        pytest.param((("tcp/21", "ftp", b"220 QTCP at as400.example."),), 64, "IBM i", "high", "", id="IBM i"),
        pytest.param((("tcp/445", "ntlm", challenge("10.0.29999")),), 128, "Windows", "high", "", id="unknown build"),
    ],
)
def test_systems(said: Said, ttl: int, name: str, confidence: str | None, doubt: str) -> None:
    found = device(clues(said, ttl=ttl)).system
    assert (found.name, found.confidence) == (name, confidence), found
    assert bool(found.against) == bool(doubt)
    assert all(doubt in each for each in found.against)


def test_the_order_of_the_clues_does_not_matter() -> None:
    for each in HOSTS:
        shown = each.clues
        turned = msgspec.structs.replace(
            shown, readings=shown.readings[::-1], products=shown.products[::-1], names=shown.names[::-1]
        )
        assert device(turned) == device(shown)


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.text(max_size=40), max_size=4),
    said=st.lists(st.tuples(st.sampled_from(["ssh", "http.title", "tls.cert", "snmp.sysdescr", "x\x1b"]), st.binary())),
    vendor=st.text(max_size=30),
    ttls=st.frozensets(st.integers(-5, 300), max_size=3),
)
def test_strange_clues(names: list[str], said: list[tuple[str, bytes]], vendor: str, ttls: frozenset[int]) -> None:
    readings = tuple(("tcp/1", Reading(kind, raw)) for kind, raw in said)
    found = device(Clues(vendor=vendor, names=tuple(names), readings=readings, ttls=ttls))
    assert all(each == visible(each) for each in (*found.evidence, *found.against, found.system.name))


def test_endless_text_takes_no_time_and_hides_nothing() -> None:
    title = b"\x1b[2J\xe2\x80\xae HP LaserJet " + b"laserjet " * 7000
    readings = tuple((f"tcp/{port}", Reading("http.title", title + b"%d" % port)) for port in range(1, 200))
    device(Clues(names=("warm",)))
    started = time.process_time()
    found = device(Clues(names=("x" * 65536,) * 500, readings=readings))
    assert time.process_time() - started < 0.5
    assert found.kind == "printer"
    assert all("\x1b" not in each and "\u202e" not in each and len(each) < 300 for each in found.evidence)


def test_a_thousand_hosts_take_no_second() -> None:
    started = time.process_time()
    for _ in range(1000 // len(HOSTS) + 1):
        for each in HOSTS:
            device(each.clues)
    assert time.process_time() - started < 2.0


def test_one_product_on_many_ports_is_one_clue() -> None:
    one = device(clues((("tcp/445", "ntlm", challenge("6.1.0")),)))
    many = device(clues(tuple((f"tcp/{port}", "ntlm", challenge("6.1.0")) for port in range(445, 455))))
    assert len(many.evidence) == len(one.evidence)
    assert many.confidence == one.confidence
