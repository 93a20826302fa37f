"""Probes as rows of bytes, a thousand at a time: a template a question, and arithmetic for what differs.

The checksum of a probe is a sum, so it is added up from what was summed beforehand for its question (the template),
its host (the two addresses) and its mark. The bytes are those that `scanner.net.packets.frames` makes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scanner.net.packets import frames
from scanner.net.packets.bulk_asks import ACK, ECHO, STAMP, SYN, UDP, Ask, Asks
from scanner.net.packets.bulk_hosts import Bytes, Hosts, Indices, Marks, Proof
from scanner.net.packets.transmit import SLOTS, Address, Header, Message, Transmit, Vector

ORIGINATE = 0x80000000
"""Marks the time in an ICMP timestamp as none (RFC 792): the other bits are the cookie's."""
ECHO_PAYLOAD = 8
"""Bytes: the cookie, the attempt, three zeros."""
Sums = npt.NDArray[np.uint32]
_LOW = np.uint64(0xFFFF)
_HALF = np.uint64(32)


class _Kind:
    """The questions of one kind: their packets with zeros for what differs, and the sums of these."""

    def __init__(self, kind: int, asks: Asks, hosts: Hosts, identifier: int, stride: int) -> None:
        self.kind = kind
        source = bytes(hosts.sources[0])
        size = len(source)
        self.six = size == 16
        start = 40 if self.six else 20
        zero = bytes(size)
        icmp = frames.ICMP6 if self.six else frames.ICMP
        protocol = frames.UDP if kind == UDP else frames.TCP if kind in (SYN, ACK) else icmp
        self.pseudo = self.six or protocol != frames.ICMP
        rows = []
        for ask in _different(asks, kind):
            body = bytearray(_body(kind, ask, identifier, zero))
            at = {frames.UDP: 6, frames.TCP: 16}.get(protocol, 2)
            body[at : at + 2] = b"\0\0"
            rows.append(frames.ip_head(zero, zero, protocol, len(body)) + body)
        self.lengths = np.array([len(each) for each in rows], np.uintp)
        self.table = np.zeros((len(rows), stride), np.uint8)
        self.head = np.zeros(len(rows), np.uint32)
        """Sums of the IP headers, without the addresses."""
        self.body = np.zeros(len(rows), np.uint32)
        """Sums of what comes after, the pseudo-header's protocol and length included."""
        for number, row in enumerate(rows):
            whole = bytearray(row)
            if not self.six:
                whole[10:12] = b"\0\0"
                self.head[number] = _sum(whole[:20])
            self.table[number, : len(whole)] = np.frombuffer(bytes(whole), np.uint8)
            extra = protocol + len(whole) - start if self.pseudo else 0
            self.body[number] = (_sum(whole[start:]) + extra) % 0xFFFF
        if kind in (SYN, ACK):
            self._repeat(start, asks.ports[asks.places(kind)].astype(np.uint32))
        address = 8 if self.six else 12
        self.table[:, address : address + size] = hosts.sources[0]
        self.dtype = _row(start, size, kind, protocol, stride)

    def _repeat(self, start: int, ports: Sums) -> None:
        """Make the one question all of them."""
        count = len(ports)
        self.lengths, self.head = np.repeat(self.lengths, count), np.repeat(self.head, count)
        self.table = np.repeat(self.table, count, axis=0)
        self.body = (np.repeat(self.body, count) + 0xFFFF - ports[0] + ports) % np.uint32(0xFFFF)
        self.table[:, start + 2] = ports >> 8
        self.table[:, start + 3] = ports & 0xFF


def _different(asks: Asks, kind: int) -> list[Ask]:
    """The questions of a kind. Of TCP one stands for all: they differ in the port, and may be 65,535."""
    places = asks.places(kind).tolist()
    return [asks[each] for each in (places[:1] if kind in (SYN, ACK) else places)]


