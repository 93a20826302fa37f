"""Answers out of the ring's frames, thousands at a time: whose they are, to which probe, and what they say.

What comes from a network is hostile. An answer counts when it came from a host that was asked (or is an ICMP error that
quotes a probe to it), to the address that asked, and holds the probe's mark; a UDP reply holds none, and counts by its
ports. Nothing raises, whatever the bytes are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from scanner.net.packets import frames
from scanner.net.packets.bulk_asks import ACK, SYN, Asks
from scanner.net.packets.bulk_build import ORIGINATE
from scanner.net.packets.bulk_frames import layout, own_type, without_options
from scanner.net.packets.bulk_hosts import Finder, Hosts, Indices, Proof
from scanner.net.packets.bulk_keys import ACK_RST, ECHO, RST, STAMP, SYN_ACK, Arrivals, Codes, Key, joined, nothing
from scanner.net.raw.resolve import text

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[Any]
_SYN_FLAG, _RST_FLAG, _ACK_FLAG = 0x02, 0x04, 0x10
_NOBODY = {4: "0.0.0.0", 16: "::"}
_PORTS = 65536


class Parser:
    """Knows the answers to probes of `hosts` x `asks` that left from `ports` (one an attempt)."""

    def __init__(self, hosts: Hosts, asks: Asks, ports: range, attempts: int, identifier: int, proof: Proof) -> None:
        self._size = hosts.addresses.shape[1]
        self._codes = Codes(_NOBODY[self._size])
        self.keys = self._codes.keys
        self._finder = Finder(hosts.addresses)
        self._sources = (
            np.ascontiguousarray(hosts.sources).view(own_type(self._size)).ravel().astype(own_type(self._size))
        )
        # Neighbours mostly have the same source: sorting all of a /16 to find its one would take a tenth of a second.
        changes = np.flatnonzero((hosts.sources[1:] != hosts.sources[:-1]).any(axis=1)) + 1
        self._owns = {bytes(hosts.sources[each]) for each in (0, *changes.tolist())}
        self._addresses = hosts.addresses
        self._asks = len(asks)
        self._ports = ports
        self._attempts = attempts
        self._identifier = identifier
        self._proof = proof
        self._others_asked = asks.known()
        """Of what is no SYN, the question by transport, port and whether it is an ACK."""
        self._by_port = np.full((2, _PORTS), -1, np.int64)
        """Of TCP, the question by its port; first SYNs, then ACKs."""
        for row, kind in enumerate((SYN, ACK)):
            places = asks.places(kind)
            self._by_port[row, asks.ports[places]] = places
        self._types: dict[tuple[int, int], np.dtype[Any]] = {}

    def parse(self, memory: npt.NDArray[np.uint8]) -> Arrivals:
        """The answers in these frames, (k, size) bytes each as the kernel laid them out (TPACKET_V2)."""
        starts = memory[:, 14:16].copy().view(np.uint16).ravel()
        if not len(starts):
            return nothing(self.keys)
        if (starts == starts[0]).all():
            return self._same_start(memory, int(starts[0]))
        return joined(self.keys, [self._same_start(memory[starts == each], int(each)) for each in np.unique(starts)])

    def _same_start(self, memory: npt.NDArray[np.uint8], start: int) -> Arrivals:
        if start + 64 + 8 > memory.shape[1]:
            return nothing(self.keys)
        key = start, memory.shape[1]
        if key not in self._types:
            self._types[key] = layout(self._size, start, memory.shape[1])
        rows = np.ndarray((len(memory),), self._types[key], memory, strides=memory.strides[:1])
        six = self._size == 16
        mine = rows["ethertype"] == (frames.ETH_IP6 if six else frames.ETH_IP)
        protocol = rows["protocol"]
        if six:
            mine &= rows["version"] >> 4 == 6
        else:
            mine &= (rows["version"] >> 4 == 4) & (rows["fragment"] & 0x1FFF == 0)
            optioned = mine & (rows["version"] != 0x45)
        kept = rows["kept"]
        plain = mine if six else mine & ~optioned
        parts = []
        tcp = plain & (protocol == frames.TCP) & (kept >= (60 if six else 40))
        if tcp.any():
            parts.append(self._tcp(rows, tcp))
        icmp = plain & (protocol == (frames.ICMP6 if six else frames.ICMP))
        if icmp.any():
            kind = rows["kind"]
            parts.append(self._icmp(rows, icmp & (kept >= (53 if six else 33)), kind))
            other = icmp & (kind != 129 if six else (kind != 0) & (kind != 14))
        else:
            other = icmp
        other |= plain & (protocol == frames.UDP)
        if other.any():
            parts.append(self._others(memory, rows, np.flatnonzero(other), start))
        if not six and optioned.any():
            short = without_options(memory[optioned], start)
            if len(short):
                parts.append(self._same_start(short, start))
        return joined(self.keys, parts)

    def _tcp(self, rows: Rows, mask: Mask) -> Arrivals:
        flags = rows["flags"] & (_SYN_FLAG | _RST_FLAG | _ACK_FLAG)
        to_ack = flags == _RST_FLAG
        mask &= to_ack | ((flags & _ACK_FLAG != 0) & (flags != _ACK_FLAG))
        ask = self._by_port[to_ack.astype(np.intp), rows["port"]]
        attempt = rows["local"] - np.int64(self._ports.start)
        mask &= (ask >= 0) & (attempt >= 0) & (attempt < self._attempts)
        host = self._hosts(rows, mask)
        proof = np.where(to_ack, rows["number"], rows["acked"] - np.uint32(1))
        said = np.where(to_ack, ACK_RST, np.where(flags & _RST_FLAG, RST, SYN_ACK))
        chosen = np.flatnonzero(mask)
        host, ask = host[chosen], ask[chosen]
        right = self._proof.marks(host, ask) >> np.uint64(32) == proof[chosen]
        if not right.all():
            chosen, host, ask = chosen[right], host[right], ask[right]
        return self._answers(rows, chosen, host, ask, attempt[chosen], said[chosen], rows["window"][chosen])

    def _icmp(self, rows: Rows, mask: Mask, kind: npt.NDArray[np.uint8]) -> Arrivals:
        stamp = kind == 14
        if self._size == 4:
            echo = self._others_asked.get(("icmp", 8, False), -1)
            mask &= (kind == 0) | stamp
        else:
            echo = self._others_asked.get(("icmp", 128, False), -1)
            mask &= kind == 129
            stamp[:] = False
        ask = np.where(stamp, self._others_asked.get(("icmp", 13, False), -1), echo)
        mask &= (ask >= 0) & (rows["code"] == 0) & (rows["identifier"] == self._identifier)
        host = self._hosts(rows, mask)
        chosen = np.flatnonzero(mask)
        host, ask, stamp = host[chosen], ask[chosen], stamp[chosen]
        mark = self._proof.marks(host, ask)
        attempt = (rows["sequence"][chosen] - mark.astype(np.uint16)).astype(np.int64)
        cookie = mark >> np.uint64(32)
        cookie[stamp] |= np.uint64(ORIGINATE)
        right = (attempt < self._attempts) & (rows["cookie"][chosen] == cookie)
        right &= stamp | (rows["attempt"][chosen] == attempt)
        chosen, host, ask, attempt = chosen[right], host[right], ask[right], attempt[right]
        said = np.where(stamp[right], STAMP, ECHO)
        return self._answers(rows, chosen, host, ask, attempt, said, None)

    def _hosts(self, rows: Rows, mask: Mask) -> Indices:
        """The host of each row; takes those out of `mask` that are none, or were sent to somebody else."""
        if self._size == 4:
            host, found = self._finder.four(rows["source"].astype(np.int64))
        else:
            host, found = self._finder.six(rows["source"])
        mask &= found
        host[~mask] = 0
        mask &= rows["target"] == self._sources[host]
        return host

    def _answers(
        self,
        rows: Rows,
        chosen: Indices,
        host: Indices,
        ask: Indices,
        attempt: Indices,
        said: Indices,
        window: npt.NDArray[np.uint16] | None,
    ) -> Arrivals:
        if not len(chosen):
            return nothing(self.keys)
        at = rows["seconds"][chosen] + rows["nanoseconds"][chosen] * 1e-9
        code = self._codes.of_targets(said, rows["ttl"][chosen], window)
        half_open = int(np.count_nonzero(said == SYN_ACK))
        return Arrivals(self.keys, host * self._asks + ask, attempt.astype(np.uint8), code, at, half_open)

    def _others(self, memory: npt.NDArray[np.uint8], rows: Rows, which: Indices, start: int) -> Arrivals:
        """UDP replies and ICMP errors, one by one."""
        found = []
        for row in which.tolist():
            head = rows[row]
            end = min(start + int(head["kept"]), memory.shape[1])
            data = memory[row, start:end].tobytes()
            own = data[16:20] if self._size == 4 else data[24:40]
            said = frames.heard(data) if own in self._owns else None
            known = None if said is None else self._answer(said)
            if known is not None:
                found.append((*known, float(head["seconds"]) + float(head["nanoseconds"]) * 1e-9))
        if not found:
            return nothing(self.keys)
        index, attempt, code, at = zip(*found, strict=True)
        return Arrivals(
            self.keys,
            np.array(index, np.int64),
            np.array(attempt, np.uint8),
            np.array(code, np.uint16),
            np.array(at, np.float64),
        )

    def _answer(self, said: frames.Heard) -> tuple[int, int, int] | None:
        """(index, attempt, code) of what was heard; None when it is about no probe of ours."""
        if len(said.target) != self._size:
            return None
        host = self._finder.one(said.target)
        if host is None:
            return None
        found = self._proven(said, host)
        if found is None:
            return None
        ask, attempt = found
        source = None if said.source == said.target else text(said.source)
        key: Key = (said.transport, said.state, said.reason, said.ttl, source, said.window)
        return host * self._asks + ask, attempt, self._codes.code(key)

    def _proven(self, said: frames.Heard, host: int) -> tuple[int, int] | None:
        """(question, attempt) of the probe that it is about."""
        for ack in (False, True):
            if said.transport == "tcp":
                ask = int(self._by_port[int(ack), said.port])
            else:
                ask = self._others_asked.get((said.transport, said.port, ack), -1)
            if ask < 0:
                continue
            mark = self._proof.mark(host, ask)
            if said.transport == "icmp":
                if said.local != self._identifier or said.proof is None:
                    return None
                attempt = (said.proof - mark) & 0xFFFF
            elif said.transport == "udp" or said.proof == mark >> 32:
                attempt = said.local - self._ports.start
            else:
                continue
            return (ask, attempt) if 0 <= attempt < self._attempts else None
        return None
