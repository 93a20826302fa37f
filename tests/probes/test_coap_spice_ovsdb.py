"""Things, consoles of virtual machines and virtual switches: what Debian 12's daemons said, and what is none of it."""

from __future__ import annotations

import struct

import pytest
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every
from test_probes_table import play

from scanner.identify import identify
from scanner.identify.service import service_name
from scanner.model.observation import Reading
from scanner.model.probe import Peer
from scanner.probes import coap_text
from scanner.probes.greeting import classify, complete

PEER = Peer("10.66.0.10", 4242)
LINKS = b'</>;title="General Info";ct=0,</time>;if="clock";rt="ticks";title="Internal Clock";ct=0;obs,</async>;ct=0'
ROOT = (
    b"This is a test server made with libcoap (see https://libcoap.net)\nCopyright (C) 2010--2022 Olaf Bergmann "
    b"<bergmann@tzi.org> and others\n\n"
)
LISTED = b"dEFWfnwk\xc1(\xff" + LINKS
CSM = b"P\xe1#\x80\x01\x00 "


def in_stream(options: bytes, payload: bytes) -> bytes:
    """An answer of more than a dozen bytes."""
    return b"\xd4" + bytes([len(options) + 1 + len(payload) - 13]) + b"Efnwk" + options + b"\xff" + payload


IN_STREAM = in_stream(b"\xc1(", LINKS)
ROOT_IN_STREAM = in_stream(b"\xd3\x01\x02\xff\xff", ROOT)
KEY = b"0\x81\x9f0\r\x06\t*\x86H\x86\xf7\r\x01\x01\x01\x05\x00\x03\x81\x8d\x00" + bytes(138)
SPICE = b"REDQ" + bytes.fromhex("02000000 02000000 ba000000 00000000") + KEY + bytes(24)
SPICE_OF_HTTP = b"REDQ" + bytes.fromhex("02000000 02000000 b2000000 02000000") + bytes(174)
SPICE_OVER_TLS = b"REDQ" + bytes.fromhex("02000000 02000000 b2000000 05000000") + bytes(174)
DATABASES = b'{"id":"fencewalk","result":["Open_vSwitch","_Server"],"error":null}'
SWITCH = b'{"ovs_version":"3.1.0","system_version":"12","system_type":"debian","db_version":"8.3.1"}'
ROW = b'{"id":"fencewalk","result":[{"rows":[' + SWITCH + b']}],"error":null}'
NO_ROW = b'{"id":"fencewalk","result":[{"rows":[]}],"error":null}'
OVN = b'{"id":"fencewalk","result":["OVN_Southbound","_Server"],"error":null}'

CASES: dict[str, tuple[str, list[bytes], dict[str, bytes], tuple[str, str | None] | None]] = {
    "libcoap's server": (
        "coap",
        [LISTED, b"dEFXfnwl\xd3\x01\x02\xff\xff\xff" + ROOT],
        {"coap.root": ROOT.strip(), "coap.resources": LINKS, "coap": LISTED[:64]},
        ("libcoap", None),
    ),
    "libcoap's server over TCP": (
        "coap.tcp",
        [CSM + IN_STREAM, ROOT_IN_STREAM],
        {"coap.root": ROOT.strip(), "coap.resources": LINKS, "coap": CSM},
        ("libcoap", None),
    ),
    "a server without a list": ("coap", [b"d\x84FWfnwk\xffNot Found"], {"coap": b"d\x84FWfnwk\xffNot Found"}, None),
    "one that refuses to answer": ("coap", [b"\x70\0FW"], {"coap": b"\x70\0FW"}, None),
    "one that answers later": (
        "coap",
        [b"\x60\0FW", b"\x44\x45\x12\x34fnwk\xff</a>"],
        {"coap.resources": b"</a>", "coap": b"\x60\0FW"},
        None,
    ),
    "somebody else's answer": ("coap", [b"dEFWxxxx\xc1(\xff" + LINKS], {}, None),
    "QEMU's SPICE": ("spice", [SPICE], {"spice": SPICE[:20]}, ("spice", None)),
    "SPICE for TLS alone": (
        "spice",
        [SPICE_OVER_TLS],
        {"spice": SPICE_OVER_TLS[:20], "spice.security": b"tls-required"},
        ("spice", None),
    ),
    "a switch's database": (
        "ovsdb",
        [DATABASES, ROW],
        {"ovsdb.switch": SWITCH, "ovsdb": b'"result":["Open_vSwitch","_Server"]', "ovsdb.auth": b"none"},
        ("openvswitch", "3.1.0"),
    ),
    "a switch's database that was never set up": (
        "ovsdb",
        [DATABASES, NO_ROW],
        {"ovsdb": b'"result":["Open_vSwitch","_Server"]', "ovsdb.auth": b"none"},
        ("openvswitch", None),
    ),
    "OVN's database": (
        "ovsdb",
        [OVN],
        {"ovsdb": b'"result":["OVN_Southbound","_Server"]', "ovsdb.auth": b"none"},
        ("openvswitch", None),
    ),
    "a JSON service that is none": ("ovsdb", [b'{"id":"fencewalk","error":"no such method"}'], {}, None),
    "an echo of the question": ("ovsdb", [b'{"method":"list_dbs","params":[],"id":"fencewalk"}'], {}, None),
}


