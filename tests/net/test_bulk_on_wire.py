"""Bulk probes over a real wire: what leaves is what was asked for, and every answer comes back to its probe."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from netns import IN_LAB
from veth_pair import OUR_MAC, OURS, THEIRS, ring_on, sending_socket

from scanner.model.addresses import AddressSet
from scanner.net.packets import frames
from scanner.net.packets.bulk import NO_HOP, Ask, Asks, BulkWire, Hosts, packed
from scanner.net.packets.ring import Ring
from scanner.net.packets.transmit import Transmit

pytestmark = [*IN_LAB, pytest.mark.usefixtures("wired")]
PORTS = range(61000, 61004)
ASKS = [Ask("tcp", port) for port in range(1, 81)]
SPANS = {4: "10.1.0.1-10.1.0.50", 6: "fd01::1-fd01::32"}
SOURCE = {4: "10.9.0.1", 6: "fd09::1"}


@pytest.fixture
def transmit() -> Iterator[Transmit]:
    with sending_socket() as sock:
        yield Transmit(sock, socket.if_nametoindex(OURS))


def wire(ring: Ring, version: int, asks: list[Ask] = ASKS, missing: int | None = None) -> BulkWire:
    rows = packed(AddressSet.parse(SPANS[version]), version)
    source = np.frombuffer(ipaddress.ip_address(SOURCE[version]).packed, np.uint8)
    hops = np.zeros(len(rows), np.uint16)
    if missing is not None:
        hops[missing] = NO_HOP
    return BulkWire(
        ring, Hosts(rows, np.broadcast_to(source, rows.shape), hops), Asks.of(asks), [b"\2" * 6], PORTS, 4, 77
    )


def refuse(probe: bytes) -> bytes:
    """The RST of the host that the probe is for."""
    six = probe[0] >> 4 == 6
    head = 40 if six else 20
    source, target = (probe[8:24], probe[24:40]) if six else (probe[12:16], probe[16:20])
    tcp = probe[head:]
    acked = (int.from_bytes(tcp[4:8], "big") + 1) & 0xFFFFFFFF
    body = tcp[2:4] + tcp[:2] + bytes(4) + acked.to_bytes(4, "big") + b"\x50\x14" + bytes(6)
    return frames.ip_head(target, source, frames.TCP, len(body)) + body


@pytest.mark.parametrize("version", [4, 6])
def test_each_probe_leaves_once_and_its_answer_is_known(version: int, transmit: Transmit) -> None:
    ethertype = frames.ETH_IP6 if version == 6 else frames.ETH_IP
    with ring_on(OURS, 1 << 13) as ours, ring_on(THEIRS, 1 << 13) as theirs, sending_socket() as back:
        bulk = wire(ours, version)
        order = np.random.default_rng(1).permutation(50 * 80).astype(np.int64)
        before = time.time()
        assert bulk.send(order, 2, transmit) == 4000
        probes = [each.data for each in theirs.packets(8192)]
        assert len(set(probes)) == len(probes) == 4000
        head = 40 if version == 6 else 20
        asked = Counter((each[head - (16 if version == 6 else 4) : head], each[head + 2 : head + 4]) for each in probes)
        hosts = [ipaddress.ip_address(each).packed for each in AddressSet.parse(SPANS[version])]
        assert asked == Counter((host, ask.port.to_bytes(2, "big")) for host in hosts for ask in ASKS)
        # Not all at once: the ring goes round while it is read.
        index: list[int] = []
        mac = bytes.fromhex(OUR_MAC.replace(":", ""))
        for start in range(0, 4000, 1000):
            for probe in probes[start : start + 1000]:
                back.sendto(refuse(probe), (THEIRS, ethertype, 0, 0, mac))
            heard = bulk.receive(1)
            index.extend(heard.index.tolist())
            assert set(heard.attempt.tolist()) == {2}
            assert before - 0.01 <= heard.at.min() <= heard.at.max() <= time.time() + 0.01
        assert sorted(index) == list(range(4000))
        assert list(bulk.keys) == [("tcp", "closed", "rst", 64, None, 0)]
        assert not len(bulk.receive(0).index)
        assert ours.lost() == 0


def test_two_wires_and_hosts_out_of_reach_share_a_sender(transmit: Transmit) -> None:
    with ring_on(OURS) as ours, ring_on(THEIRS) as theirs:
        four = wire(ours, 4, [Ask("udp", 53, bytes(200)), Ask("udp", 123)], missing=3)
        six = wire(ours, 6)
        for bulk, asked, count, kind in (
            (four, 100, 98, frames.ETH_IP),
            (six, 80, 80, frames.ETH_IP6),
            (four, 100, 98, frames.ETH_IP),
        ):
            sent = bulk.send(np.arange(asked, dtype=np.int64), 0, transmit)
            found = theirs.packets()
            assert sent == len(found) == count
            assert {each.ethertype for each in found} == {kind}
        assert not any(each.data[16:20] == bytes((10, 1, 0, 4)) for each in found)
        assert Counter(int.from_bytes(each.data[2:4], "big") for each in found) == {228: 49, 28: 49}


def test_a_stop_is_heeded_between_batches(transmit: Transmit) -> None:
    looks = iter([False, False, True])
    transmit.stop = lambda: next(looks)
    with ring_on(OURS) as ours, ring_on(THEIRS, 1 << 13) as theirs:
        assert wire(ours, 4).send(np.arange(4000, dtype=np.int64), 0, transmit) == 2048
        assert len(theirs.packets(8192)) == 2048


def test_an_attempt_without_a_port_is_refused(transmit: Transmit) -> None:
    with ring_on(OURS) as ours:
        for attempt in (-1, 4):
            with pytest.raises(ValueError, match="4 attempts"):
                wire(ours, 4).send(np.arange(4, dtype=np.int64), attempt, transmit)
        rows = packed(AddressSet.parse("10.1.0.1"), 4)
        with pytest.raises(ValueError, match="source port"):
            BulkWire(ours, Hosts(rows, rows, np.zeros(1, np.uint16)), Asks.of(ASKS), [b""], PORTS, 5, 1)
