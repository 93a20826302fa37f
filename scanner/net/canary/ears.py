"""A canary with privilege: a packet socket that sees whatever arrives, before any firewall of the laptop itself."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import select
import socket
import struct
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from scanner.errors import NoPrivilege
from scanner.model.addresses import AddressSet, addresses_text, ports_text
from scanner.model.base import Transport
from scanner.model.nonce import Signer
from scanner.model.observation import Arrival, HostSeen, Limitation, Listening
from scanner.net.canary.answer import Ear
from scanner.net.canary.book import Book
from scanner.net.canary.hear_filter import probes
from scanner.net.canary.probe import Probe, Reader
from scanner.net.packets import frames
from scanner.net.packets.ring import Packet, Ring
from scanner.net.packets.transmit import widen
from scanner.net.raw.resolve import packed, text
from scanner.net.route import Hop, Interface, interfaces
from scanner.net.rules import Members
from scanner.net.trouble import failure
from scanner.ports import Ports

_SO_ATTACH_FILTER = 26
_ETH_ALL = 3
_FRAMES = 1 << 16
_SERVED_SECONDS = 2.0
_LISTEN_STATE = "0A"
_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOST = "packets that came faster than they were read"


class PacketEars:
    """Listens on `interface` for what is sent to `addresses`, its own.

    `scope`: whose SYNs are answered even if they are not signed; `rate`: how many of those a second. `gateways`: the
    next hops whose answers show that the link works. NoPrivilege without the right to a packet socket.
    """

    def __init__(
        self,
        interface: Interface,
        addresses: Sequence[str],
        ports: Ports,
        signer: Signer,
        scope: AddressSet,
        rate: int,
        gateways: Sequence[Hop],
    ) -> None:
        self._interface = interface
        self._addresses = addresses
        self._own = {packed(each) for each in addresses}
        self._laptops = {packed(each.partition("/")[0]) for one in interfaces() for each in one.addresses}
        self._members = Members(scope)
        self._wanted: dict[str, Collection[int]] = {"tcp": frozenset(ports.tcp), "udp": frozenset(ports.udp)}
        self.ports = ports
        self._ear = Ear(signer, self._trusted, self._wanted, self._served)
        self._reader = Reader()
        self._book = Book()
        self._gateways = {packed(each.via): each for each in gateways}
        self._rate = rate
        self._second, self._left = 0, rate
        self._listened: frozenset[int] = frozenset()
        self._looked = -_SERVED_SECONDS
        self._seen: list[HostSeen] = []
        self.muted = False
        """Whether the kernel keeps quiet, so that signed echo requests are answered here."""
        with contextlib.ExitStack() as undo:
            try:
                self._socket = undo.enter_context(
                    socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC, 0)
                )
            except PermissionError:
                raise NoPrivilege("a canary that sees whatever arrives needs root or CAP_NET_RAW: sudo") from None
            try:
                program = probes()
                buffer = ctypes.create_string_buffer(program)
                attach = struct.pack("HL", len(program) // 8, ctypes.addressof(buffer))
                self._socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attach)
                widen(self._socket)
                self._ring = Ring(self._socket, _FRAMES)
                undo.callback(self._ring.close)
                self._socket.setblocking(False)
                self._socket.bind((interface.name, _ETH_ALL))
            except OSError as error:
                raise failure(interface.name, error) from None
            self._open = undo.pop_all()

    @property
    def totals(self) -> dict[tuple[str, Transport, bool], int]:
        return self._book.totals

    def close(self) -> None:
        self._open.close()

    def listen(self, seconds: float) -> None:
        """Hear and answer what comes within so many seconds, or what has come once something has."""
        self._ring.wait(seconds)
        while found := self._ring.packets():
            for packet in found:
                self._take(packet)

    def news(self) -> Iterable[Arrival | HostSeen | Limitation]:
        """What arrived since the last call."""
        yield from self._book.rows()
        seen, self._seen = self._seen, []
        yield from seen
        if lost := self._ring.lost():
            yield Limitation(_LOST, f"{lost} of them; scan with a lower max_rate", time.time())

    def listening(self, since: float, at: float) -> Iterable[Listening]:
        """What was listened on until `at`."""
        four = [each for each in self._addresses if ":" not in each]
        six = [each for each in self._addresses if ":" in each]
        everywhere = addresses_text(self._addresses)
        rows: list[tuple[str, Transport, str]] = []
        if self.ports.tcp:
            rows.append((everywhere, "tcp", ports_text(self.ports.tcp)))
        if self.ports.udp:
            rows.append((everywhere, "udp", ports_text(self.ports.udp)))
        rows += [(addresses_text(four), "icmp", "8")] if four else []
        rows += [(addresses_text(six), "icmp", "128")] if six else []
        return [Listening(addresses, transport, ports, "packets", since, at) for addresses, transport, ports in rows]

    def ask_gateways(self) -> None:
        """ARP or NDP for each next hop; its answer is among the news."""
        mac = bytes.fromhex((self._interface.mac or "").replace(":", ""))
        if not mac:
            return
        for address, hop in self._gateways.items():
            if len(address) == 4:
                request = frames.arp_request(mac, packed(hop.source), address)
                self._send(frames.ETH_ARP, frames.BROADCAST, request)
            else:
                link_local = self._interface.link_local()
                asker = link_local if hop.via.startswith("fe80:") and link_local else hop.source
                self._send(frames.ETH_IP6, *frames.solicitation(mac, packed(asker), address))

    def _take(self, packet: Packet) -> None:
        if packet.ethertype == frames.ETH_ARP:
            self._gateway(frames.arp_answer(packet.data), packet)
            return
        if self._gateways and packet.ethertype == frames.ETH_IP6 and packet.data[6:7] == b"\x3a":
            self._gateway(frames.advertisement(packet.data), packet)
        probe = self._reader.read(packet.data, packet.at)
        if probe is None or probe.target not in self._own:
            return
        seen, answer = self._ear.hear(probe)
        if seen is not None:
            self._book.note(
                probe.target, probe.transport, probe.port, seen.nonce, seen.asked, probe.source, seen.connected,
                seen.via, packet.at,
            )  # fmt: skip
        if answer is not None and self._may(probe, seen is not None):
            # Back to whoever handed it to us: a route of the laptop's own may lead elsewhere, or to itself.
            self._send(packet.ethertype, packet.mac, answer)

    def _may(self, probe: Probe, signed: bool) -> bool:
        if probe.transport == "icmp":
            # Else the kernel answers by itself; but never to what comes from an address of its own.
            return signed and (self.muted or probe.source in self._laptops)
        if signed or probe.acked:
            return True
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._left = second, self._rate
        self._left -= 1
        return self._left >= 0

    def _gateway(self, said: tuple[bytes, bytes | None] | None, packet: Packet) -> None:
        if said is None or said[0] not in self._gateways or len(self._seen) > 64:
            return
        mac = said[1] or packet.mac
        self._seen.append(HostSeen(text(said[0]), "gateway", packet.at, mac.hex(":") if len(mac) == 6 else None))

    def _trusted(self, source: bytes) -> bool:
        return self._members.hold(text(source))

    def _served(self) -> Collection[int]:
        """The TCP ports that the laptop itself listens on."""
        now = time.monotonic()
        if now - self._looked >= _SERVED_SECONDS:
            self._looked = now
            self._listened = frozenset(_served_ports())
        return self._listened

    def _send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        to = self._interface.name, ethertype, 0, 0, mac
        for _ in range(20):
            try:
                self._socket.sendto(packet, to)
                return
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    return  # too long for this link: no answer is lost that could have been sent
                if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                    raise failure(self._interface.name, error) from None
                select.select([], [self._socket], [], 0.005)


def _served_ports() -> Iterable[int]:
    for table in _TABLES:
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in table.read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTEN_STATE:
                    yield int(words[1].rpartition(":")[2], 16)
