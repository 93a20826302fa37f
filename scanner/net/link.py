"""One interface below the kernel's own IP: packets in and out as they are, next to the laptop's firewall and routes.

A packet socket of the cooked kind: the kernel writes the link-layer header, so Ethernet and tunnels are used alike.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import random
import select
import socket
import struct
import time
from pathlib import Path

import msgspec

from scanner.errors import NetworkFailed, NoPrivilege
from scanner.net.frames import ETH_ARP, ETH_IP, ETH_IP6, ICMP, ICMP6, TCP, UDP
from scanner.net.route import IFF_RUNNING, IFF_UP, Interface

_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_SO_ATTACH_FILTER, _SO_TIMESTAMPNS = 26, 35
_SO_RCVBUFFORCE = 33
_ETH_ALL = 3
_SIOCGIFFLAGS = 0x8913
_BUFFER = 32 << 20
_SNAP = 2048
_MOST_AT_ONCE = 4096
_GONE = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO})


class Packet(msgspec.Struct, frozen=True):
    """A packet from the link, without its link-layer header."""

    data: bytes
    ethertype: int
    mac: bytes
    at: float
    """When the kernel received it, seconds since the epoch."""


class Link:
    """A packet socket on one interface. Hears ARP, ICMP, and TCP and UDP towards `ports`; NoPrivilege without right."""

    def __init__(self, interface: Interface, ports: range = range(0)) -> None:
        self.interface = interface
        self._name = interface.name
        try:
            # Protocol 0 hears nothing until the filter is in place and the socket bound.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
        except PermissionError:
            raise NoPrivilege(
                "raw packets need root or CAP_NET_RAW: run with sudo, give the interpreter the right with "
                "`setcap cap_net_raw+ep`, or scan with --engine connect"
            ) from None
        try:
            self._prepare(ports)
        except OSError as error:
            self._socket.close()
            raise self._failure(error) from None

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def _prepare(self, ports: range) -> None:
        program = _filter(ports)
        buffer = ctypes.create_string_buffer(program)
        attach = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attach)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.setblocking(False)
        self._socket.bind((self._name, _ETH_ALL))

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        """Hand one packet to the interface; `mac` is empty where it has no link-layer addresses."""
        for _ in range(100):
            try:
                self._socket.sendto(packet, (self._name, ethertype, 0, 0, mac))
                return
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                    raise self._failure(error) from None
                select.select([], [self._socket], [], 0.01)
        raise NetworkFailed(f"{self._name} has taken no packet for a second")

    def receive(self, timeout: float) -> list[Packet]:
        """What has arrived, some thousands at most; waits up to `timeout` seconds for the first."""
        if timeout > 0:
            select.select([self._socket], [], [], timeout)
        packets: list[Packet] = []
        while len(packets) < _MOST_AT_ONCE:
            try:
                data, ancillary, _, peer = self._socket.recvmsg(_SNAP, 64)
            except BlockingIOError:
                break
            except OSError as error:
                raise self._failure(error) from None
            at = time.time()
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) == 16:
                    seconds, nanoseconds = struct.unpack("@qq", value)
                    at = seconds + nanoseconds / 1e9
            packets.append(Packet(data, peer[1], peer[4], at))
        return packets

    def check(self) -> None:
        """NetworkFailed when the interface is gone, switched off or without a carrier: silence then proves nothing."""
        check_interface(self._socket, self._name)

    def lost(self) -> int:
        """Packets that arrived faster than they were read, since the last call."""
        _, dropped = struct.unpack("@II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        return int(dropped)

    def _failure(self, error: OSError) -> NetworkFailed:
        if error.errno in _GONE:
            return gone(self._name)
        return NetworkFailed(f"{self._name} cannot be used: {error.strerror}")


def gone(name: str) -> NetworkFailed:
    return NetworkFailed(f"{name} is down or gone; plug it in again and go on with --resume")


def check_interface(sock: socket.socket, name: str) -> None:
    """NetworkFailed when the interface is not there, not up, or has no carrier."""
    request = struct.pack("16sH14x", name.encode(), 0)
    try:
        flags = struct.unpack_from("16xH", fcntl.ioctl(sock.fileno(), _SIOCGIFFLAGS, request))[0]
    except OSError:
        raise gone(name) from None
    if flags & (IFF_UP | IFF_RUNNING) != IFF_UP | IFF_RUNNING:
        raise gone(name)


class Reserved:
    """Source ports that nobody else on the laptop uses, and that the kernel picks for no connection.

    They are bound and never listened on: to a SYN-ACK the kernel then answers RST, and a UDP answer causes no ICMP
    error towards the target.
    """

    def __init__(self, count: int) -> None:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
        spans = [each for each in (range(high + 1, 65536), range(1024, low)) if len(each) >= count]
        self._sockets: list[socket.socket] = []
        for _ in range(50):
            span = spans[0] if spans else range(1024, 65536)
            first = random.randrange(span.start, span.stop - count + 1)
            try:
                for port in range(first, first + count):
                    self._bind(port)
            except OSError:
                self.close()
                continue
            self.ports = range(first, first + count)
            return
        raise NetworkFailed("no source port is free outside net.ipv4.ip_local_port_range")

    def close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets.clear()

    def _bind(self, port: int) -> None:
        for family in (socket.AF_INET, socket.AF_INET6):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                try:
                    sock = socket.socket(family, kind | socket.SOCK_CLOEXEC)
                except OSError:
                    if family == socket.AF_INET6:
                        continue  # a kernel without IPv6
                    raise
                self._sockets.append(sock)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                sock.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))


_LD, _LDH, _LDB, _LDX, _LDH_X = 0x20, 0x28, 0x30, 0xB1, 0x48
_JEQ, _JGT, _JGE, _JSET, _RET = 0x15, 0x25, 0x35, 0x45, 0x06
_ANCILLARY_PROTOCOL, _ANCILLARY_KIND = 0xFFFFF000, 0xFFFFF004
_OUTGOING = 4


def _filter(ports: range) -> bytes:
    """A classic BPF program: what the kernel need not wake us for on a busy network.

    The packet starts at its network header. An IPv6 packet with extension headers is passed over: no answer to a
    probe of ours has one.
    """
    low, high = (ports.start, ports.stop - 1) if ports else (1, 0)
    accept, drop = 23, 24
    source: list[tuple[int, int, int, int]] = [
        (_LD, 0, 0, _ANCILLARY_KIND),
        (_JEQ, drop, 2, _OUTGOING),
        (_LD, 0, 0, _ANCILLARY_PROTOCOL),
        (_JEQ, accept, 4, ETH_ARP),
        (_JEQ, 5, 15, ETH_IP),
        (_LDB, 0, 0, 9),
        (_JEQ, accept, 7, ICMP),
        (_JEQ, 9, 8, TCP),
        (_JEQ, 9, drop, UDP),
        (_LDH, 0, 0, 6),
        (_JSET, drop, 11, 0x1FFF),
        (_LDX, 0, 0, 0),
        (_LDH_X, 0, 0, 2),
        (_JGE, 14, drop, low),
        (_JGT, drop, accept, high),
        (_JEQ, 16, drop, ETH_IP6),
        (_LDB, 0, 0, 6),
        (_JEQ, accept, 18, ICMP6),
        (_JEQ, 20, 19, TCP),
        (_JEQ, 20, drop, UDP),
        (_LDH, 0, 0, 42),
        (_JGE, 22, drop, low),
        (_JGT, drop, accept, high),
        (_RET, 0, 0, _SNAP),
        (_RET, 0, 0, 0),
    ]
    jumps = {_JEQ, _JGT, _JGE, _JSET}
    program = b""
    for at, (code, yes, no, value) in enumerate(source):
        relative = (yes - at - 1, no - at - 1) if code in jumps else (0, 0)
        program += struct.pack("HBBI", code, *relative, value)
    return program
