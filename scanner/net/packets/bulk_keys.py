"""Answers as arrays, and the table of the different things that they say."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from scanner.model.base import Transport
from scanner.model.observation import State
from scanner.net.packets.bulk_hosts import Indices

Key = tuple[Transport, State, str, int | None, str | None, int | None]
"""What makes two answers equal: transport, state, reason, TTL, source (None: the target itself), window."""
Code = npt.NDArray[np.uint16]

SAID: tuple[tuple[Transport, State, str], ...] = (
    ("tcp", "open", "syn-ack"),
    ("tcp", "closed", "rst"),
    ("tcp", "closed", "ack-rst"),
    ("icmp", "open", "echo-reply"),
    ("icmp", "open", "timestamp-reply"),
)
SYN_ACK, RST, ACK_RST, ECHO, STAMP = range(5)
"""What a target itself can say, as places in SAID."""
_FINE = 1 << 15
"""So many keys are told apart in full. A host that varies its TTL or window to fill the table gets one key for all."""


class Arrivals(msgspec.Struct, frozen=True):
    """Answers, in no order. One probe may have several."""

    keys: Sequence[Key]
    """What `code` counts. One list for all that a wire hears, which grows."""
    index: Indices
    attempt: npt.NDArray[np.uint8]
    code: Code
    at: npt.NDArray[np.float64]
    """When the kernel received it, seconds since the epoch."""
    half_open: int = 0
    """How many SYN-ACKs are among them: the kernel answers each with a RST of its own accord."""


def nothing(keys: Sequence[Key]) -> Arrivals:
    return Arrivals(keys, np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.uint16), np.zeros(0, np.float64))


def joined(keys: Sequence[Key], parts: Sequence[Arrivals]) -> Arrivals:
    """All of them as one."""
    if len(parts) < 2:
        return parts[0] if parts else nothing(keys)
    return Arrivals(
        keys,
        np.concatenate([each.index for each in parts]),
        np.concatenate([each.attempt for each in parts]),
        np.concatenate([each.code for each in parts]),
        np.concatenate([each.at for each in parts]),
        sum(each.half_open for each in parts),
    )


class Codes:
    """Numbers the keys. `nobody`: the address that stands for any stranger's once the table is full."""

    def __init__(self, nobody: str) -> None:
        self.keys: list[Key] = []
        self._nobody = nobody
        self._codes: dict[Key, int] = {}
        self._known = np.zeros(0, np.int64)
        """What the targets themselves said, ascending: place in SAID, TTL and window as one number. And its codes."""
        self._known_codes = np.zeros(0, np.uint16)

    def code(self, key: Key) -> int:
        """The number of a key."""
        code = self._codes.get(key)
        if code is None and len(self.keys) >= _FINE:
            transport, state, reason, _, source, _ = key
            key = transport, state, reason, None, None if source is None else self._nobody, None
            code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = len(self.keys)
            self.keys.append(key)
        return code

    def of_targets(self, said: Indices, ttl: npt.NDArray[np.uint8], window: npt.NDArray[np.uint16] | None) -> Code:
        """The numbers for answers of targets: what was said, as places in SAID."""
        look = (said << 24) | (ttl.astype(np.int64) << 16)
        if window is not None:
            look |= window
        codes, found = self._look(look)
        if not found.all():
            self._learn(np.unique(look[~found]), window is not None)
            codes, found = self._look(look)
            for each in np.unique(said[~found]).tolist():
                transport, state, reason = SAID[each]
                codes[~found & (said == each)] = self.code((transport, state, reason, None, None, None))
        return codes

    def _look(self, look: Indices) -> tuple[Code, npt.NDArray[np.bool_]]:
        if not len(self._known):
            return np.zeros(len(look), np.uint16), np.zeros(len(look), np.bool_)
        place = np.minimum(np.searchsorted(self._known, look), len(self._known) - 1)
        return self._known_codes[place], self._known[place] == look

    def _learn(self, new: Indices, windows: bool) -> None:
        new = new[: max(0, _FINE - len(self.keys))]
        codes = []
        for each in new.tolist():
            transport, state, reason = SAID[each >> 24]
            codes.append(
                self.code((transport, state, reason, each >> 16 & 0xFF, None, each & 0xFFFF if windows else None))
            )
        known = np.concatenate((self._known, new))
        order = np.argsort(known)
        self._known = known[order]
        self._known_codes = np.concatenate((self._known_codes, np.array(codes, np.uint16)))[order]
