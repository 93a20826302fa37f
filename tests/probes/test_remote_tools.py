"""Probes of remote-access tools, of TFTP and ICAP, and of a maker's discovery: what is read, and what is not."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every
from test_probes_table import play

from scanner.identify import identify
from scanner.identify.service import service_name
from scanner.model.observation import Reading
from scanner.model.probe import Peer
from scanner.probes import probes, udp_payloads
from scanner.probes.greeting import classify
from scanner.probes.synology import fields
from scanner.probes.winbox import content

NAS = bytes.fromhex(
    "1234567853594e4f191130303a31313a33323a61613a62623a303112040a141f091004000000001304ffffff001804010000001504010101"
    "0214040a141f01a30400000000010402000000110a4175746f6d61746963611e040a141fc0c00d5445535453455249414c313233730a5445"
    "5354534e30313233a40400000201a6047800000050005200540400000000560058005a005c0051005300550400000000570059005b005d00"
    "a704010000004804010000004904e05f01007705372e342e31900400000000780644533931382b701873796e6f6c6f67795f61706f6c6c6f"
    "6c616b655f3931382bc10344534d8004000000007b04000000007104010000007504d00700007604d10700007c1130323a30303a30303a30"
    "303a30303a3030b008bf03000000000000b1080000000000000000b8088100000000000000b9080000000000000000"
)
"""What a DS918+ with DSM 7.4.1-90080 answers."""
MISSING = b"\0\5\0\1File not found\0"
LIST = (
    b'{ crc: 3443480142, size: 1276, name: "advtool.jg", unique: "advtool-b3bce0ff6230.jg", version: "6.45.2" },\n'
    b'{ crc: 2112313926, size: 3468, name: "dhcp.jg", unique: "dhcp-598b323ff954.jg", version: "6.45.2" },\n'
    b'{ crc: 1234567890, size: 3468, name: "hotspot.jg", unique: "hotspot-0123456789ab.jg", version: "6.45.2" },\n'
)
HEAD = b"list" + bytes(7) + b"\1\0\x80" + bytes(4)


def framed(file: bytes) -> bytes:
    """A file in Winbox's frames: the first with the tag of files, each with at most 255 bytes."""
    body, out, tag = HEAD + file, b"", 2
    while True:
        piece, body = body[:255], body[255:]
        out += bytes([len(piece), tag]) + piece
        tag = 0xFF
        if not body:
            return out


