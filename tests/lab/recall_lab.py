"""What the recall tests share: the command in a PacketLab, its results as sets, and what the router saw on the wire."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from benchmarks.packet_lab import PacketLab, packet_socket
from benchmarks.scan_command import Found, found, scan_command, site_text
from loaded import Running, fencewalk_in

ZONES = {"laptop": ("10.0.0.0/30", "fd10::/64")}
FAR = "10.1.0.0/24"
QUICK = ("--no-names", "--no-identify")
"""What is tested here is ports; names and versions are not asked for."""


def host(number: int) -> str:
    return f"10.1.0.{number}"


def keys(addresses: Iterable[str], ports: Iterable[int], transport: str = "tcp") -> set[str]:
    """As `Found` writes them."""
    listed = list(ports)
    return {f"{address}/{transport}/{port}" for address in addresses for port in listed}


class Site(msgspec.Struct, frozen=True):
    """A site file with a store beside it, and the command on them."""

    lab: PacketLab
    path: Path
    store: Path

    def command(self, *flags: str) -> list[str]:
        return self.lab.command("s", scan_command(self.path, self.store, "laptop", *QUICK, *flags))

    def scan(self, *flags: str) -> Found:
        """Scan from a fresh store, to the end."""
        for each in self.store.parent.glob(f"{self.store.name}*"):
            each.unlink()
        return self.go_on(*flags)

    def go_on(self, *flags: str) -> Found:
        """Scan to the end, whatever is in the store."""
        arguments = scan_command(self.path, self.store, "laptop", *QUICK, *flags)[1:]
        done = fencewalk_in(self.lab.name("s"), *arguments)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
        return found(self.store)

    @contextlib.contextmanager
    def started(self, *flags: str) -> Iterator[Running]:
        """The scan at work, killed at the end if it has not ended."""
        arguments = scan_command(self.path, self.store, "laptop", *QUICK, *flags)[1:]
        process = Running(self.lab.name("s"), self.store.with_suffix(".log"), *arguments)
        try:
            yield process
        finally:
            process.kill()
            process.wait(300)


def make_site(
    lab: PacketLab,
    folder: Path,
    *,
    far: Sequence[str] = (FAR,),
    max_rate: int = 1_000_000,
    exclude: Sequence[str] = (),
    critical: Iterable[str] = (),
) -> Site:
    path = folder / "site.yaml"
    text = site_text({**ZONES, "far": tuple(far)}, include=far, exclude=exclude, critical=critical, max_rate=max_rate)
    path.write_text(text, encoding="utf-8")
    return Site(lab, path, folder / "store.sqlite")


class Packet(msgspec.Struct, frozen=True):
    """One IPv4 or ARP packet on the router's leg to the scanner, with the time at which the kernel got it."""

    at: float
    sent: bool
    """By the scanner; else towards it."""
    kind: str
    """`syn`, `rst`, `tcp` (any other), `udp`, `icmp`, `arp`, or the EtherType or protocol number."""
    source: str
    target: str
    port: int
    """The target's, or the ICMP type."""
    quoted: str = ""
    """Of an ICMP error: the probe that it answers, written as `Found` writes it."""


class Watch:
    """Every packet from the scanner to the router, from `__enter__` to the end; `packets` is in order of arrival.

    With `answers`, those that go the other way as well.
    """

    def __init__(self, lab: PacketLab, answers: bool = False) -> None:
        self._socket = lab.inside("r", lambda: packet_socket("to-s", answers))
        self._socket.settimeout(0.1)
        self._stop = threading.Event()
        self._raw: list[tuple[float, bool, int, bytes]] = []
        self._whole: list[Packet] = []
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        lost = struct.unpack("II", self._socket.getsockopt(263, 6, 8))[1]  # SOL_PACKET, PACKET_STATISTICS
        self._socket.close()
        assert lost == 0, f"the test lost {lost} packets"
        self._whole = [_packet(*each) for each in self._raw]

    def _read(self) -> None:
        while not (self._stop.is_set() and not select.select([self._socket], [], [], 0)[0]):
            with contextlib.suppress(TimeoutError):
                data, ancillary, _, where = self._socket.recvmsg(96, 64)
                seconds, nanos = struct.unpack("qq", ancillary[0][2])
                self._raw.append((seconds + nanos / 1e9, where[2] != socket.PACKET_OUTGOING, where[1], data))

    @property
    def seen(self) -> int:
        """Packets so far; those of a scan that is still going on are not taken apart yet."""
        return len(self._raw)

    @property
    def packets(self) -> list[Packet]:
        return self._whole or [_packet(*each) for each in self._raw.copy()]

    def sent(self, *kinds: str) -> list[Packet]:
        return [each for each in self.packets if each.sent and (not kinds or each.kind in kinds)]


def _packet(at: float, sent: bool, ethertype: int, data: bytes) -> Packet:
    if ethertype == 0x0806:
        return Packet(at, sent, "arp", socket.inet_ntoa(data[14:18]), socket.inet_ntoa(data[24:28]), 0)
    if ethertype != 0x0800:
        return Packet(at, sent, hex(ethertype), "", "", 0)
    source, target = socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20])
    body = data[(data[0] & 15) * 4 :]
    number = data[9]
    if number == 6:
        flags = body[13]
        kind = "rst" if flags & 4 else "syn" if flags & 18 == 2 else "tcp"
        return Packet(at, sent, kind, source, target, int.from_bytes(body[2:4]))
    if number == 17:
        return Packet(at, sent, "udp", source, target, int.from_bytes(body[2:4]))
    if number == 1:
        quoted = ""
        if body[0] == 3:
            inner = body[8:]
            kind = {6: "tcp", 17: "udp"}.get(inner[9], "icmp")
            port = int.from_bytes(inner[(inner[0] & 15) * 4 + 2 :][:2])
            quoted = f"{socket.inet_ntoa(inner[16:20])}/{kind}/{port}"
        return Packet(at, sent, "icmp", source, target, body[0], quoted)
    return Packet(at, sent, str(number), source, target, 0)


def busiest(times: Sequence[float], span: float = 0.1) -> int:
    """The most packets in any `span` seconds."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most
