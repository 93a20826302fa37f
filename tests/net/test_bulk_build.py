"""Bulk probes are those of `frames`, byte for byte, and scapy finds their checksums right."""

from __future__ import annotations

import ipaddress
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from bulk_cases import MIXED4, MIXED6, TARGETS4, TARGETS6, TCP_ASKS, Case
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6

from scanner.model.addresses import AddressSet
from scanner.net.packets.bulk import NO_HOP, Ask, Asks, Hosts, check, packed
from scanner.net.packets.bulk_hosts import Finder, Proof


def cases() -> list[Any]:
    table = {
        "tcp4": (TARGETS4, TCP_ASKS, None),
        "tcp6": (TARGETS6, TCP_ASKS, None),
        "echo4": (TARGETS4, [Ask("icmp", 8)], None),
        "mixed4": (TARGETS4, MIXED4, None),
        "mixed6": (TARGETS6, MIXED6, None),
        "mixed4 from two addresses": (TARGETS4, MIXED4, ["10.9.0.1", "192.168.255.254"]),
        "mixed6 from two addresses": (TARGETS6, MIXED6, ["fd09::1", "fe80::ffff:ffff:ffff:ffff"]),
    }
    return [pytest.param(*row, id=name) for name, row in table.items()]


@pytest.mark.parametrize(("targets", "asks", "sources"), cases())
@given(st.randoms(use_true_random=False), st.integers(0, 5))
@settings(max_examples=5, deadline=None)
def test_probes_are_those_of_frames_byte_for_byte(
    targets: str, asks: list[Ask], sources: list[str] | None, chance: random.Random, attempt: int
) -> None:
    case = Case(targets, asks, sources)
    indices = chance.sample(range(case.count), min(case.count, chance.randint(1, 300)))
    wanted = Counter((case.probe(index, attempt), index // len(asks) % 2) for index in indices)
    assert Counter(case.built(indices, attempt)) == wanted


@pytest.mark.parametrize(("targets", "asks", "sources"), cases())
def test_scapy_finds_the_checksums_right(targets: str, asks: list[Ask], sources: list[str] | None) -> None:
    case = Case(targets, asks, sources)
    layer = IPv6 if ":" in targets else IP
    for data, _ in case.built(list(range(min(60, case.count))), 3):
        packet = layer(data)
        layers = [packet, *(packet[each] for each in (TCP, UDP, ICMP, ICMPv6EchoRequest) if each in packet)]
        assert len(layers) == 2
        for each in layers:
            for field in ("chksum", "cksum", "len", "plen"):
                if field in each.fields:
                    del each.fields[field]
        assert bytes(packet) == data


@given(st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=10, deadline=None)
def test_marks_are_the_same_one_by_one_and_differ(hosts: int, asks: int) -> None:
    proof = Proof(hosts, asks)
    host, ask = (each.ravel() for each in np.meshgrid(np.arange(hosts), np.arange(asks)))
    marks = proof.marks(host, ask).tolist()
    assert marks == [proof.mark(int(one), int(other)) for one, other in zip(host, ask, strict=True)]
    assert len(set(marks)) == hosts * asks
    assert marks != Proof(hosts, asks).marks(host, ask).tolist()


SPANS = [
    "10.1.2.3",
    "0.0.0.0-0.0.0.9,10.0.0.0/24,255.255.255.250-255.255.255.255",
    "10.0.0.1,10.0.0.3,10.0.0.5,10.0.0.255-10.0.1.1",
    "fd00::ffff:ffff:ffff:fffe-fd00:0:0:1::1,fd01::,fd01::100",
]


@pytest.mark.parametrize("spans", SPANS)
def test_addresses_are_packed_in_order_and_found_again(spans: str) -> None:
    addresses = AddressSet.parse(spans)
    version = 6 if ":" in spans else 4
    rows = packed(addresses, version)
    assert [str(ipaddress.ip_address(bytes(each))) for each in rows] == list(addresses)
    assert len(packed(addresses, 10 - version)) == 0
    finder = Finder(rows)
    for number, row in enumerate(rows):
        assert finder.one(bytes(row)) == number
    highest = 1 << len(rows[0]) * 8
    for row in rows:
        for step in (-1, 1):
            value = (int.from_bytes(bytes(row), "big") + step) % highest
            beside = str(ipaddress.ip_address(value.to_bytes(len(row), "big")))
            assert (finder.one(value.to_bytes(len(row), "big")) is not None) == (beside in addresses)


def test_what_does_not_fit_together_is_refused() -> None:
    rows = packed(AddressSet.parse("10.0.0.1-10.0.0.3"), 4)
    hops = np.zeros(3, np.uint16)
    with pytest.raises(ValueError, match="ascend"):
        Finder(rows[::-1])
    with pytest.raises(ValueError, match="none twice"):
        Asks.of([Ask("tcp", 1), Ask("tcp", 1)])
    with pytest.raises(ValueError, match="ICMP type 128"):
        check(Hosts(rows, rows, hops), Asks.of([Ask("icmp", 128)]))
    with pytest.raises(ValueError, match="next hop"):
        check(Hosts(rows, rows, hops[:2]), Asks.of([Ask("tcp", 1)]))
    with pytest.raises(ValueError, match="sources"):
        check(Hosts(rows, rows[:1], hops), Asks.of([Ask("tcp", 1)]))
    assert np.uint16(NO_HOP) == 0xFFFF