ICAP = b"ICAP/1.0 404 Service not found\r\nServer: C-ICAP/0.5.10\r\nConnection: close\r\n\r\n"
ECHO = (
    b"ICAP/1.0 200 OK\r\nMethods: RESPMOD, REQMOD\r\nService: C-ICAP/0.5.10 server - Echo demo service\r\n"
    b'ISTag: "CI0001-XXXXXXXXX"\r\nEncapsulated: null-body=0\r\n\r\n'
)
ARGS = b"4.args,13.VERSION_1_1_0,8.hostname,4.port,8.password,13.swap-red-blue,9.read-only;"
RADMIN = bytes.fromhex("01000000250000011008010000080000") + bytes(30)
CASES: dict[str, tuple[str, list[bytes], dict[str, bytes], list[tuple[str, str | None]], str]] = {
    "tftpd-hpa": (
        "tftp", [MISSING, b"\0\5\0\4Unknown mode\0"],
        {"tftp": MISSING, "tftp.auth": b"none", "tftp.error": b"File not found\nUnknown mode"},
        [("tftpd-hpa", None)], "tftp",
    ),
    "atftpd, which says nothing of its own": (
        "tftp", [MISSING, MISSING],
        {"tftp": MISSING, "tftp.auth": b"none", "tftp.error": b"File not found\nFile not found"}, [], "tftp",
    ),
    "dnsmasq": (
        "tftp",
        [b"\0\5\0\1file /srv/tftp/fencewalk.invalid not found for 10.66.0.2\0",
         b"\0\5\0\4unsupported request from 10.66.0.2\0"],
        {"tftp.auth": b"none", "tftp": b"\0\5\0\1file /srv/tftp/fencewalk.invalid not found for 10.66.0.2\0",
         "tftp.error": b"file /srv/tftp/fencewalk.invalid not found for 10.66.0.2\nunsupported request from 10.66.0.2"},
        [("dnsmasq", None)], "tftp",
    ),
    "a server that has every file": (
        "tftp", [b"\0\3\0\1#!ipxe"], {"tftp": b"\0\3\0\1#!ipxe", "tftp.auth": b"none"}, [], "tftp",
    ),
    "a refusal without a text": ("tftp", [b"\0\5\0\2\0"], {"tftp": b"\0\5\0\2\0"}, [], "tftp"),
    "no TFTP": ("tftp", [b"hello"], {}, [], ""),
    "a number that is no error's": ("tftp", [b"\0\5\1\1File not found\0"], {}, [], ""),
    "c-icap": (
        "icap", [ICAP], {"icap": ICAP.rstrip(), "icap.server": b"C-ICAP/0.5.10"}, [("c-icap", "0.5.10")], "icap",
    ),
    "c-icap's own service": (
        "icap", [ECHO], {"icap": ECHO.rstrip(), "icap.service": b"C-ICAP/0.5.10 server - Echo demo service"},
        [("c-icap", "0.5.10")], "icap",
    ),
    "guacd": ("guacd", [ARGS], {"guacd": ARGS}, [("guacamole", None)], "guacd"),
    "guacd without it": ("guacd", [b"5.error,4.nope,3.519;"], {"guacd": b"5.error,4.nope,3.519;"}, [], "guacd"),
    "Radmin": ("radmin", [RADMIN], {"radmin": RADMIN}, [("radmin", None)], "radmin"),
    "what only begins as Radmin": ("radmin", [RADMIN[:8]], {}, [], ""),
    "NoMachine": ("nomachine", [b"NXD-6.0.0\n"], {"nomachine": b"NXD-6.0.0"}, [("nomachine", None)], "nomachine"),
    "hbbs of RustDesk": (
        "rustdesk", [bytes.fromhex("1caa010408e9b903")], {"rustdesk": bytes.fromhex("1caa010408e9b903")},
        [("rustdesk_server", None)], "rustdesk",
    ),
    "a port that there is not": ("rustdesk", [bytes.fromhex("1caa010408ffff7f")], {}, [], ""),
    "an echo of the question": ("rustdesk", [bytes.fromhex("0ca20100")], {}, [], ""),
    "old RouterOS": (
        "winbox", [framed(LIST)], {"winbox": framed(LIST)[:20], "winbox.list": HEAD[18:] + LIST},
        [("routeros", None), ("routeros", "6.45.2")], "winbox",
    ),
    "RouterOS that gives nothing away": (
        "winbox", [b"\x13\2list" + bytes(7) + b"\2\0\x80" + bytes(4) + b"\2"],
        {"winbox": b"\x13\2list" + bytes(7) + b"\2\0\x80" + bytes(4)}, [("routeros", None)], "winbox",
    ),
    "Synology": (
        "synology", [NAS],
        {"synology": b"DSM 7.4.1-90080 Update 0 DS918+", "synology.name": b"Automatica",
         "synology.serial": b"TESTSERIAL123", "synology.mac": b"00:11:32:aa:bb:01"},
        [("synology_dsm", "7.4.1-90080")], "synology",
    ),
    "an encrypted answer": ("synology", [b"\x12\x34\x55\x66SYNO" + bytes(200)], {}, [], ""),
}  # fmt: skip


@for_every("case", sorted(CASES))
def test_what_is_read_and_named(case: str) -> None:
    name, answers, expected, products, service = CASES[case]
    readings, _ = play(name, answers)
    assert readings == expected
    said = [(each.name, each.version) for kind, raw in readings.items() for each in identify(kind, raw)]
    assert said == products
    kinds = [Reading(kind, raw) for kind, raw in readings.items()]
    assert service_name(probes()[name].transport, 4242, kinds) == service


