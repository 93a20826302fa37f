"""What arrived, as rows: equal arrivals are one row, told once, and no flood fills a store."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from scanner.model.addresses import ports_text
from scanner.model.base import Transport
from scanner.model.observation import MISSING, Arrival, Limitation

_MOST_PORTS, _MOST_ROWS = 8_000_000, 50_000
"""Thirty scans of all ports by both IP versions."""
_FEW = 128

__all__ = ["MISSING", "Book"]


class _Key(msgspec.Struct, frozen=True):
    address: bytes | str
    transport: Transport
    nonce: str
    source: bytes | str
    connected: bool
    via: str
    asked: int
    """0 where it is the port that it came to."""


class _Told:
    """Ports, each once: a few as a set, many as bits, as a set of all of them has three megabytes."""

    __slots__ = ("_bits", "_few")

    def __init__(self) -> None:
        self._few: set[int] = set()
        self._bits: bytearray | None = None

    def add(self, port: int) -> None:
        if self._bits is None:
            self._few.add(port)
            if len(self._few) <= _FEW:
                return
            self._bits = bytearray(8192)
            for each in self._few:
                self._bits[each >> 3] |= 1 << (each & 7)
            self._few.clear()
        self._bits[port >> 3] |= 1 << (port & 7)

    def __contains__(self, port: int) -> bool:
        return port in self._few if self._bits is None else bool(self._bits[port >> 3] >> (port & 7) & 1)


class Book:
    """Counts arrivals; `rows` gives what is new since its last call."""

    def __init__(self) -> None:
        self._told: dict[_Key, _Told] = {}
        self._new: dict[_Key, tuple[set[int], float]] = {}
        self._kept = 0
        self._rows = 0
        self._over = False
        self.totals: dict[tuple[str, Transport, bool], int] = {}
        """Ports that arrived, each once, by source, transport and whether they were connected."""

    def note(
        self,
        address: bytes | str,
        transport: Transport,
        port: int,
        nonce: str,
        asked: int,
        source: bytes | str,
        connected: bool,
        via: str,
        at: float,
    ) -> None:
        key = _Key(address, transport, nonce, source, connected, via, 0 if asked == port else asked)
        told = self._told.get(key)
        if told is None:
            if self._kept >= _MOST_PORTS or self._rows >= _MOST_ROWS:
                return
            told = self._told[key] = _Told()
        if port in told:
            return
        if self._kept >= _MOST_PORTS:
            return
        told.add(port)
        self._kept += 1
        new = self._new.get(key)
        if new is None:
            self._new[key] = {port}, at
        else:
            new[0].add(port)
            self._new[key] = new[0], at

    def rows(self) -> Iterator[Arrival | Limitation]:
        new, self._new = self._new, {}
        for key, (ports, at) in new.items():
            if self._rows >= _MOST_ROWS:
                break
            self._rows += 1
            source = _text(key.source)
            total = source, key.transport, key.connected
            self.totals[total] = self.totals.get(total, 0) + len(ports)
            yield Arrival(
                address=_text(key.address),
                transport=key.transport,
                ports=ports_text(ports),
                nonce=key.nonce,
                source=source,
                how="connection" if key.connected else "packet",
                at=at,
                via=key.via,
                asked=str(key.asked) if key.asked else "",
            )
        if not self._over and (self._kept >= _MOST_PORTS or self._rows >= _MOST_ROWS):
            self._over = True
            yield Limitation(MISSING, "it is full, or somebody floods it: end it, and start it anew", time.time())


@lru_cache(maxsize=4096)
def _text(address: bytes | str) -> str:
    return address if isinstance(address, str) else str(ipaddress.ip_address(address))
