"""Packets from the kernel through shared memory: a TPACKET_V2 ring on a packet socket, read without a call a packet.

A frame is 256 bytes: a header, the sender's link-layer address and the first 176 bytes of the packet, which hold every
answer to a probe and an ICMP error with what it quotes. Longer packets are cut off.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import select
import socket
import struct
import sys
import threading

import msgspec

from scanner.net.trouble import failure

_SOL_PACKET = 263
_RX_RING, _STATISTICS, _VERSION, _IGNORE_OUTGOING = 5, 6, 10, 23
_TPACKET_V2 = 1
_SO_ATTACH_FILTER, _BPF_RETURN = 26, 0x06
_BLOCK = 1 << 16
_FEWEST = 1024

HEADER = struct.Struct("=IIIHHII")
"""Of a frame: status, length, bytes kept, offset of the link header, offset of the packet, seconds, nanoseconds."""
SENDER = struct.Struct("=2xHiHBB8s")
"""At SENDER_AT: ethertype (network order), interface, hardware type, packet type, length of the address, address."""
SENDER_AT = 32
_STATUS_BYTE = 0 if sys.byteorder == "little" else 3
_IS_OURS = bytes(value & 1 for value in range(256))
"""Bit 0 of the status says that the kernel is done with the frame; the others describe the packet."""


class Packet(msgspec.Struct, frozen=True):
    """A packet from the link, without its link-layer header."""

    data: bytes
    ethertype: int
    mac: bytes
    at: float
    """When the kernel received it, seconds since the epoch."""


class Ring:
    """The receive ring of a packet socket of the cooked kind, made before the socket is bound.

    Frames are read in the order of their arrival: `ready` says how many may be read, `release` hands them back.
    One thread reads. OSError where the kernel has no such ring.
    """

    def __init__(self, sock: socket.socket, frames: int = 1 << 16, size: int = 256) -> None:
        if size & (size - 1) or not 128 <= size <= _BLOCK or frames < _FEWEST or frames & (frames - 1):
            raise ValueError("a ring has a power of two of frames, each a power of two of bytes")
        self._sock = sock
        self._name = ""
        self.size = size
        sock.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V2)
        with contextlib.suppress(OSError):  # Linux before 4.20: the filter passes over our own packets
            sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self.frames = _reserve(sock, frames, size)
        self.memory = mmap.mmap(sock.fileno(), self.frames * size, mmap.MAP_SHARED)
        """All frames, one after the other. Views of it may outlive the ring; what they show then is of no meaning."""
        self._bytes = memoryview(self.memory)
        self._status = self._bytes.cast("I")
        self._zeros = memoryview(bytes(4 * self.frames)).cast("I")
        self.head = 0
        """The frame that is read next."""
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._lock = threading.Lock()
        self._lock.acquire()

    def ready(self, most: int = 4096) -> int:
        """How many frames from `head` on may be read, `most` at most and never beyond the end of the memory."""
        end = min(self.frames, self.head + most)
        first = self.head * self.size + _STATUS_BYTE
        if not self._bytes[first] & 1:
            return 0
        ours = bytes(self._bytes[first : end * self.size : self.size]).translate(_IS_OURS)
        self._fence()
        count = ours.find(0)
        return len(ours) if count < 0 else count

    def release(self, count: int) -> None:
        """Hand the first `count` frames back to the kernel: nothing may be read from them any more."""
        self._fence()
        words = self.size // 4
        self._status[self.head * words : (self.head + count) * words : words] = self._zeros[:count]
        self.head = (self.head + count) % self.frames

    def packets(self, most: int = 4096) -> list[Packet]:
        """The packets that have arrived, `most` at most, copied and their frames handed back."""
        found: list[Packet] = []
        while len(found) < most and (count := self.ready(most - len(found))):
            for frame in range(self.head * self.size, (self.head + count) * self.size, self.size):
                _, _, kept, _, start, seconds, nanoseconds = HEADER.unpack_from(self._bytes, frame)
                ethertype, _, _, _, length, mac = SENDER.unpack_from(self._bytes, frame + SENDER_AT)
                data = bytes(self._bytes[frame + start : frame + start + kept])
                found.append(Packet(data, socket.ntohs(ethertype), mac[:length], seconds + nanoseconds / 1e9))
            self.release(count)
        return found

    def wait(self, timeout: float) -> bool:
        """Until a packet is there, `timeout` seconds at most. NetworkFailed when the interface went away."""
        if self._bytes[self.head * self.size + _STATUS_BYTE] & 1:
            return True
        if not self._name:
            self._name = self._sock.getsockname()[0]
        events = self._poll.poll(max(0.0, timeout) * 1000)
        if any(mask & select.POLLERR for _, mask in events):
            number = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise failure(self._name or "the interface", OSError(number, os.strerror(number)))
        return bool(events)

    def lost(self) -> int:
        """Packets that passed the filter and found the ring full, since the last call."""
        _, dropped = struct.unpack("@II", self._sock.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        return int(dropped)

    def close(self) -> None:
        """Give the memory back; where views of it are left, it goes when the last of them does. Before the socket."""
        if self.memory.closed:
            return
        self._status.release()
        self._bytes.release()
        try:
            self.memory.close()
        except BufferError:
            # The mapping keeps the socket alive: let it hear nothing more.
            nothing = ctypes.create_string_buffer(struct.pack("HBBI", _BPF_RETURN, 0, 0, 0))
            with contextlib.suppress(OSError):
                program = struct.pack("HL", 1, ctypes.addressof(nothing))
                self._sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def _fence(self) -> None:
        """Order what is read of the frames after their status, and their release after that.

        Processors other than x86 need it; giving a lock away and taking it again is one, at 50 ns.
        """
        self._lock.release()
        self._lock.acquire()


def _reserve(sock: socket.socket, frames: int, size: int) -> int:
    """Ask for the ring's memory, for less where there is not as much. The number of frames."""
    while True:
        blocks = max(1, frames * size // _BLOCK)
        request = struct.pack("@IIII", _BLOCK, blocks, size, blocks * _BLOCK // size)
        try:
            sock.setsockopt(_SOL_PACKET, _RX_RING, request)
        except OSError:
            if frames <= _FEWEST:
                raise
            frames //= 2
        else:
            return blocks * _BLOCK // size
