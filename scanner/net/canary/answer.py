"""Which of what arrives is a signed probe of ours, and what it is answered. Pure.

Answers are made here and not by the kernel behind an nftables REDIRECT: so a probe is seen before any firewall of the
canary's own laptop, 131,070 of them fill no table of connections, and a laptop can be both ends (its kernel would
drop, as martians, packets that come from an address of its own).

Nothing is kept of a connection. Its first sequence number is a keyed hash of its two ends, so that whoever acknowledges
it has proved that the SYN-ACK got back. A SYN without a signature is answered too, where its source is in scope: a SYN
proxy, or a firewall that rewrites sequence numbers, opened it anew, and the signed data come after the handshake.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable, Collection

import msgspec

from scanner.model.nonce import SIZE, Signer
from scanner.model.observation import Via
from scanner.net.canary.probe import ACK, FIN, PSH, RST, SYN, Probe
from scanner.net.packets import frames

REPLY = 0
"""The port that a canary signs its own answers with: no probe asks it, so that no answer is taken for a probe by the
canary of the laptop that scans."""
TRUSTED_SOURCES = frozenset({20, 53, 88, 123})
"""Source ports of dressed probes; plain ones come from none of them."""
_WINDOW = 1024
_MOST_CANDIDATES = 1024
_MOST_NONCES = 4096


class Seen(msgspec.Struct, frozen=True):
    """A signed probe arrived."""

    nonce: str
    asked: int
    """The port that it was sent to, which may have been translated."""
    connected: bool = False
    """Its data came over a connection of which we had acknowledged the beginning."""
    via: Via = ""


class Ear:
    """`trusted`: whether a source (packed) is within the site's scope; `served`: TCP ports that the laptop serves
    itself, which are left to it; `wanted`: the ports to listen on."""

    def __init__(
        self,
        signer: Signer,
        trusted: Callable[[bytes], bool],
        wanted: dict[str, Collection[int]],
        served: Callable[[], Collection[int]] = frozenset,
    ) -> None:
        self._signer = signer
        self._trusted = trusted
        self._wanted = wanted
        self._served = served
        self._secret = os.urandom(16)
        self._nonces: set[str] = set()
        """Those that a signature proved."""
        self._candidates: dict[tuple[bytes, bytes, int, int], int] = {}
        """SYNs that may be ours, sent to another port and translated, and the port that each came from: if the same
        number comes from another port, it is no stranger's retransmission."""

    def hear(self, probe: Probe) -> tuple[Seen | None, bytes | None]:
        """(what was seen, the IP packet to send back)."""
        if probe.transport != "icmp" and probe.port not in self._wanted[probe.transport]:
            return None, None
        if probe.transport == "tcp":
            return self._tcp(probe)
        found = self._signed(probe)
        if found is None:
            return None, None
        if probe.transport == "udp":
            data = self._signer.payload(found.nonce, REPLY)
            pseudo = frames.pseudo(probe.target, probe.source, frames.UDP)
            back = frames.datagram(pseudo, probe.port, probe.local, data)
            return found, frames.ip_head(probe.target, probe.source, frames.UDP, len(back)) + back
        return found, echo_reply(probe)

    def _signed(self, probe: Probe, connected: bool = False) -> Seen | None:
        read = self._signer.read_payload(probe.data)
        if read is None or read[1] == REPLY:
            return None
        if len(self._nonces) < _MOST_NONCES:
            self._nonces.add(read[0])
        return Seen(*read, connected, _via(probe))

    def _tcp(self, probe: Probe) -> tuple[Seen | None, bytes | None]:
        flags = probe.flags & (SYN | FIN | RST | ACK)
        if flags == SYN:
            found = self._signed_syn(probe)
            if found is None and (probe.port in self._served() or not self._trusted(probe.source)):
                return None, None
            return found, _segment(probe, self._first(probe), probe.sequence + 1, SYN | ACK)
        if flags & (SYN | RST) or not flags & ACK:
            return None, None
        first = self._first(probe)
        ahead = (probe.acked - first) & 0xFFFFFFFF
        ours = 1 <= ahead <= SIZE + 2
        end = probe.sequence + len(probe.data) + (1 if flags & FIN else 0)
        if probe.data:
            found = self._signed(probe, ours)
            if not ours:
                return found, None  # of a connection with the laptop itself, or of none
            if found is None:
                return None, _segment(probe, probe.acked, end, RST | ACK)
            said = self._signer.payload(found.nonce, REPLY)
            return found, _segment(probe, first + 1, end, PSH | ACK | FIN, said)
        if flags & FIN and ours:
            return None, _segment(probe, probe.acked, end, ACK)
        return None, None

    def _signed_syn(self, probe: Probe) -> Seen | None:
        nonce, asked = self._signer.read_sequence(probe.sequence)
        if asked == probe.port:
            return Seen(nonce, asked, False, _via(probe))
        if asked == REPLY:
            return None
        if nonce in self._nonces:
            return Seen(nonce, asked, False, _via(probe))
        candidates = self._candidates
        key = probe.source, probe.target, probe.port, probe.sequence
        before = candidates.get(key)
        if before is not None and before != probe.local:
            return Seen(nonce, asked, False, _via(probe))
        if before is None:
            if len(candidates) >= _MOST_CANDIDATES:
                del candidates[next(iter(candidates))]
            candidates[key] = probe.local
        return None

    def _first(self, probe: Probe) -> int:
        """Our first sequence number of the connection that a segment belongs to."""
        ends = probe.source + probe.target + struct.pack("!HH", probe.local, probe.port)
        return int.from_bytes(hashlib.blake2s(ends, digest_size=4, key=self._secret).digest(), "big")


def _via(probe: Probe) -> Via:
    if probe.fragmented:
        return "fragments"
    if probe.transport != "icmp" and probe.local in TRUSTED_SOURCES:
        return f"sport-{probe.local}"
    return ""


def echo_reply(probe: Probe) -> bytes:
    """What a kernel would answer an echo request, but no more of it than is signed: what came in fragments may be
    longer than a frame of the link."""
    rest = struct.pack("!HH", probe.local, probe.sequence) + probe.data[:SIZE]
    six = len(probe.source) == 16
    protocol = frames.ICMP6 if six else frames.ICMP
    head = b"\x81\0" if six else b"\0\0"
    start = frames.pseudo(probe.target, probe.source, protocol) + len(rest) + 4 if six else 0
    body = head + frames.checksum(head + b"\0\0" + rest, start).to_bytes(2, "big") + rest
    return frames.ip_head(probe.target, probe.source, protocol, len(body)) + body


def _segment(probe: Probe, sequence: int, acked: int, flags: int, data: bytes = b"") -> bytes:
    """The TCP segment that goes back to where a probe came from."""
    option = b"\x02\x04\x05\xb4" if flags & SYN else b""
    length = 20 + len(option) + len(data)
    before = struct.pack(
        "!HHIIBBH", probe.port, probe.local, sequence & 0xFFFFFFFF, acked & 0xFFFFFFFF,
        (20 + len(option)) << 2, flags, _WINDOW,
    )  # fmt: skip
    after = b"\0\0" + option + data
    start = frames.pseudo(probe.target, probe.source, frames.TCP) + length
    body = before + frames.checksum(before + b"\0\0" + after, start).to_bytes(2, "big") + after
    return frames.ip_head(probe.target, probe.source, frames.TCP, length) + body
