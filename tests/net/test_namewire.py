"""Questions are read by dnspython; answers are those that real name services gave, and those that nobody should."""

from __future__ import annotations

import struct
import time

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from name_answers import AVAHI_ADDRESSES, AVAHI_SERVICES, NMBD_STATUS, RESOLVED_REVERSE

from scanner.net.raw import namewire
from scanner.net.raw.namewire import AAAA, PTR, SRV, A, NodeStatus, Record

HOST = ("Büro-NAS", "local")
IPP = ("_ipp", "_tcp", "local")
COPIER = ("Upstairs 2.1 copier", *IPP)


def test_questions_are_what_dns_servers_read() -> None:
    asked = [("20.1.91.10.in-addr.arpa", PTR), ("büro.local", AAAA)]
    seen = dns.message.from_wire(namewire.question(7, asked, recurse=True))
    assert (seen.id, [(each.name.labels, each.rdtype) for each in seen.question]) == (
        7,
        [
            ((b"20", b"1", b"91", b"10", b"in-addr", b"arpa", b""), dns.rdatatype.PTR),
            (("büro".encode(), b"local", b""), dns.rdatatype.AAAA),
        ],
    )
    assert "RD" in seen.to_text()
    unicast = namewire.question(7, asked[:1], unicast=True)
    assert (unicast[2:4], unicast[-4:]) == (b"\0\0", b"\x00\x0c\x80\x01")


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["y" * 60] * 5)])
def test_what_dns_cannot_hold_is_no_question(name: str) -> None:
    with pytest.raises(ValueError):
        namewire.question(1, [(name, A)])


@pytest.mark.parametrize("address", ["10.91.1.20", "fd91:1::20", "fe80::1"])
def test_a_reverse_name_leads_back(address: str) -> None:
    name = tuple(namewire.reverse(address).upper().split("."))
    assert namewire.reversed_address(name) == address


@pytest.mark.parametrize(
    "name",
    [
        "local",
        "in-addr.arpa",
        "1.2.3.in-addr.arpa",
        "1.2.3.256.in-addr.arpa",
        "0.0.ip6.arpa",
        "g." + "0." * 31 + "ip6.arpa",
        "00.." + "0." * 30 + "ip6.arpa",
    ],
)
def test_other_names_lead_nowhere(name: str) -> None:
    assert namewire.reversed_address(tuple(name.split("."))) is None


def test_what_avahi_says() -> None:
    said = namewire.message(AVAHI_SERVICES)
    assert said is not None
    assert said.number == 0x9653
    assert set(said.records) >= {
        Record(IPP, PTR, COPIER),
        Record(COPIER, SRV, HOST),
        Record(HOST, A, address="10.91.1.20"),
        Record(HOST, AAAA, address="fd91:1::20"),
        Record(("_services", "_dns-sd", "_udp", "local"), PTR, IPP),
    }


def test_the_cache_flush_bit_hides_nothing() -> None:
    flushed = AVAHI_ADDRESSES.replace(b"\0\x1c\0\1", b"\0\x1c\x80\1").replace(b"\0\1\0\1\0", b"\0\1\x80\1\0")
    assert flushed != AVAHI_ADDRESSES
    assert namewire.message(flushed) == namewire.message(AVAHI_ADDRESSES)


def test_what_resolved_and_samba_say() -> None:
    said = namewire.message(RESOLVED_REVERSE)
    name = ("20", "1", "91", "10", "in-addr", "arpa")
    assert said is not None
    assert (said.number, said.records) == (0xB304, (Record(name, PTR, ("resnear",)),))
    assert namewire.node_status(NMBD_STATUS) == NodeStatus(0xC26C, ("FRONTPC",), "HARBOR")


def test_a_node_status_may_be_short_of_what_it_announces() -> None:
    start = 57
    two = NMBD_STATUS[: start + 2 * 18]
    assert namewire.node_status(two) == NodeStatus(0xC26C, ("FRONTPC",), None)
    assert namewire.node_status(NMBD_STATUS[:start]) == NodeStatus(0xC26C, (), None)
    assert namewire.node_status(NMBD_STATUS[: start - 1]) is None
    assert namewire.node_status(namewire.node_question(3)) is None, "a question is no answer"
    odd = NMBD_STATUS.replace(b"FRONTPC", b"\xffRONT\x1b\x00")
    assert namewire.node_status(odd) == NodeStatus(0xC26C, ("\ufffdRONT\x1b",), "HARBOR")


LOOP = struct.pack("!6H", 1, 0x8400, 0, 1, 0, 0) + b"\xc0\x0c" + bytes(10)
FORWARD = struct.pack("!6H", 1, 0x8400, 0, 1, 0, 0) + b"\xc0\x20" + bytes(60)


@pytest.mark.parametrize("data", [LOOP, FORWARD, AVAHI_SERVICES[:300], AVAHI_ADDRESSES[:-1]])
def test_a_mangled_answer_is_read_up_to_where_it_breaks(data: bytes) -> None:
    said = namewire.message(data)
    assert said is not None
    whole = namewire.message(AVAHI_SERVICES), namewire.message(AVAHI_ADDRESSES)
    assert set(said.records) < {each for message in whole if message for each in message.records}


def test_a_hostile_answer_costs_little() -> None:
    """Names of 127 labels, each the end of the one before, and as many records as fit."""
    chain = b"\x01a" * 120 + b"\0"
    record = b"\xc0\x0c" + struct.pack("!HHIH", PTR, 1, 0, 2) + b"\xc0\x0c"
    data = struct.pack("!6H", 1, 0x8400, 1, 65535, 65535, 65535) + chain + bytes(4) + record * 700
    before = time.process_time()
    said = namewire.message(data[: namewire.MOST_BYTES])
    assert said is not None
    assert 0 < len(said.records) <= 128
    assert time.process_time() - before < 0.5


@given(st.binary(max_size=300), st.sampled_from([AVAHI_SERVICES, AVAHI_ADDRESSES, NMBD_STATUS, RESOLVED_REVERSE]))
@settings(max_examples=150)
def test_random_bytes_never_raise(noise: bytes, answer: bytes) -> None:
    cut = len(noise) * 3
    for data in (noise, answer[:cut], answer[:cut] + noise, answer[:12] + noise, answer[:cut] + noise + answer[cut:]):
        namewire.message(data)
        namewire.node_status(data)
