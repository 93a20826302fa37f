"""The receive ring and the sender, on a real pair of interfaces."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from netns import IN_LAB, shell
from veth_pair import ETH_ALL, OUR_MAC, OURS, THEIRS, ring_on, sending_socket

from scanner.errors import NetworkFailed
from scanner.net.packets.ring import Packet, Ring
from scanner.net.packets.transmit import SLOTS, Transmit

pytestmark = [*IN_LAB, pytest.mark.usefixtures("wired")]
MAC = bytes.fromhex("020000000001")
OTHER = bytes.fromhex("020000000002")
TYPE = 0x88B5
"""An ethertype set aside for experiments."""


@pytest.fixture
def transmit() -> Iterator[Transmit]:
    with sending_socket() as sock:
        found = Transmit(sock, socket.if_nametoindex(OURS))
        found.lay_out(64, TYPE, (MAC,))
        yield found


def put(transmit: Transmit, packets: list[bytes]) -> None:
    for number, data in enumerate(packets):
        ctypes.memmove(ctypes.addressof(transmit.packets) + number * transmit.stride, data, len(data))
        transmit.vectors[number].length = len(data)


def send(transmit: Transmit, packets: list[bytes]) -> None:
    for start in range(0, len(packets), SLOTS):
        part = packets[start : start + SLOTS]
        put(transmit, part)
        assert transmit.send(len(part)) == len(part)


def numbered(first: int, count: int) -> list[bytes]:
    return [struct.pack("!I", number) + bytes(number % 40) for number in range(first, first + count)]


def all_of(ring: Ring, count: int) -> list[Packet]:
    found: list[Packet] = []
    end = time.monotonic() + 30
    while len(found) < count and time.monotonic() < end:
        ring.wait(0.1)
        found.extend(ring.packets())
    return found


def test_packets_come_whole_in_order_and_with_the_time(transmit: Transmit) -> None:
    with ring_on(THEIRS) as ring:
        assert not ring.wait(0)
        assert ring.packets() == []
        before = time.time()
        send(transmit, numbered(0, 900))
        assert ring.wait(5)
        found = all_of(ring, 900)
        after = time.time()
        assert [each.data for each in found] == numbered(0, 900)
        assert {each.ethertype for each in found} == {TYPE}
        assert all(before - 0.01 <= each.at <= after + 0.01 for each in found)
        assert {each.mac.hex(":") for each in found} == {OUR_MAC}
        assert ring.lost() == 0


def test_the_ring_goes_round(transmit: Transmit) -> None:
    with ring_on(THEIRS) as ring:
        first = 0
        for count in (1000, 700, 1024, 1, 1023, 512):
            send(transmit, numbered(first, count))
            assert [each.data for each in all_of(ring, count)] == numbered(first, count)
            first += count
        assert ring.lost() == 0


def test_ready_frames_never_reach_beyond_the_end_of_the_memory(transmit: Transmit) -> None:
    with ring_on(THEIRS) as ring:
        send(transmit, numbered(0, 1000))
        all_of(ring, 1000)
        send(transmit, numbered(0, 100))
        time.sleep(0.05)
        assert ring.head == 1000
        assert ring.ready(10) == 10
        assert ring.ready() == 24
        ring.release(24)
        assert ring.head == 0
        assert ring.ready() == 76
        ring.release(6)
        assert [each.data for each in ring.packets(50)] == numbered(30, 50)
        assert [each.data for each in ring.packets(50)] == numbered(80, 20)


def test_what_found_the_ring_full_is_counted_and_the_rest_goes_on(transmit: Transmit) -> None:
    with ring_on(THEIRS) as ring:
        send(transmit, numbered(0, 1500))
        time.sleep(0.05)
        found = all_of(ring, 1024)
        assert [each.data for each in found] == numbered(0, 1024)
        assert ring.lost() == 1500 - 1024
        assert ring.lost() == 0
        send(transmit, numbered(2000, 10))
        assert [each.data for each in all_of(ring, 10)] == numbered(2000, 10)


def test_a_long_packet_is_cut_off_and_an_empty_one_harmless(transmit: Transmit) -> None:
    transmit.lay_out(1400, TYPE, (MAC,))
    with ring_on(THEIRS) as ring:
        send(transmit, [bytes(range(200)) * 7, b"short"])
        long, short = all_of(ring, 2)
        assert (bytes(range(200)) * 7).startswith(long.data)
        assert 176 <= len(long.data) < 200
        assert short.data == b"short"


def test_nobody_hears_what_he_sends(transmit: Transmit) -> None:
    with ring_on(OURS) as ours, ring_on(THEIRS) as theirs:
        send(transmit, numbered(0, 10))
        assert len(all_of(theirs, 10)) == 10
        assert ours.packets() == []


def test_views_may_outlive_the_ring_and_then_nothing_changes_them(transmit: Transmit) -> None:
    with ring_on(THEIRS) as ring:
        view = np.frombuffer(ring.memory, np.uint8)
        send(transmit, numbered(0, 10))
        assert len(all_of(ring, 10)) == 10
    ring.close()
    before = view.copy()
    assert before.any()
    send(transmit, numbered(0, 10))
    time.sleep(0.05)
    assert (view == before).all()


@pytest.mark.parametrize(("frames", "size"), [(1000, 256), (1024, 200), (512, 256), (1024, 64)])
def test_a_ring_of_no_possible_shape_is_refused(frames: int, size: int) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sock, pytest.raises(ValueError, match="power of two"):
        Ring(sock, frames, size)


def test_each_packet_goes_to_its_own_next_hop(transmit: Transmit) -> None:
    transmit.lay_out(64, TYPE, (MAC, OTHER))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as whole:
        whole.bind((THEIRS, ETH_ALL))
        whole.settimeout(5)
        put(transmit, numbered(0, 6))
        for number in (1, 4):
            transmit.messages[number].header.name = transmit.hop(1)
        assert transmit.send(6) == 6
        frames = [whole.recv(2048) for _ in range(6)]
    assert [each[:6] for each in frames] == [MAC, OTHER, MAC, MAC, OTHER, MAC]
    assert [each[12:14] for each in frames] == [TYPE.to_bytes(2, "big")] * 6
    assert [each[14:18] for each in frames] == [each[:4] for each in numbered(0, 6)]


def test_two_threads_send_at_once() -> None:
    counts = [0, 0]

    def run(number: int) -> None:
        with sending_socket() as sock:
            mine = Transmit(sock, socket.if_nametoindex(OURS))
            mine.lay_out(64, TYPE, (MAC,))
            for first in range(0, 4000, 500):
                send(mine, numbered(number << 16 | first, 500))
                counts[number] += 500

    # The namespace is the thread's that made it, and of those that it starts.
    with ring_on(THEIRS, 1 << 14) as ring:
        threads = [threading.Thread(target=run, args=(number,)) for number in (0, 1)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        found = sorted(each.data for each in all_of(ring, 8000))
    assert counts == [4000, 4000]
    assert found == sorted(numbered(0, 4000) + numbered(1 << 16, 4000))


def test_a_stopped_sender_sends_nothing_more(transmit: Transmit) -> None:
    asked = iter((False, True, True))
    transmit.stop = lambda: next(asked)
    with ring_on(THEIRS) as ring:
        put(transmit, numbered(0, 20))
        assert transmit.send(10) == 10
        assert transmit.send(10) == 0
        assert len(all_of(ring, 10)) == 10
        assert ring.packets() == []


def test_an_interface_that_goes_down_is_no_silence(transmit: Transmit) -> None:
    with ring_on(OURS) as ring:
        assert not ring.wait(0)
        shell(f"ip link set {OURS} down")
        put(transmit, numbered(0, 1))
        with pytest.raises(NetworkFailed, match=f"{OURS} is down or gone"):
            transmit.send(1)
        with pytest.raises(NetworkFailed, match=f"{OURS} is down or gone"):
            ring.wait(1)


def test_an_interface_that_is_taken_away_is_no_silence(transmit: Transmit) -> None:
    with ring_on(OURS) as ring:
        ring.wait(0)
        shell(f"ip link del {OURS}")
        put(transmit, numbered(0, 1))
        with pytest.raises(NetworkFailed, match="is down or gone"):
            transmit.send(1)
        with pytest.raises(NetworkFailed, match="is down or gone"):
            ring.wait(1)


def test_a_packet_that_the_interface_cannot_carry_is_a_failure_of_ours(transmit: Transmit) -> None:
    transmit.lay_out(4096, TYPE, (MAC,))
    put(transmit, [bytes(4000)])
    with pytest.raises(NetworkFailed, match=f"{OURS} cannot be used: Message too long"):
        transmit.send(1)
