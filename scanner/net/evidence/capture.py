"""A capture beside the scan: every packet to and from the scanned addresses, as evidence, in a pcap file.

Nothing is chosen by importance: what was asked, what answered and what stayed unanswered are all there, until the file
reaches its limit, and from there on nothing is; both that and packets that came too fast become a Limitation. Packets
that the laptop sends to itself go over another interface and are not in it. Neither are those of a socket that
bypasses the queueing discipline (PACKET_QDISC_BYPASS): the kernel shows them to nobody.

The packets wait in a ring of shared memory of the capture's own (TPACKET_V3: whole packets, packed), so that a burst
costs the scan's threads nothing. A thread writes them with scapy, which is imported by nobody who asks for no capture.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import select
import socket
import struct
import threading
import time
from pathlib import Path

from scanner.errors import BadInput, NetworkFailed, NoPrivilege
from scanner.model.addresses import AddressSet
from scanner.model.observation import NOT_CAPTURED, Limitation
from scanner.net.evidence.capture_filter import Concerned, keeping
from scanner.net.evidence.dissect import ETHERNET, RAW_IP
from scanner.net.trouble import failure

LIMIT = 200 << 20
"""Bytes of a file, unless told otherwise: some two million packets."""
RATE = 20_000
"""Probes a second that a capture keeps up with, their answers and the resets that follow included."""

_SOL_PACKET, _RX_RING, _STATISTICS, _VERSION, _TPACKET_V3 = 263, 5, 6, 10, 2
_SO_ATTACH_FILTER, _ETH_ALL, _SIOCGIFHWADDR = 26, 3, 0x8927
_BLOCK, _BLOCKS, _FEWEST_BLOCKS, _FRAME = 1 << 20, 32, 4, 2048
_RETIRE_MS = 20
"""After this time the kernel hands over a block that is not full."""
_BLOCK_HEAD = struct.Struct("=8xIII")
"""Status, number of packets, offset of the first."""
_PACKET_HEAD = struct.Struct("=IIIIIIHH4xIH")
"""Offset of the next, seconds, nanoseconds, kept, length, status, offset of the frame and of the packet, VLAN tag."""
_VLAN, _VLAN_KIND = 1 << 4, 1 << 6
_LINK_TYPES = {1: ETHERNET, 772: ETHERNET}
"""Hardware types that frames begin with an Ethernet header on; of all others the packets are kept."""
_HEAD_LENGTH, _RECORD_LENGTH = 24, 16
_DRAIN_SECONDS = 5.0


class Capture:
    """Packets of `interface` to and from `addresses`, and about them, written to `path` between `start` and `stop`.

    Made while the process may open raw sockets; `start` needs no right, and the file belongs to who the process is by
    then, readable for nobody else: it holds the client's data. `addresses` should not hold the laptop's own, as else
    all that the laptop does is in the file. `limit` is in bytes.

    BadInput: there is a file of that name, which may be evidence, or none can be made. NoPrivilege: no raw sockets.
    """

    def __init__(self, path: Path, interface: str, addresses: AddressSet, limit: int = LIMIT) -> None:
        self.path = path
        self.packets = 0
        """Written so far."""
        self._interface = interface
        self._room = limit - _HEAD_LENGTH
        self._limit = limit
        self._limitations: list[Limitation] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        if os.path.lexists(path):
            raise _exists(path)
        if not path.absolute().parent.is_dir():
            raise BadInput(f"--capture {path}: there is no such folder")
        with contextlib.ExitStack() as undo:
            self._linktype = _link_type(interface)
            kind = socket.SOCK_RAW if self._linktype == ETHERNET else socket.SOCK_DGRAM
            try:
                self._socket = undo.enter_context(socket.socket(socket.AF_PACKET, kind | socket.SOCK_CLOEXEC, 0))
            except PermissionError:
                raise NoPrivilege(
                    "--capture needs raw packets, which take root or CAP_NET_RAW: run with sudo, or see `fencewalk "
                    "doctor`"
                ) from None
            program = keeping(addresses, self._linktype)
            buffer = ctypes.create_string_buffer(program)
            attach = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attach)
            self._blocks = _ring(self._socket)
            self._memory = undo.enter_context(
                contextlib.closing(mmap.mmap(self._socket.fileno(), self._blocks * _BLOCK))
            )
            self._undo = undo.pop_all()
        self._block = 0
        self._concerned = Concerned(addresses, self._linktype)

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Make the file and begin. What is sent after this returns is in it."""
        from scapy.utils import RawPcapWriter

        try:
            self._socket.bind((self._interface, _ETH_ALL))
        except OSError as error:
            raise failure(self._interface, error) from None
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = self._undo.enter_context(os.fdopen(os.open(self.path, flags, 0o600), "wb", 1 << 18))
        except FileExistsError:
            raise _exists(self.path) from None
        except OSError as error:
            raise BadInput(f"--capture {self.path}: cannot be written: {error.strerror}") from None
        self._writer = RawPcapWriter(file, linktype=self._linktype, nano=True)
        self._writer.write_header(None)
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    def stop(self) -> tuple[Limitation, ...]:
        """Write what has arrived so far and end. What the file lacks, if it lacks anything. May be called again."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
        with contextlib.suppress(OSError):  # what could not be written is said already
            self._undo.close()
        return tuple(self._limitations)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | select.POLLERR)
        until: float | None = None
        try:
            while until is None or time.monotonic() < until:
                ended = self._stopping.is_set()
                if any(mask & select.POLLERR for _, mask in poll.poll(_RETIRE_MS)):
                    # The interface went down: the scan ends by that, and there may be packets left to write.
                    self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                wrote = self._drain()
                if self._room < 0:
                    break
                if not wrote:
                    self._writer.flush()
                if ended and until is None:
                    # The block that is being filled is handed over after its time; whatever comes later is not ours.
                    time.sleep(3 * _RETIRE_MS / 1000)
                    until = time.monotonic() + _DRAIN_SECONDS
                elif ended and not wrote:
                    break
            self._writer.flush()
        except OSError as error:
            clock = time.strftime("%H:%M:%S", time.localtime())
            self._lack(f"has none after {clock}: it could not be written: {error.strerror}")
        try:
            _, lost, _ = struct.unpack("@III", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 12))
        finally:
            self._socket.close()
        if lost and self._room >= 0:
            some = "1 packet" if lost == 1 else f"{lost} packets"
            self._lack(f"lacks {some} that came faster than they could be kept; a max_rate of {RATE} is slow enough")

    def _drain(self) -> bool:
        """Write the blocks that are ready. Whether there were any."""
        found = False
        for _ in range(self._blocks):
            start = self._block * _BLOCK
            status, count, at = _BLOCK_HEAD.unpack_from(self._memory, start)
            if not status & 1:
                break
            found = True
            self._write(start + at, count)
            self._memory[start + 8 : start + 12] = bytes(4)
            self._block = (self._block + 1) % self._blocks
            if self._room < 0:
                break
        return found

    def _write(self, at: int, count: int) -> None:
        memory, concerned, write = self._memory, self._concerned, self._writer.write_packet
        for _ in range(count):
            following, seconds, nanoseconds, kept, length, status, start, _, tag, kind = _PACKET_HEAD.unpack_from(
                memory, at
            )
            frame = memory[at + start : at + start + kept]
            if status & _VLAN:
                frame = (
                    frame[:12] + struct.pack(">HH", kind if status & _VLAN_KIND else 0x8100, tag & 0xFFFF) + frame[12:]
                )
            at += following
            if not concerned(frame):
                continue
            self._room -= _RECORD_LENGTH + len(frame)
            if self._room < 0:
                self._full(seconds + nanoseconds / 1e9)
                return
            write(frame, seconds, nanoseconds, wirelen=max(length, len(frame)))
            self.packets += 1

    def _full(self, at: float) -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(at))
        limit = f"its limit of {self._limit >> 20} MB"
        self._lack(f"has none after {clock}: it reached {limit}; ask fewer ports or zones at a time")

    def _lack(self, what: str) -> None:
        self._limitations.append(Limitation(NOT_CAPTURED, f"{self.path.name} {what}", time.time()))


def _exists(path: Path) -> BadInput:
    return BadInput(f"--capture {path}: there is a file of that name, and a capture never replaces one; name another")


def _link_type(interface: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock.fileno(), _SIOCGIFHWADDR, struct.pack("16s24x", interface.encode()))
        except OSError as error:
            raise failure(interface, error) from None
    return _LINK_TYPES.get(struct.unpack_from("H", answer, 16)[0], RAW_IP)


def _ring(sock: socket.socket) -> int:
    """Reserve the ring, a smaller one where memory is short. The number of blocks."""
    sock.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
    blocks = _BLOCKS
    while True:
        request = struct.pack("@7I", _BLOCK, blocks, _FRAME, blocks * (_BLOCK // _FRAME), _RETIRE_MS, 0, 0)
        try:
            sock.setsockopt(_SOL_PACKET, _RX_RING, request)
        except OSError as error:
            if error.errno != errno.ENOMEM or blocks <= _FEWEST_BLOCKS:
                raise NetworkFailed(f"--capture: the system has no memory for it: {error.strerror}") from None
            blocks //= 2
        else:
            return blocks
