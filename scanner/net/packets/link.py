"""One interface below the kernel's own IP: packets in and out as they are, next to the laptop's firewall and routes.

Packet sockets of the cooked kind: the kernel writes the link-layer header, so Ethernet and tunnels are used alike.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import select
import socket
import struct
from collections.abc import Sequence

from scanner.errors import NetworkFailed, NoPrivilege
from scanner.net.carrier import Carrier
from scanner.net.packets.bpf import answers_to
from scanner.net.packets.ring import Packet, Ring
from scanner.net.packets.transmit import SLOTS, Transmit, widen
from scanner.net.route import Interface
from scanner.net.trouble import failure, gone

__all__ = ["Link", "Packet", "gone"]

_SO_ATTACH_FILTER = 26
_ETH_ALL = 3
_FRAMES = 1 << 15
"""Of 256 bytes: what arrives at full speed while the laptop looks away for a tenth of a second."""
SENDERS = 2
"""Threads that may send at once. More only wait for each other's packets to be taken."""


class Link:
    """Packet sockets on one interface, all opened at once: nothing later needs the right to.

    Hears ARP, ICMP, and TCP and UDP towards `ports`. NoPrivilege without the right to raw packets.
    """

    def __init__(self, interface: Interface, ports: range = range(0), frames: int = _FRAMES) -> None:
        self.interface = interface
        self.ports = ports
        self._name = interface.name
        self._carrier = Carrier(interface)
        with contextlib.ExitStack() as undo:
            try:
                # Protocol 0 hears nothing until the filter is in place and the socket bound.
                self._socket = undo.enter_context(
                    socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
                )
            except PermissionError:
                raise NoPrivilege(
                    "raw packets need root or CAP_NET_RAW: run with sudo, give the interpreter the right with "
                    "`setcap cap_net_raw+ep`, or scan with --engine connect"
                ) from None
            try:
                self._prepare(ports)
                widen(self._socket)
                self._ring = Ring(self._socket, frames)
                undo.callback(self._ring.close)
                self._socket.setblocking(False)
                self._socket.bind((self._name, _ETH_ALL))
            except OSError as error:
                raise failure(self._name, error) from None
            self._open = undo.pop_all()
        self._transmits: list[Transmit] = []

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    @property
    def ring(self) -> Ring:
        return self._ring

    def transmits(self) -> list[Transmit]:
        """What threads send with, one for each."""
        if not self._transmits:
            # One socket for all: closing another takes the kernel 15 ms.
            self._transmits = [Transmit(self._socket, self.interface.index) for _ in range(SENDERS)]
        return self._transmits

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        """Hand one packet to the interface; `mac` is empty where it has no link-layer addresses."""
        out = self._socket
        for _ in range(100):
            try:
                out.sendto(packet, (self._name, ethertype, 0, 0, mac))
                return
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                    raise failure(self._name, error) from None
                select.select([], [out], [], 0.01)
        raise NetworkFailed(f"{self._name} has taken no packet for a second")

    def send_alike(self, ethertype: int, mac: bytes, packets: Sequence[bytes]) -> None:
        """Hand over packets of one length to one next hop, in one call to the kernel."""
        transmit = self.transmits()[0]
        layout = ethertype, mac, len(packets[0])
        if transmit.user != layout:
            transmit.lay_out(len(packets[0]), ethertype, [mac])
            for vector in transmit.vectors:
                vector.length = len(packets[0])
            transmit.user = layout
        for start in range(0, len(packets), SLOTS):
            part = packets[start : start + SLOTS]
            data = b"".join(each.ljust(transmit.stride, b"\0") for each in part)
            ctypes.memmove(transmit.packets, data, len(data))
            transmit.send(len(part))

    def receive(self, timeout: float) -> list[Packet]:
        """What has arrived, some thousands at most; waits up to `timeout` seconds for the first."""
        if timeout > 0:
            self._ring.wait(timeout)
        return self._ring.packets()

    def check(self) -> None:
        """NetworkFailed when the interface is gone, off or without a carrier, or was so for a moment: silence proves
        nothing then."""
        self._carrier.check()

    def lost(self) -> int:
        """Packets that arrived faster than they were read, since the last call."""
        return self._ring.lost()

    def _prepare(self, ports: range) -> None:
        program = answers_to(ports)
        buffer = ctypes.create_string_buffer(program)
        attach = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attach)