@for_every("case", CASES)
def test_readings_and_product(case: str) -> None:
    name, answers, truth, product = CASES[case]
    readings, _ = play(name, answers, PEER)
    assert readings == truth
    found = [each for kind, raw in readings.items() for each in identify(kind, raw)][:1]
    assert [(each.name, each.version) for each in found] == ([product] if product else [])


def test_a_later_answer_is_acknowledged_so_that_it_is_not_sent_again() -> None:
    _, sent = play("coap", [b"\x60\0FW", b"\x44\x45\x12\x34fnwk\xff</a>"], PEER)
    assert sent[1:] == [b"\x60\0\x12\x34"]


def test_only_lists_and_roots_are_asked_for() -> None:
    """GET, confirmable, and nothing of what the list offers but the root."""
    _, sent = play("coap", [LISTED], PEER)
    assert sent == [b"\x44\x01FWfnwk\xbb.well-known\x04core", b"\x44\x01FXfnwl"]
    assert play("coap", [b'dEFWfnwk\xc1(\xff</light>;rt="switch"'], PEER)[1] == sent[:1]
    _, sent = play("coap.tcp", [CSM + IN_STREAM], PEER)
    assert sent == [b"\0\xe1\xd4\x04\x01fnwk\xbb.well-known\x04core", b"\x04\x01fnwk"]


def test_no_password_goes_to_a_console_and_nothing_is_written_to_a_database() -> None:
    assert len(play("spice", [SPICE], PEER)[1]) == 1
    _, sent = play("ovsdb", [DATABASES, ROW], PEER)
    assert [each.count(b'"op":"select"') for each in sent] == [0, 1]
    assert not any(word in b"".join(sent) for word in (b"insert", b"update", b"mutate", b"delete"))


GREETINGS = [
    (SPICE_OF_HTTP, "spice"),
    (CSM, "coap"),
    (bytes.fromhex("06000008 00000001"), "openflow"),
    (bytes.fromhex("04000010 00000001 00010008 00000012"), "openflow"),
    (bytes.fromhex("04000010 00000001 00010009 00000012"), "banner"),
    (bytes.fromhex("07000008 00000001"), "banner"),
    (bytes.fromhex("06000009 00000001"), "banner"),
    (b"\0\xe1" + bytes(30), "banner"),
    (b"P\xe1#\x80\x01\x00\x30", "banner"),
]


@for_every(("data", "kind"), GREETINGS)
def test_greetings(data: bytes, kind: str) -> None:
    assert classify(data, 4242)[0].kind == kind
    assert kind == "banner" or complete(data)


def h2(build: str) -> bytes:
    """What the database H2 says to a stranger, whoever's protocol that speaks."""
    said = 'Version mismatch, driver version is "1195725856" but server version is "20"'
    trace = f"org.h2.jdbc.JdbcSQLNonTransientConnectionException: {said} [{build}]\n\tat org.h2.message.DbException"
    texts = (struct.pack("!i", len(each)) + each.encode("utf-16-be") for each in ("90047", said, trace))
    state, message, last = texts
    return bytes(4) + state + message + b"\xff\xff\xff\xff" + struct.pack("!i", 90047) + last


@for_every(("build", "version"), [("90047-214", "2.1.214"), ("90047-199", "1.4.199"), ("90047-215", None), ("x", None)])
def test_the_database_h2_by_the_number_of_its_build(build: str, version: str | None) -> None:
    for name in ("http", "kafka"):
        readings, _ = play(name, [h2(build)], PEER)
        assert list(readings) == ["h2-database"]
        found = identify("h2-database", readings["h2-database"])
        assert [(each.name, each.version) for each in found] == [("h2", version)]


@pytest.mark.parametrize(
    ("transport", "kind", "tls", "name"),
    [("udp", "coap.resources", False, "coap"), ("tcp", "spice", True, "ssl/spice"), ("tcp", "ovsdb", False, "ovsdb")],
)
def test_names_of_services(transport: str, kind: str, tls: bool, name: str) -> None:
    assert service_name("udp" if transport == "udp" else "tcp", 4242, [Reading(kind, b"x")], tls) == name


@given(
    name=st.sampled_from(["coap", "coap.tcp", "spice", "ovsdb"]),
    case=st.sampled_from(sorted(CASES)),
    cut=st.integers(0, 200),
    tail=st.binary(max_size=64),
)
@fuzz(150)
def test_broken_answers_are_survived(name: str, case: str, cut: int, tail: bytes) -> None:
    answers = [each[:cut] + tail for each in CASES[case][1]]
    readings, _ = play(name, answers, PEER)
    for kind, raw in readings.items():
        assert len(raw) <= coap_text.TEXT
        identify(kind, raw)


@given(st.binary(max_size=80))
@fuzz(300)
def test_any_message_is_read_or_is_none(data: bytes) -> None:
    """Behind a good head, whatever the options say of themselves."""
    asked = coap_text.question(coap_text.LIST)
    found = coap_text.answer(b"\x64\x45FWfnwk" + data, asked)
    assert found is not None
    assert found.payload in data
    coap_text.answer_in_stream(data)
    assert data.startswith(coap_text.settings(data))
