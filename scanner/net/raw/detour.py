"""Neighbours handed packets for other zones, as if each were a gateway: the raw engine's probes by way of them.

    frame: the neighbour's MAC ── packet: an address of another zone ──> it drops it (as it should), or it holds that
    address itself and answers (weak host), or it forwards it

All neighbours are asked at once, each with marks of its own, so that an answer tells whose way the probe went.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import msgspec

from scanner.dressing import neighbours_of, told
from scanner.model.addresses import AddressSet
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Limitation, PortState, Progress, Vantage
from scanner.net.packets import frames
from scanner.net.packets.link import Link, Packet
from scanner.net.raw.aim import Aim, losses
from scanner.net.raw.resolve import Macs, Target, packed, text
from scanner.net.raw.small_wire import RawWire
from scanner.net.route import source_for
from scanner.net.volley.passes import volley
from scanner.net.volley.senders import Arrival
from scanner.net.volley.tally import KNOWN, Answer, Question, Tally

_EXPIRES = 0.7
"""Seconds in which a neighbour that forwards says that a packet's time was up."""
_REDIRECT = 5


def knock(request: Knock, pace: Pace, vantage: Vantage, link: Link, macs: Macs) -> Iterator[Event]:
    """Hand each neighbour an echo request (if asked) and SYNs for each address; UDP is not asked so.

    Who answers nothing at all is handed one echo request more whose time is up with the next hop: a machine that
    forwards says so (`icmp-11-0`, from the neighbour), whatever becomes of the others' answers on their way back.
    """
    if not link.interface.resolves:
        yield Limitation("neighbours as gateways", f"{link.interface.name} has no link-layer addresses", time.time())
        return
    near = AddressSet.of(neighbours_of(request))
    far = AddressSet.parse(request.addresses)
    for version in (4, 6):
        if near.of_version(version) and far.of_version(version):
            part = msgspec.structs.replace(request, addresses=str(far.of_version(version)))
            yield from _family(part, near.of_version(version), pace, vantage, link, macs)
    yield from losses(link)


def _family(request: Knock, near: AddressSet, pace: Pace, vantage: Vantage, link: Link, macs: Macs) -> Iterator[Event]:
    aim = Aim(near, link, vantage, macs)
    for _ in aim.resolve(max(2, request.tries), pace):
        yield Progress("knock", 0, len(near), time.time())
    version = near.spans[0][0]
    source = source_for(version, vantage)
    ways = [(each, macs.get(each)) for part, hop in aim.ways if hop and hop.kind == "on-link" for each in part]
    found = [(each, mac) for each, mac in ways if mac]
    if source is None or not found:
        return
    far = list(AddressSet.parse(request.addresses))
    questions: list[Question] = [("icmp", 8)] if request.echo else []
    questions += [("tcp", port) for port in request.tcp]
    if not questions:
        return
    tally = _Tally([each for each, _ in found], far, questions, request)
    wire = _Wire(link, tally, source, [mac for _, mac in found])
    yield from volley(wire, tally, pace, stage="knock", patience=request.patience)
    yield from _expiring(wire, tally, pace)
    for number, neighbour in enumerate(tally.neighbours):
        for part in tally.part(number).asked_alike():
            yield from told(part.rows(time.time()), f"by-{neighbour}")


def _expiring(wire: _Wire, tally: _Tally, pace: Pace) -> Iterator[Event]:
    """Who forwards? Of each neighbour that has not shown it yet."""
    if tally.questions[0][0] != "icmp":
        return
    first = {}
    for number in range(len(tally.neighbours)):
        if not tally.answered_by(number):
            first[number * tally.per] = number
    for index in first:
        pace.take(1)
        wire.send_expiring(index)
    end = time.monotonic() + _EXPIRES
    while first and (left := end - time.monotonic()) > 0:
        for each in wire.receive(min(left, 0.1)):
            tally.add(each.index, each.answer, None, 1)
        yield Progress("knock", tally.size, tally.size, time.time())
    for index, answer in wire.redirected():
        tally.add(index, answer, None, 1)


