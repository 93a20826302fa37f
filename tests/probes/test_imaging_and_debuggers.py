"""X-ray, Java's debugger and registries, Android's bridge and games: what Debian 12's daemons said, and a device's
answers by the protocol's specification."""

from __future__ import annotations

import gzip
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
from scanner.probes.greeting import classify

PEER = Peer("10.66.0.10", 4242)


def item(kind: int, body: bytes) -> bytes:
    return bytes([kind, 0]) + len(body).to_bytes(2, "big") + body


def accepted(*user: bytes) -> bytes:
    titles = b"ANY-SCP".ljust(16) + b"FENCEWALK".ljust(16)
    context = item(0x21, b"\1\0\0\0" + item(0x40, b"1.2.840.10008.1.2"))
    body = b"\0\1\0\0" + titles + bytes(32) + item(0x10, b"1.2.840.10008.3.1.1.1") + context
    body += item(0x50, item(0x51, b"\0\0\x40\0") + b"".join(user))
    return b"\2\0" + len(body).to_bytes(4, "big") + body


TOOLKIT = item(0x52, b"1.2.276.0.7230010.3.0.3.6.7")
DCMTK = accepted(TOOLKIT, item(0x55, b"OFFIS_DCMTK_367"))
MADE = b"OFFIS_DCMTK_367 1.2.276.0.7230010.3.0.3.6.7"
RELEASED = b"\6\0\0\0\0\4\0\0\0\0"