def test_what_is_asked() -> None:
    """No file that there is, no name, no login: each question byte by byte."""
    asked = {name: play(name, answers)[1] for name, answers, *_ in CASES.values()}
    assert asked["winbox"] == [bytes.fromhex("12026c6973740000000000000000008000000000")]
    assert asked["radmin"] == [bytes.fromhex("01000000010000000808")]
    assert asked["rustdesk"] == [bytes.fromhex("0ca20100")]
    assert asked["guacd"] == [b"6.select,3.vnc;"]
    assert asked["nomachine"] == [b"NXSH-6.0.0\n"]
    assert asked["synology"] == [bytes.fromhex("1234567853594e4fa40400000201010401000000")]
    assert play("tftp", [MISSING, MISSING])[1] == [
        b"\0\1fencewalk.invalid\0octet\0", b"\0\1fencewalk.invalid\0mail\0",
    ]  # fmt: skip
    assert play("tftp", [b""])[1] == [b"\0\1fencewalk.invalid\0octet\0"]
    (question,) = play("icap", [ICAP], Peer("fd20::9", 1344))[1]
    assert question.startswith(b"OPTIONS icap://[fd20::9]:1344/fencewalk ICAP/1.0\r\nHost: [fd20::9]:1344\r\n")


def test_the_port_scan_asks_the_same() -> None:
    assert udp_payloads()[69] == b"\0\1fencewalk.invalid\0octet\0"
    assert udp_payloads()[9999] == bytes.fromhex("1234567853594e4fa40400000201010401000000")


GREETINGS = [
    (b"NXD-6.0.0\n", "nomachine"),
    (b"NXD-6.0.0 or something like it\n", "banner"),
    (b"\x17\x24\x0a\x20" + bytes(33), "teamviewer"),
    (b"\x17\x24\x0a\x20" + bytes(34), "banner"),
    (b"\x30\x11\0\0" + bytes(36), "dameware"),
    (b"\x30\x11\0\0", "banner"),
]


@pytest.mark.parametrize(("said", "kind"), GREETINGS)
def test_who_speaks_first(said: bytes, kind: str) -> None:
    assert [each.kind for each in classify(said, 4242)] == [kind]
    assert [each.version for each in identify(kind, said)] == ([] if kind == "banner" else [None])


@for_every("name", ["icap", "guacd", "radmin", "nomachine", "rustdesk", "winbox"])
@for_every(
    ("said", "kind"), [(b"SSH-2.0-OpenSSH_9.2p1\r\n", "ssh"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http.response")]
)
def test_somebody_else_is_there(name: str, said: bytes, kind: str) -> None:
    assert kind in play(name, [said])[0]


def test_frames_are_taken_off_wherever_they_fall() -> None:
    assert content(framed(LIST * 9)) == LIST * 9
    assert content(framed(LIST)[:300]) == LIST[:278]
    assert content(b"") == content(b"\xff") == content(b"\x10\3nothing of ours!") == b""


@given(cut=st.integers(0, len(NAS)), at=st.integers(8, len(NAS) - 1), byte=st.integers(0, 255))
@settings(max_examples=100, deadline=None)
def test_a_damaged_answer_is_read_whole_or_not_at_all(cut: int, at: int, byte: int) -> None:
    for packet in (NAS[:cut], NAS[:at] + bytes([byte]) + NAS[at + 1 :]):
        for size in map(len, fields(packet).values()):
            assert size <= 255
        readings, _ = play("synology", [packet])
        for kind, raw in readings.items():
            assert len(raw) <= 1024
            identify(kind, raw)


@given(st.binary(max_size=80))
@settings(max_examples=100, deadline=None)
def test_no_tftp_packet_is_too_strange(rest: bytes) -> None:
    for code in range(8):
        readings, sent = play("tftp", [struct.pack("!H", code) + rest] * 2)
        assert len(sent) <= 2
        assert "tftp" not in readings or code in (3, 5, 6)
        assert b"\n" not in readings.get("tftp.error", b"").partition(b"\n")[2]
