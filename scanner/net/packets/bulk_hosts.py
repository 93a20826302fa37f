"""What a bulk volley asks of whom, in arrays; and the keyed numbers by which its answers are known."""

from __future__ import annotations

import os
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is loaded; its threads would cost 20 ms
import numpy as np
import numpy.typing as npt

from scanner.model.addresses import AddressSet

Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]
Marks = npt.NDArray[np.uint64]

NO_HOP = 0xFFFF
"""The next hop of a host that nothing can be sent to."""
_MULTIPLIER = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53
_M1, _M2 = np.uint64(_MULTIPLIER[0]), np.uint64(_MULTIPLIER[1])
_SHIFT = np.uint64(33)
_ALL = (1 << 64) - 1


class Hosts(NamedTuple):
    """Hosts of one IP version, N of them."""

    addresses: Bytes
    """(N, 4) or (N, 16), in network order, ascending."""
    sources: Bytes
    """Of the same shape: the address to send from (`np.broadcast_to` of one row will do)."""
    hops: npt.NDArray[np.uint16]
    """Which of the MACs the next hop has; NO_HOP for a host to pass over."""


def packed(addresses: AddressSet, version: int) -> Bytes:
    """The addresses of that IP version in order, (N, 4) or (N, 16) bytes."""
    spans = [(low, high) for family, low, high in addresses.spans if family == version]
    if version == 4:
        four = [np.arange(low, high + 1, dtype=">u4") for low, high in spans]
        return np.concatenate(four or [np.zeros(0, ">u4")]).astype(">u4").view(np.uint8).reshape(-1, 4)
    six = []
    for low, high in spans:
        part = np.empty((high - low + 1, 2), ">u8")
        start = low & _ALL
        lower = np.uint64(start) + np.arange(len(part), dtype=np.uint64)
        part[:, 1] = lower
        part[:, 0] = np.uint64(low >> 64) + (lower < np.uint64(start))  # a span may cross from one /64 to the next
        six.append(part)
    return np.concatenate(six or [np.zeros((0, 2), ">u8")]).astype(">u8").view(np.uint8).reshape(-1, 16)


class Proof:
    """A keyed 64-bit number for each probe. Whoever has not seen a probe cannot know its number.

    Every host and every question has a random number of 64 bits; the mix of the two is the probe's, so that nothing
    is kept for each probe. It is no cryptographic hash: a host that sees its own numbers learns nothing of the numbers
    of another, which is all that is asked.
    """

    def __init__(self, hosts: int, asks: int) -> None:
        self._hosts = np.frombuffer(os.urandom(8 * hosts), np.uint64)
        self._asks = np.frombuffer(os.urandom(8 * asks), np.uint64)

    def marks(self, host: Indices, ask: Indices) -> Marks:
        """The numbers of many probes. The upper half is the cookie, the lowest 16 bits the ICMP sequence."""
        mark = self._hosts[host]
        mark += self._asks[ask]
        mark ^= mark >> _SHIFT
        mark *= _M1
        mark ^= mark >> _SHIFT
        mark *= _M2
        mark ^= mark >> _SHIFT
        return mark

    def mark(self, host: int, ask: int) -> int:
        """The same for one."""
        mark = int(self._hosts[host]) + int(self._asks[ask]) & _ALL
        for multiplier in _MULTIPLIER:
            mark = ((mark ^ mark >> 33) * multiplier) & _ALL
        return mark ^ mark >> 33


class Signed(Proof):
    """The same where the cookies are given: one for each question, whatever the host."""

    def __init__(self, hosts: int, cookies: Marks) -> None:
        super().__init__(hosts, len(cookies))
        self._cookies = cookies << np.uint64(32)

    def marks(self, host: Indices, ask: Indices) -> Marks:
        return self._cookies[ask] | (super().marks(host, ask) & np.uint64(0xFFFFFFFF))

    def mark(self, host: int, ask: int) -> int:
        return int(self._cookies[ask]) | (super().mark(host, ask) & 0xFFFFFFFF)


class Finder:
    """Which host an address is. `addresses` as in Hosts; ValueError unless they ascend.

    IPv4 addresses are looked for among their spans, which are few where a network was asked for.
    """

    def __init__(self, addresses: Bytes) -> None:
        self._count = len(addresses)
        if addresses.shape[1] == 4:
            values = np.ascontiguousarray(addresses).view(">u4").ravel().astype(np.int64)
            steps = np.diff(values)
            self._starts = np.concatenate(([0], np.flatnonzero(steps != 1) + 1))
            self._lows = values[self._starts]
            self._lengths = np.diff(np.concatenate((self._starts, [self._count])))
            ascending = bool((steps > 0).all())
        else:
            self._keys = np.ascontiguousarray(addresses).view("S16").ravel()
            ascending = bool((self._keys[1:] > self._keys[:-1]).all())
        if not ascending:
            raise ValueError("addresses have to ascend")

    def four(self, values: npt.NDArray[np.int64]) -> tuple[Indices, npt.NDArray[np.bool_]]:
        """(host, whether it is one) of IPv4 addresses as numbers."""
        if len(self._lows) == 1:
            host = values - self._lows[0]
            return host, (host >= 0) & (host < self._count)
        span = np.maximum(np.searchsorted(self._lows, values, side="right") - 1, 0)
        host = values - self._lows[span]
        return host + self._starts[span], (host >= 0) & (host < self._lengths[span])

    def six(self, values: npt.NDArray[np.bytes_]) -> tuple[Indices, npt.NDArray[np.bool_]]:
        """(host, whether it is one) of IPv6 addresses, as strings of 16 bytes."""
        host = np.minimum(np.searchsorted(self._keys, values), self._count - 1)
        return host, self._keys[host] == values

    def one(self, address: bytes) -> int | None:
        """The host of one packed address, or None."""
        if len(address) == 4:
            host, found = self.four(np.array([int.from_bytes(address, "big")]))
        else:
            host, found = self.six(np.frombuffer(address, "S16"))
        return int(host[0]) if found[0] else None