def _body(kind: int, ask: Ask, identifier: int, zero: bytes) -> bytes:
    if kind == SYN:
        return frames.syn(0, 0, ask.port, 0)
    if kind == ACK:
        return frames.ack(0, 0, ask.port, 0)
    if kind == UDP:
        return frames.datagram(0, 0, ask.port, ask.payload)
    if kind == STAMP:
        return frames.timestamp(identifier, 0, 0)
    return frames.echo(zero, zero, identifier, 0, bytes(ECHO_PAYLOAD))


def _row(start: int, size: int, kind: int, protocol: int, stride: int) -> np.dtype[Any]:
    """Where the fields are that differ from probe to probe."""
    address = 8 if size == 16 else 12
    fields = {"source": (f"V{size}", address), "target": (f"V{size}", address + size), "head": (">u2", 10)}
    if kind in (SYN, ACK, UDP):
        fields["local"] = (">u2", start)
        fields["sum"] = (">u2", start + (6 if kind == UDP else 16))
        if kind != UDP:
            fields["number"] = (">u4", start + 4)
            fields["acked"] = (">u4", start + 8)
    else:
        fields |= {"sum": (">u2", start + 2), "sequence": (">u2", start + 6), "cookie": (">u4", start + 8)}
        if kind == ECHO:
            fields["attempt"] = ("u1", start + 12)
    names = list(fields)
    return np.dtype(
        {
            "names": names,
            "formats": [fields[each][0] for each in names],
            "offsets": [fields[each][1] for each in names],
            "itemsize": stride,
        }
    )


def _sum(data: bytes | bytearray) -> int:
    return int.from_bytes(bytes(data) + bytes(len(data) % 2), "big") % 0xFFFF