class _Tally(Tally):
    """The answers of every address by way of every neighbour: `per` probes of the first neighbour, then the next's."""

    def __init__(
        self, neighbours: Sequence[str], addresses: Sequence[str], questions: Sequence[Question], request: Knock
    ) -> None:
        count = len(neighbours) * len(addresses)
        super().__init__([*addresses] * len(neighbours), questions, request.tries, [True] * count)
        self.neighbours = neighbours
        self.hosts = len(addresses)
        self.per = len(addresses) * len(questions)
        one = Tally(addresses, questions, request.tries, [True] * len(addresses))
        one.know(request.known)
        self.rank, self.tried = one.rank * len(neighbours), one.tried * len(neighbours)
        self._missing = [0, one.missing * len(neighbours)]

    def answered_by(self, number: int) -> bool:
        """Whether anything came back by way of one neighbour."""
        probes = slice(number * self.per, (number + 1) * self.per)
        return any(rank and tried != KNOWN for rank, tried in zip(self.rank[probes], self.tried[probes], strict=True))

    def open_row(self, index: int) -> PortState:
        row = super().open_row(index)
        return msgspec.structs.replace(row, via=f"by-{self.neighbours[index // self.per]}")

    def part(self, number: int) -> Tally:
        """What went by way of one neighbour."""
        hosts = slice(number * self.hosts, (number + 1) * self.hosts)
        probes = slice(number * self.per, (number + 1) * self.per)
        found = Tally(self.addresses[hosts], self.questions, self.tries, [True] * self.hosts)
        found.keys = self.keys
        found.rank, found.code, found.at = self.rank[probes], self.code[probes], self.at[probes]
        found.rtt, found.tried = self.rtt[probes], self.tried[probes]
        return found


class _Inbox:
    """The link as one neighbour's wire sees it: it hears what was put in."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.ports = link.ports
        self.packets: list[Packet] = []
        self.last_hop = False
        """Whether what is sent may go no further than to the next hop."""

    def send(self, ethertype: int, mac: bytes, packet: bytes) -> None:
        self._link.send(ethertype, mac, _expiring_there(packet) if self.last_hop else packet)

    def receive(self, timeout: float) -> list[Packet]:
        return self.packets

    def check(self) -> None:
        self._link.check()


class _Wire:
    """A wire to each neighbour, all on one link."""

    def __init__(self, link: Link, tally: _Tally, source: str, macs: Sequence[bytes]) -> None:
        self._link = link
        self._tally = tally
        far = tally.addresses[: tally.hosts]
        self._far = {packed(each): place for place, each in enumerate(far)}
        self._near = {packed(each): number for number, each in enumerate(tally.neighbours)}
        self._inboxes = [_Inbox(link) for _ in macs]
        self._wires = [
            RawWire(
                inbox,
                [Target(each, packed(each), packed(source), mac, True, neighbour) for each in far],
                tally.part(number),
                {},
            )
            for number, (inbox, mac, neighbour) in enumerate(zip(self._inboxes, macs, tally.neighbours, strict=True))
        ]
        self._redirects: dict[int, Answer] = {}

    def send(self, index: int, attempt: int) -> None:
        number, probe = divmod(index, self._tally.per)
        self._wires[number].send(probe, attempt)

    def send_expiring(self, index: int) -> None:
        """The same, but the neighbour is as far as it may go."""
        inbox = self._inboxes[index // self._tally.per]
        inbox.last_hop = True
        self.send(index, 0)
        inbox.last_hop = False

    def receive(self, timeout: float) -> Iterator[Arrival]:
        heard = []
        for packet in self._link.receive(timeout):
            if packet.ethertype == frames.ETH_ARP or self._redirect(packet):
                continue
            said = frames.heard(packet.data)
            if said is not None and said.target in self._far:
                heard.append(packet)
        for number, (inbox, wire) in enumerate(zip(self._inboxes, self._wires, strict=True)):
            inbox.packets = heard
            for each in wire.receive(0) if heard else ():
                yield msgspec.structs.replace(each, index=number * self._tally.per + each.index)

    def check(self) -> None:
        self._link.check()

    def redirected(self) -> Iterator[tuple[int, Answer]]:
        """The first probe of each address for which a neighbour named a better way: it forwards."""
        yield from self._redirects.items()

    def _redirect(self, packet: Packet) -> bool:
        """Whether it is an ICMP redirect; by a neighbour about an address that was asked, it is kept."""
        data = packet.data
        start = (data[0] & 15) * 4 if data and data[0] >> 4 == 4 else 0
        if start < 20 or len(data) < start + 28 or data[9] != frames.ICMP or data[start] != _REDIRECT:
            return False
        number, place = self._near.get(data[12:16]), self._far.get(data[start + 24 : start + 28])
        if number is not None and place is not None:
            index = number * self._tally.per + place * len(self._tally.questions)
            reason = f"icmp-{_REDIRECT}-{min(data[start + 1], 3)}"
            self._redirects[index] = Answer("unreachable", reason, packet.at, data[8], text(data[12:16]))
        return True


def _expiring_there(packet: bytes) -> bytes:
    """The packet with as little time as brings it to the next hop and no further."""
    if packet[0] >> 4 == 6:
        return packet[:7] + b"\x01" + packet[8:]
    head = packet[:8] + b"\x01" + packet[9:10] + bytes(2) + packet[12:20]
    return head[:10] + frames.checksum(head).to_bytes(2, "big") + head[12:] + packet[20:]
