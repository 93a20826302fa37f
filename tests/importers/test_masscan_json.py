from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.errors import BadInput
from scanner.importers import Run, importers
from scanner.importers.masscan_json import IMPORTER
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading


def record(address: str, port: int = 80, more: str = "", kind: str = "tcp") -> str:
    said = more or '"status": "open", "reason": "syn-ack", "ttl": 63'
    ports = f'"ports": [ {{"port": {port}, "proto": "{kind}", {said}}} ]'
    return f'{{   "ip": "{address}",   "timestamp": "1700000000", {ports} }}'


ONE, TWO = record("10.0.0.1"), record("10.0.0.2", 443)
LINE = (
    '{"ip":"10.0.0.1","timestamp":"1700000000","port":80,"proto":"tcp","rec_type":"status",'
    '"data":{"status":"open","reason":"syn-ack","ttl":63}}'
)


def taken(text: str | bytes) -> tuple[list[Observation], Run]:
    raw = text if isinstance(text, bytes) else text.encode()
    found = IMPORTER.read((raw[at : at + 33] for at in range(0, len(raw), 33)), "m.json")
    rows = list(found.observations)
    return rows, found.run()


FILES = [
    ("as it should be", f"[\n{ONE}\n,\n{TWO}\n]\n", 2, True),
    ("a comma before the end", f"[\n{ONE},\n{TWO},\n]\n", 2, True),
    ("the bare word of old versions", f"[\n{ONE},\n{TWO},\n{{finished: 1}}\n]\n", 2, True),
    ("no bracket", f"{ONE},\n{TWO},\n", 2, True),
    ("cut off after a record", f"[\n{ONE},\n{TWO}\n", 2, False),
    ("cut off in a record", f"[\n{ONE},\n{TWO[:60]}", 1, False),
    ("cut off in a character", f"[\n{ONE},\n".encode() + b'{ "ip": "\xc3', 1, False),
    ("one bad record among others", f'[\n{ONE},\n{{"ip": 7}},\n{TWO}\n]', 2, True),
    ("all in one line", f"[{ONE},{TWO}]", 2, True),
    ("formatted by another tool", f"[\n{ONE},\n{TWO}\n]".replace(", ", ",\n  "), 2, True),
    ("a byte-order mark", b"\xef\xbb\xbf" + f"[\n{ONE}\n]".encode(), 1, True),
    ("a record a line", f"{LINE}\n", 1, True),
    ("a record a line, cut off", f"{LINE}\n{LINE[:50]}", 1, False),
    ("twice the same", f"[\n{ONE},\n{ONE}\n]", 1, True),
]


@for_every(("text", "count", "whole"), [each[1:] for each in FILES], ids=[each[0] for each in FILES])
def test_whole_and_broken_files(text: str | bytes, count: int, whole: bool) -> None:
    rows, run = taken(text)
    assert len(rows) == count
    assert run.complete is whole
    assert (run.started, run.ended) == (1700000000.0, 1700000000.0)
    assert IMPORTER.recognises(text if isinstance(text, bytes) else text.encode())
    assert "of silence" in run.notes[0]


ROWS = [
    (record("10.0.0.1"), PortState("10.0.0.1", "tcp", "80", "open", "syn-ack", 1.7e9, 63, "10.0.0.1")),
    (
        record("10.0.0.1", 81, '"status": "closed", "reason": "rst-ack", "ttl": 64'),
        PortState("10.0.0.1", "tcp", "81", "closed", "rst", 1.7e9, 64, "10.0.0.1"),
    ),
    (
        record("fd00::1", 53, '"status": "open", "reason": "none", "ttl": 0', "udp"),
        PortState("fd00::1", "udp", "53", "open", "udp-reply", 1.7e9, None, "fd00::1"),
    ),
    (record("10.0.0.1", 0, "", "arp"), HostSeen("10.0.0.1", "arp", 1.7e9)),
    (record("10.0.0.1", 0, "", "icmp"), HostSeen("10.0.0.1", "echo-reply", 1.7e9, ttl=63)),
    (
        record("10.0.0.1", 22, '"service": {"name": "ssh", "banner": "SSH-2.0-OpenSSH_9.2p1 Debian-2\\u00ff"}'),
        Conversation(
            "10.0.0.1", "tcp", 22, "masscan", "answered", 1.7e9,
            (Reading("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\xff"),), detail="ssh", received=31,
        ),
    ),
    (record("10.0.0.1", 9, "", "sctp"), None),
    (record("10.0.0.1", 70000), None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "row"), ROWS)
def test_a_record_in_our_words(text: str, row: Observation | None) -> None:
    assert taken(f"[\n{text}\n]")[0] == ([] if row is None else [row])


@pytest.mark.parametrize(
    "text", ["", "[]", "[\n]", "hello", "{}", '[{"ip": "x"}]', '[\n{"ip": "10.0.0.1"}\n]', "[" * 90_000]
)
def test_what_holds_nothing_says_so(text: str) -> None:
    with pytest.raises(BadInput, match=r"^m\.json: holds no record of masscan's"):
        taken(text)


@settings(max_examples=60)
@given(st.data())
def test_no_damage_raises_anything_but_bad_input(data: st.DataObject) -> None:
    text = bytearray(f"[\n{ONE},\n{TWO},\n{LINE}\n]".encode())
    where = data.draw(st.integers(0, len(text) - 1))
    text[where : where + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    try:
        rows, _ = taken(bytes(text))
    except BadInput:
        return
    assert 1 <= len(rows) <= 3


def test_the_importer_is_found() -> None:
    assert importers()["masscan-json"] is IMPORTER
    assert not IMPORTER.recognises(b'[{"prefix": "10.0.0.0/8", "vrf": null}]')