class Builder:
    """Writes probes of `hosts` x `asks` into the slots of a Transmit. Several threads may, each into its own."""

    def __init__(
        self,
        hosts: Hosts,
        asks: Asks,
        ports: range,
        identifier: int,
        proof: Proof,
        macs: Sequence[bytes],
    ) -> None:
        size = hosts.addresses.shape[1]
        self._proof = proof
        self._first = ports.start
        self._macs = macs
        self._ethertype = frames.ETH_IP6 if size == 16 else frames.ETH_IP
        self._width = len(asks)
        kinds = asks.kinds
        some = np.unique(kinds).tolist()
        longest = max(len(_body(kind, ask, 0, bytes(size))) for kind in some for ask in _different(asks, kind))
        self.stride = -(-(longest + (40 if size == 16 else 20)) // 8) * 8
        self._kinds = {kind: _Kind(kind, asks, hosts, identifier, self.stride) for kind in some}
        self._kind_of = kinds if len(self._kinds) > 1 else None
        self._place = np.zeros(len(asks), np.int64)
        """Of a question among those of its kind."""
        for kind in self._kinds:
            self._place[kinds == kind] = np.arange(np.count_nonzero(kinds == kind))
        every = {int(length) for each in self._kinds.values() for length in each.lengths}
        self._length = every.pop() if len(every) == 1 else None
        self._targets = np.ascontiguousarray(hosts.addresses).view(f"V{size}").ravel()
        one = bool((hosts.sources == hosts.sources[0]).all())
        self._sources = None if one else np.ascontiguousarray(hosts.sources).view(f"V{size}").ravel()
        self._pairs = ((_sums(hosts.addresses) + _sums(hosts.sources)) % 0xFFFF).astype(np.uint32)
        self._hops = hosts.hops

    def lay_out(self, transmit: Transmit) -> Slots:
        """Make the slots of a Transmit ready for these probes."""
        transmit.lay_out(self.stride, self._ethertype, self._macs)
        slots = Slots(transmit)
        if self._length is not None:
            slots.lengths[:] = self._length
        return slots

    def fill(self, slots: Slots, indices: Indices, attempt: int) -> None:
        """Write these probes, SLOTS at most, into the first slots."""
        host = indices // self._width
        ask = indices - host * self._width
        if self._kind_of is not None:
            # Probes of a kind lie together, so that each kind is written by slices.
            kinds = self._kind_of[ask]
            order = np.argsort(kinds, kind="stable")
            host, ask = host[order], ask[order]
            ends = np.cumsum(np.bincount(kinds, minlength=STAMP + 1))
        mark = self._proof.marks(host, ask)
        if len(self._macs) > 1:
            slots.names[: len(host)] = slots.first_hop + self._hops[host] * np.uintp(ctypes.sizeof(Address))
        for number, kind in self._kinds.items():
            low, high = (
                (0, len(host)) if self._kind_of is None else (int(ends[number - 1]) if number else 0, int(ends[number]))
            )
            if low < high:
                self._write(slots, slice(low, high), kind, host[low:high], ask[low:high], mark[low:high], attempt)

    def _write(
        self, slots: Slots, where: slice, kind: _Kind, host: Indices, ask: Indices, mark: Marks, attempt: int
    ) -> None:
        place = self._place[ask] if self._kind_of is not None else ask
        if self._length is None:
            slots.lengths[where] = kind.lengths[place]
        slots.rows[where, : self.stride] = kind.table[place]
        row = slots.view(kind.dtype)[where]
        row["target"] = self._targets[host]
        if self._sources is not None:
            row["source"] = self._sources[host]
        pair = self._pairs[host]
        if not kind.six:
            row["head"] = _complement(kind.head[place] + pair)
        total = kind.body[place].astype(np.uint64)
        if kind.pseudo:
            total += pair
        cookie = mark >> _HALF
        if kind.kind in (SYN, ACK, UDP):
            local = self._first + attempt
            row["local"] = local
            total += np.uint64(local)
            if kind.kind != UDP:
                row["number"] = cookie
                total += cookie
            if kind.kind == ACK:
                row["acked"] = cookie
                total += cookie
        else:
            sequence = (mark + np.uint64(attempt)) & _LOW
            row["sequence"] = sequence
            if kind.kind == ECHO:
                row["attempt"] = attempt
                total += np.uint64(attempt << 8)
            else:
                cookie |= np.uint64(ORIGINATE)
            row["cookie"] = cookie
            total += sequence + cookie
        row["sum"] = _complement(total)


class Slots:
    """The buffers of a Transmit as arrays."""

    def __init__(self, transmit: Transmit) -> None:
        self._packets = memoryview(transmit.packets)
        self.stride = transmit.stride
        self.rows = np.frombuffer(self._packets, np.uint8).reshape(SLOTS, transmit.stride)
        self.lengths = _field(transmit.vectors, Vector, Vector.length.offset)
        self.names = _field(transmit.messages, Message, Header.name.offset)
        self.first_hop = np.uintp(transmit.hop(0))
        self._views: dict[int, npt.NDArray[Any]] = {}

    def view(self, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """The slots as rows of that type."""
        found = self._views.get(id(dtype))
        if found is None:
            found = self._views[id(dtype)] = np.ndarray((SLOTS,), dtype, self._packets, strides=(self.stride,))
        return found


def _field(array: Any, structure: type[ctypes.Structure], place: int) -> npt.NDArray[np.uintp]:
    return np.ndarray((SLOTS,), np.uintp, array, place, strides=(ctypes.sizeof(structure),))


def _sums(addresses: Bytes) -> npt.NDArray[np.uint64]:
    words = np.ascontiguousarray(addresses).view(">u2").reshape(len(addresses), -1)
    total: npt.NDArray[np.uint64] = words.sum(axis=1, dtype=np.uint64)
    return total


def _complement(total: npt.NDArray[Any]) -> npt.NDArray[np.uint16]:
    """The checksum for a sum, never zero, as `frames.checksum` writes it."""
    return (0xFFFF - total % 0xFFFF).astype(np.uint16)