def text(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def reply(version: bytes, name: bytes, number: int = 0xFE) -> bytes:
    body = text(b"Java Debug Wire Protocol") + bytes(8) + text(version) + text(name)
    return (11 + len(body)).to_bytes(4, "big") + number.to_bytes(4, "big") + b"\x80\0\0" + body


def message(command: bytes, body: bytes) -> bytes:
    number = int.from_bytes(command, "little")
    return struct.pack("<6I", number, 0x01000001, 4096, len(body), sum(body), number ^ 0xFFFFFFFF) + body


HELLO = b"JDWP-Handshake"
OPENJDK = reply(b"17.0.21.1", b"OpenJDK 64-Bit Server VM")
EVENT = (19).to_bytes(4, "big") + bytes(4) + b"\0\x40\x64" + bytes(8)
JVM = b"17.0.21.1\nOpenJDK 64-Bit Server VM"
GAME = (
    b"4\0\x06\x06\x01\xff\xff\xff\xff\0\0'\xde\n\0\x1f\xde\n\0\x0f\0\x19Unnamed Server\x0013.0\0\0\x19\0\0\0\x01\0\x01"
    b"\0\x01"
)
DOCUMENT = gzip.compress(b"[version]\n[/version]\n")
WESNOTH = b"\0\0\0*" + len(DOCUMENT).to_bytes(4, "big") + DOCUMENT
RMI = b"N\0\x0910.66.0.2\0\0\xdc\xe2"
REFUSED = b"PYRO\x000\0\3" + bytes(7) + b".\0\3\0\0\x005M\xfa,invalid data or unsupported protocol version"

CASES: dict[str, tuple[str, list[bytes], dict[str, bytes], tuple[str, str | None] | None]] = {
    "DCMTK's receiver": ("dicom", [DCMTK, RELEASED], {"dicom": MADE}, ("dcmtk", "3.6.7")),
    "another toolkit": (
        "dicom",
        [accepted(item(0x52, b"1.2.40.0.13.1.3"), item(0x55, b"dcm4che-5.23.1")), RELEASED],
        {"dicom": b"dcm4che-5.23.1 1.2.40.0.13.1.3"},
        ("dcm4che", "5.23.1"),
    ),
    "one without a name": ("dicom", [accepted(TOOLKIT)], {"dicom": b"1.2.276.0.7230010.3.0.3.6.7"}, None),
    "one that says nothing of itself": ("dicom", [accepted()], {"dicom": b"accepted"}, None),
    "a device that knows its callers": (
        "dicom", [b"\3\0\0\0\0\4\0\1\1\7"], {"dicom": b"rejected: 1 1 7"}, None
    ),
    "a device that hangs up": ("dicom", [b"\7\0\0\0\0\4\0\0\2\1"], {"dicom": b"aborted: 0 2 1"}, None),
    "an association cut short": ("dicom", [DCMTK[:-4]], {}, None),
    "a flood in its shape": ("dicom", [b"\2\0\xff\xff\xff\xff" + bytes(4090)], {}, None),
    "a debugged program": ("jdwp", [HELLO, OPENJDK], {"jdwp": JVM, "jdwp.auth": b"none"}, ("openjdk", "17.0.21.1")),
    "one that has events to tell": (
        "jdwp", [HELLO + EVENT, OPENJDK], {"jdwp": JVM, "jdwp.auth": b"none"}, ("openjdk", "17.0.21.1")
    ),
    "one that is silent behind the handshake": (
        "jdwp", [HELLO], {"jdwp": HELLO, "jdwp.auth": b"none"}, None
    ),
    "an answer to somebody else's question": (
        "jdwp", [HELLO, reply(b"17", b"OpenJDK", 7)], {"jdwp": HELLO, "jdwp.auth": b"none"}, None
    ),
    "another machine": (
        "jdwp", [HELLO, reply(b"8.0.1", b"IBM J9 VM")], {"jdwp": b"8.0.1\nIBM J9 VM", "jdwp.auth": b"none"}, None
    ),
    "a registry": ("java-rmi", [RMI], {"java-rmi": b"N\0\x09"}, None),
    "an N that is no registry": ("java-rmi", [b"No such command\n"], {}, None),
    "adb's server": (
        "adb", [b"OKAY00040029"], {"adb": b"OKAY00040029", "adb.auth": b"none"}, ("android_debug_bridge", None)
    ),
    "one that fails": ("adb", [b"FAIL0005sorry"], {}, None),
    "an open device": (
        "adb.device",
        [message(b"CNXN", b"device:c0ffee17:ro.product.name=lab;ro.product.model=Lab Box;features=cmd,shell_v2\0")],
        {"adb.device": b"ro.product.name=lab;ro.product.model=Lab Box", "adb.auth": b"none"},
        ("android", None),
    ),
    "a device that asks for a key": (
        "adb.device", [message(b"AUTH", bytes(20))], {"adb.device": b"AUTH", "adb.auth": b"required"}, ("android", None)
    ),
    "a device that asks for TLS": (
        "adb.device", [message(b"STLS", b"")], {"adb.device": b"STLS", "adb.auth": b"required"}, ("android", None)
    ),
    "a message whose sum is wrong": ("adb.device", [b"CNXN" + bytes(20)], {}, None),
    "OpenTTD": ("openttd", [GAME], {"openttd": b"13.0"}, ("openttd", "13.0")),
    "a game of another length": ("openttd", [GAME + b"\0"], {}, None),
    "Wesnoth": ("wesnoth", [WESNOTH], {"wesnoth": b"[version]\n[/version]\n"}, ("battle_for_wesnoth", None)),
    "another document": (
        "wesnoth", [b"\0\0\0*" + len(gzip.compress(b"[x]")).to_bytes(4, "big") + gzip.compress(b"[x]")], {}, None
    ),
    "no document": ("wesnoth", [b"\0\0\0*\0\0\0\4gzip"], {}, None),
}  # fmt: skip


@for_every("name", CASES)
def test_what_was_said(name: str) -> None:
    probe, answers, expected, product = CASES[name]
    readings, _ = play(probe, answers, PEER)
    assert readings == expected, name
    found = [each for kind, raw in readings.items() for each in identify(kind, raw)]
    assert [(each.name, each.version) for each in found] == ([product] if product else [])


@pytest.mark.parametrize("probe", ["dicom", "jdwp", "java-rmi", "adb", "adb.device", "openttd", "wesnoth"])
def test_its_service_is_called_by_its_name(probe: str) -> None:
    readings = next(play(name, answers)[0] for name, answers, said, _ in CASES.values() if name == probe and said)
    assert service_name("tcp", 4242, [Reading(kind, raw) for kind, raw in readings.items()]) == probe.partition(".")[0]


def test_an_association_is_taken_back() -> None:
    _, sent = play("dicom", [DCMTK, RELEASED], PEER)
    assert [each[0] for each in sent] == [1, 5]
    assert int.from_bytes(sent[0][2:6], "big") == len(sent[0]) - 6


def test_pyro_is_known_by_its_refusal() -> None:
    [reading] = classify(REFUSED)
    assert reading.kind == "pyro"
    assert [(each.name, each.version) for each in identify(reading.kind, reading.raw)] == [("pyro4", None)]


def test_who_unpacks_is_not_flooded() -> None:
    bomb = gzip.compress(bytes(100_000))
    assert len(bomb) < 256
    assert play("wesnoth", [bytes(4) + len(bomb).to_bytes(4, "big") + bomb])[0] == {}


@given(name=st.sampled_from(sorted(CASES)), at=st.integers(0, 200), byte=st.binary(max_size=2))
@fuzz(60)
def test_damaged_answers_are_survived(name: str, at: int, byte: bytes) -> None:
    probe, answers, _, _ = CASES[name]
    damaged = [each[:at] + byte + each[at + len(byte) :] for each in answers]
    readings, _ = play(probe, damaged, PEER)
    assert all(0 < len(raw) <= 2048 for raw in readings.values())
    for kind, raw in readings.items():
        identify(kind, raw)
