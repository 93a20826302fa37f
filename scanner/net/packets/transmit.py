"""Packets to the kernel by the thousand: `sendmmsg` on buffers that are laid out once.

The call is made through ctypes, which lets other threads run meanwhile: two threads, each with a Transmit and a socket
of its own, send at the same time.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import select
import socket
import time
from collections.abc import Callable, Sequence

from scanner.errors import NetworkFailed
from scanner.net.trouble import failure

SLOTS = 1024
"""Messages a call; the kernel takes no more."""
_SO_SNDBUFFORCE = 32
_BUFFER = 4 << 20
_PATIENCE = 1.0
_PAUSE = 0.01
_FULL = frozenset({errno.EAGAIN, errno.ENOBUFS})


class Address(ctypes.Structure):
    """sockaddr_ll: a next hop on the link."""

    _fields_ = (
        ("family", ctypes.c_uint16),
        ("protocol", ctypes.c_uint16),
        ("index", ctypes.c_int32),
        ("hardware", ctypes.c_uint16),
        ("kind", ctypes.c_uint8),
        ("length", ctypes.c_uint8),
        ("address", ctypes.c_uint8 * 8),
    )


class Vector(ctypes.Structure):
    """iovec: where a message lies and how long it is."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class Header(ctypes.Structure):
    """msghdr: whom a message goes to, and its one vector."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int32),
    )


class Message(ctypes.Structure):
    """mmsghdr: the same, and how much of it was sent."""

    _fields_ = (("header", Header), ("sent", ctypes.c_uint32))


def _never() -> bool:
    return False


class Transmit:
    """Slots for packets and the call that sends them; for one thread.

    `lay_out` says how long a slot is and which next hops there are; then slot i is `packets[i * stride:]`,
    `vectors[i].length` long, and goes to `messages[i].header.name`, which is `hop(number)`. `stop` is
    looked at between calls to the kernel.
    """

    def __init__(self, sock: socket.socket, ifindex: int, stop: Callable[[], bool] = _never) -> None:
        self._sock = sock
        self._index = ifindex
        self.stop = stop
        """Looked at between calls: whether nothing more is to be sent."""
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._call.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLOUT)
        self.user: object = None
        """Whose layout the slots have."""
        self.stride = 0
        self.vectors = (Vector * SLOTS)()
        self.messages = (Message * SLOTS)()
        self.lay_out(64, 0, (b"",))

    def lay_out(self, stride: int, ethertype: int, macs: Sequence[bytes]) -> None:
        """Slots of `stride` bytes for packets of that type to these next hops, all to the first for now.

        A MAC is empty where the interface has no link-layer addresses.
        """
        if stride > self.stride:
            self.stride = stride
            self.packets = (ctypes.c_uint8 * (SLOTS * stride))()
        self._hops = (Address * max(1, len(macs)))()
        for row, mac in zip(self._hops, macs, strict=False):
            row.family = socket.AF_PACKET
            row.protocol = socket.htons(ethertype)
            row.index = self._index
            row.length = len(mac)
            row.address[: len(mac)] = mac
        first = ctypes.addressof(self.packets)
        for number, (vector, message) in enumerate(zip(self.vectors, self.messages, strict=True)):
            vector.base = first + number * self.stride
            header = message.header
            header.name, header.name_length = self.hop(0), ctypes.sizeof(Address)
            header.vectors, header.vector_count = ctypes.addressof(vector), 1

    def hop(self, number: int) -> int:
        """The memory address of a next hop; those of the others are `ctypes.sizeof(Address)` apart."""
        return ctypes.addressof(self._hops) + number * ctypes.sizeof(Address)

    def send(self, count: int) -> int:
        """Send the first `count` slots. How many were: fewer only when `stop` said so.

        NetworkFailed when the interface is gone, or has taken nothing for a second.
        """
        done = 0
        since = 0.0
        first, size, number = ctypes.addressof(self.messages), ctypes.sizeof(Message), self._sock.fileno()
        while done < count and not self.stop():
            sent = self._call(number, first + done * size, count - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
                since = 0.0
                continue
            code = ctypes.get_errno()
            if code == errno.EINTR:
                continue
            if code not in _FULL:
                raise self._failure(code)
            now = time.monotonic()
            since = since or now
            if now - since > _PATIENCE:
                raise NetworkFailed(f"{self._name()} has taken no packet for a second")
            if code == errno.ENOBUFS:
                # The interface's queue is full, which poll() knows nothing of.
                time.sleep(_PAUSE / 10)
            else:
                self._poll.poll(_PAUSE * 1000)
        return done

    def _failure(self, code: int) -> NetworkFailed:
        return failure(self._name(), OSError(code, os.strerror(code)))

    def _name(self) -> str:
        with contextlib.suppress(OSError):
            return socket.if_indextoname(self._index)
        return "the interface"


def widen(sock: socket.socket) -> None:
    """Room in the kernel for some thousands of packets on their way out."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, _BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
