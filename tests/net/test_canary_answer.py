"""What a canary reads out of packets, whose it takes them for, and what it answers: no socket is touched."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model.nonce import Signer
from scanner.model.observation import Arrival, Limitation
from scanner.net.canary import book as books
from scanner.net.canary.answer import REPLY, Ear, Seen
from scanner.net.canary.book import MISSING, Book
from scanner.net.canary.probe import Probe, Reader
from scanner.net.packets import frames
from scanner.net.raw.resolve import packed

SIGNER = Signer("Harbor Dental", "main-office")
OTHERS = Signer("Harbor Dental", "branch")
NEAR, FAR, NEAR6, FAR6 = map(packed, ("10.0.1.5", "10.0.2.9", "fd00:1::5", "fd00:2::9"))
STRANGER = packed("192.168.7.7")
NONCE = "beef"
EVERY = {"tcp": range(1, 65536), "udp": range(1, 65536)}
SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10


def ear(**changes: object) -> Ear:
    known: dict[str, object] = {"trusted": lambda source: source in (NEAR, NEAR6), "wanted": EVERY}
    return Ear(SIGNER, **{**known, **changes})  # type: ignore[arg-type]


def ip(source: bytes, target: bytes, protocol: int, body: bytes) -> bytes:
    return frames.ip_head(source, target, protocol, len(body)) + body


def tcp(port: int, sequence: int, flags: int = SYN, acked: int = 0, data: bytes = b"", local: int = 40000) -> bytes:
    return struct.pack("!HHIIBBHHH", local, port, sequence, acked, 0x50, flags, 1024, 0, 0) + data


def syn(port: int, asked: int | None = None, source: bytes = NEAR, local: int = 40000) -> bytes:
    return ip(source, FAR, frames.TCP, tcp(port, SIGNER.sequence(NONCE, asked or port), local=local))


def udp(port: int, data: bytes, source: bytes = NEAR, target: bytes = FAR, local: int = 40000) -> bytes:
    return ip(source, target, frames.UDP, frames.datagram(frames.pseudo(source, target, frames.UDP), local, port, data))


def read(packet: bytes) -> Probe:
    probe = Reader().read(packet, 0.0)
    assert probe is not None
    return probe


def heard(packet: bytes, by: Ear | None = None) -> tuple[Seen | None, Probe | None]:
    """What the canary saw, and its answer, read as whoever gets it would."""
    seen, back = (by or ear()).hear(read(packet))
    return seen, None if back is None else Reader().read(back, 0.0)


@pytest.mark.parametrize("port", [1, 22, 443, 65535])
def test_a_signed_syn_is_seen_and_gets_a_syn_ack(port: int) -> None:
    for source in (NEAR, STRANGER):
        seen, answer = heard(syn(port, source=source))
        assert seen == Seen(NONCE, port)
        assert answer is not None
        assert (answer.source, answer.target, answer.local, answer.port) == (FAR, source, port, 40000)
        assert answer.flags == SYN | ACK
        assert answer.acked == (SIGNER.sequence(NONCE, port) + 1) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("what", "packet", "answered"),
    [
        ("an unsigned SYN from the scope", ip(NEAR, FAR, frames.TCP, tcp(443, 12345)), True),
        ("one from elsewhere", ip(STRANGER, FAR, frames.TCP, tcp(443, 12345)), False),
        ("another site's", ip(STRANGER, FAR, frames.TCP, tcp(443, OTHERS.sequence(NONCE, 443))), False),
        ("a SYN-ACK", ip(NEAR, FAR, frames.TCP, tcp(443, SIGNER.sequence(NONCE, 443), SYN | ACK)), False),
        ("a RST", ip(NEAR, FAR, frames.TCP, tcp(443, SIGNER.sequence(NONCE, 443), RST)), False),
        ("an acknowledgement of nothing of ours", ip(NEAR, FAR, frames.TCP, tcp(443, 1, ACK, 99, b"GET /")), False),
        ("a FIN of nothing of ours", ip(NEAR, FAR, frames.TCP, tcp(443, 1, ACK | FIN, 99)), False),
        ("an unsigned datagram", udp(53, b"hello"), False),
        ("another site's datagram", udp(53, OTHERS.payload(NONCE, 53)), False),
        ("a canary's own answer", udp(53, SIGNER.payload(NONCE, REPLY)), False),
    ],
)
def test_what_is_not_signed_is_not_seen(what: str, packet: bytes, answered: bool) -> None:
    seen, answer = heard(packet)
    assert seen is None, what
    assert (answer is not None) is answered, what


def test_ports_that_the_laptop_serves_are_left_to_it_unless_the_probe_is_signed() -> None:
    own = ear(served=lambda: {22})
    assert heard(ip(NEAR, FAR, frames.TCP, tcp(22, 12345)), own) == (None, None)
    assert heard(syn(22), own)[1] is not None
    assert heard(ip(NEAR, FAR, frames.TCP, tcp(23, 12345)), own)[1] is not None


def test_ports_that_nobody_asked_for_are_not_listened_on() -> None:
    few = ear(wanted={"tcp": {22}, "udp": {53}})
    assert heard(syn(23), few) == (None, None)
    assert heard(udp(54, SIGNER.payload(NONCE, 54)), few) == (None, None)
    assert heard(syn(22), few)[0] == Seen(NONCE, 22)


def test_a_connection_is_proved_by_its_data_and_gets_a_signature_back() -> None:
    own = ear()
    _, greeting = heard(ip(NEAR, FAR, frames.TCP, tcp(443, 1000)), own)
    assert greeting is not None
    data = SIGNER.payload(NONCE, 443)
    said = tcp(443, 1001, ACK | PSH, greeting.sequence + 1, data)
    seen, answer = heard(ip(NEAR, FAR, frames.TCP, said), own)
    assert seen == Seen(NONCE, 443, connected=True)
    assert answer is not None
    assert SIGNER.read_payload(answer.data) == (NONCE, REPLY)
    assert (answer.acked, answer.flags) == (1001 + len(data), ACK | PSH | FIN)
    # Our FIN and theirs: the last word is an acknowledgement, and no answer to that.
    last = tcp(443, answer.acked, ACK | FIN, answer.sequence + len(answer.data) + 1)
    seen, answer = heard(ip(NEAR, FAR, frames.TCP, last), own)
    assert seen is None
    assert answer is not None
    assert answer.flags == ACK
    assert answer.acked == 1001 + len(data) + 1
    # Whoever has not seen the SYN-ACK proves nothing of the way back.
    seen, answer = heard(ip(NEAR, FAR, frames.TCP, tcp(443, 1001, ACK | PSH, 77, data)), own)
    assert (seen, answer) == (Seen(NONCE, 443), None)
    # Something else over a connection of ours is reset.
    seen, answer = heard(ip(NEAR, FAR, frames.TCP, tcp(443, 1001, ACK, greeting.sequence + 1, b"GET /")), own)
    assert seen is None
    assert answer is not None
    assert answer.flags == RST | ACK


@pytest.mark.parametrize(("source", "target"), [(NEAR, FAR), (NEAR6, FAR6)])
def test_a_signed_datagram_is_answered_signed(source: bytes, target: bytes) -> None:
    seen, answer = heard(udp(161, SIGNER.payload(NONCE, 161), source, target))
    assert seen == Seen(NONCE, 161)
    assert answer is not None
    assert SIGNER.read_payload(answer.data) == (NONCE, REPLY)
    assert (answer.source, answer.local, answer.target, answer.port) == (target, 161, source, 40000)


@pytest.mark.parametrize(("source", "target", "kind"), [(NEAR, FAR, 8), (NEAR6, FAR6, 128)])
def test_a_signed_echo_request_is_answered_as_a_kernel_would(source: bytes, target: bytes, kind: int) -> None:
    body = frames.echo(source, target, 7, 9, SIGNER.payload(NONCE, kind))
    protocol = frames.ICMP if kind == 8 else frames.ICMP6
    seen, back = ear().hear(read(ip(source, target, protocol, body)))
    assert seen == Seen(NONCE, kind)
    assert back is not None
    reply = frames.heard(back)
    assert reply is not None
    assert (reply.reason, reply.local, reply.proof, reply.source) == ("echo-reply", 7, 9, target)


def test_checksums_of_answers_are_right() -> None:
    for packet in (syn(443), udp(53, SIGNER.payload(NONCE, 53)), udp(53, SIGNER.payload(NONCE, 53), NEAR6, FAR6)):
        _, back = ear().hear(read(packet))
        assert back is not None
        head = 20 if back[0] >> 4 == 4 else 40
        source, target = (back[12:16], back[16:20]) if head == 20 else (back[8:24], back[24:40])
        protocol = back[9] if head == 20 else back[6]
        whole = int.from_bytes(back[head:] + bytes(len(back) % 2), "big")
        assert (whole + frames.pseudo(source, target, protocol) + len(back) - head) % 0xFFFF == 0


def test_a_translated_port_is_told_once_the_nonce_is_known_or_the_probe_repeated() -> None:
    own = ear()
    assert heard(syn(8443, asked=443, source=STRANGER), own) == (None, None)
    assert heard(syn(8443, asked=443, source=STRANGER), own)[0] is None, "a retransmission is no second try"
    assert heard(syn(8443, asked=443, source=STRANGER, local=40001), own)[0] == Seen(NONCE, 443)
    own = ear()
    heard(udp(53, SIGNER.payload(NONCE, 53)), own)
    assert heard(syn(8443, asked=443), own)[0] == Seen(NONCE, 443)
    assert heard(udp(5353, SIGNER.payload(NONCE, 53)), own)[0] == Seen(NONCE, 53)


@pytest.mark.parametrize(("local", "via"), [(53, "sport-53"), (20, "sport-20"), (88, "sport-88"), (123, "sport-123"),
                                            (40000, ""), (22, "")])  # fmt: skip
def test_a_trusted_source_port_is_told(local: int, via: str) -> None:
    assert heard(syn(80, local=local))[0] == Seen(NONCE, 80, via=via)
    assert heard(udp(80, SIGNER.payload(NONCE, 80), local=local))[0] == Seen(NONCE, 80, via=via)


def pieces(packet: bytes, size: int) -> list[bytes]:
    """An IPv4 packet in fragments of so many bytes."""
    body = packet[20:]
    found = []
    for at in range(0, len(body), size):
        more = 0x2000 if at + size < len(body) else 0
        part = body[at : at + size]
        found.append(packet[:2] + struct.pack("!HHH", 20 + len(part), 77, more | at // 8) + packet[8:20] + part)
    return found


def pieces6(packet: bytes, size: int) -> list[bytes]:
    body, kind = packet[40:], packet[6]
    found = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = int(at + size < len(body))
        head = struct.pack("!BBHI", kind, 0, at | more, 99)
        found.append(packet[:4] + struct.pack("!HBB", 8 + len(part), 44, 64) + packet[8:40] + head + part)
    return found


@pytest.mark.parametrize("shuffled", [False, True])
def test_what_came_in_fragments_is_put_together(shuffled: bool) -> None:
    data = SIGNER.payload(NONCE, 500)
    for parts in (pieces(udp(500, data), 8), pieces6(udp(500, data, NEAR6, FAR6), 16), pieces(syn(443), 8)):
        if shuffled:
            random.Random(5).shuffle(parts)
        reader = Reader()
        probes = [reader.read(each, 1.0) for each in parts]
        assert probes[:-1] == [None] * (len(parts) - 1)
        assert probes[-1] is not None
        seen, _ = ear().hear(probes[-1])
        assert seen is not None
        assert seen.via == "fragments"


def test_fragments_that_overlap_or_come_too_late_make_nothing() -> None:
    first, second, *rest = pieces(udp(500, SIGNER.payload(NONCE, 500)), 8)
    reader = Reader()
    assert reader.read(first, 0.0) is None
    forged = first[:-8] + b"otherwis"
    assert reader.read(forged, 0.0) is None
    assert [reader.read(each, 0.0) for each in (second, *rest)] == [None] * (len(rest) + 1)
    late = Reader()
    late.read(first, 0.0)
    assert [late.read(each, 60.0) for each in (second, *rest)] == [None] * (len(rest) + 1)


def test_options_and_extension_headers_are_passed_over() -> None:
    plain = udp(500, SIGNER.payload(NONCE, 500))
    optioned = b"\x46" + plain[1:2] + struct.pack("!H", len(plain) + 4) + plain[4:20] + b"\x94\x04\0\0" + plain[20:]
    assert heard(optioned)[0] == Seen(NONCE, 500)
    six = udp(500, SIGNER.payload(NONCE, 500), NEAR6, FAR6)
    header = bytes((frames.UDP, 0)) + bytes(6)
    extended = six[:4] + struct.pack("!HB", len(six) - 40 + 8, 60) + six[7:40] + header + six[40:]
    assert heard(extended)[0] == Seen(NONCE, 500)
    padded = plain + bytes(6)
    assert heard(padded)[0] == Seen(NONCE, 500), "Ethernet pads short packets"


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x45", b"\x46", b"\x60"]))
def test_no_packet_breaks_it(junk: bytes, start: bytes) -> None:
    reader, own = Reader(), ear(trusted=lambda source: True)
    probe = reader.read(start + junk, 0.0)
    if probe is not None and len(probe.target) in (4, 16):
        own.hear(probe)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_damage_to_a_probe_breaks_it(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([
        syn(443), udp(53, SIGNER.payload(NONCE, 53)), *pieces(udp(53, SIGNER.payload(NONCE, 53)), 8),
        *pieces6(udp(500, SIGNER.payload(NONCE, 500), NEAR6, FAR6), 16),
    ]))  # fmt: skip
    packet = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if packet:
            packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    probe = Reader().read(bytes(packet), 0.0)
    if probe is not None:
        ear().hear(probe)


def test_equal_arrivals_are_one_row_and_told_once() -> None:
    book = Book()
    for port in (22, 80, 23, 22, 80):
        book.note(FAR, "tcp", port, NONCE, port, NEAR, False, "", 5.0)
    book.note(FAR, "tcp", 8443, NONCE, 443, NEAR, False, "", 6.0)
    assert list(book.rows()) == [
        Arrival("10.0.2.9", "tcp", "22-23,80", NONCE, "10.0.1.5", "packet", 5.0),
        Arrival("10.0.2.9", "tcp", "8443", NONCE, "10.0.1.5", "packet", 6.0, "", "443"),
    ]
    book.note(FAR, "tcp", 22, NONCE, 22, NEAR, False, "", 7.0)
    assert list(book.rows()) == []
    book.note(FAR, "tcp", 22, NONCE, 22, NEAR, True, "", 8.0)
    assert [each.how for each in book.rows() if isinstance(each, Arrival)] == ["connection"]
    assert book.totals == {("10.0.1.5", "tcp", False): 4, ("10.0.1.5", "tcp", True): 1}


def test_ten_scans_of_every_port_by_both_ip_versions_are_kept_and_each_port_is_told_once() -> None:
    book = Book()
    for number in range(10):
        for target in (FAR, FAR6):
            for port in (*range(1, 65536), 1, 200, 65535):
                book.note(target, "tcp", port, f"{number:04x}", port, NEAR, False, "", 5.0)
                if port == 129:
                    told = list(book.rows())
                    assert [each.ports for each in told if isinstance(each, Arrival)] == ["1-129"]
            rows = list(book.rows())
            assert [each.ports for each in rows if isinstance(each, Arrival)] == ["130-65535"]
            assert len(rows) == 1


def test_a_long_echo_is_answered_by_no_more_than_its_signature() -> None:
    body = frames.echo(NEAR, FAR, 7, 9, SIGNER.payload(NONCE, 8) + bytes(2000))
    seen, back = ear().hear(read(ip(NEAR, FAR, frames.ICMP, body)))
    assert seen is not None
    assert back is not None
    assert len(back) < 100


def test_a_flood_fills_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_MOST_ROWS", 10)
    book = Book()
    rows: list[Arrival | Limitation] = []
    for number in range(100):
        book.note(FAR, "tcp", 22, f"{number:04x}", 22, NEAR, False, "", 5.0)
        rows += book.rows()
    assert len([each for each in rows if isinstance(each, Arrival)]) == 10
    assert [each.what for each in rows if isinstance(each, Limitation)] == [MISSING]
