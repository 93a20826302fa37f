"""Where the probes of a volley go: the way and the next hop of each address, and the wire that fits their number."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

from scanner.model.addresses import AddressSet
from scanner.model.network import Pace
from scanner.model.observation import Limitation, Vantage
from scanner.net.packets.link import Link
from scanner.net.raw.resolve import Macs, Neighbour, Target, packed, resolve
from scanner.net.raw.signed import Signature, around
from scanner.net.raw.small_wire import ACK, RawWire
from scanner.net.route import Hop, ways
from scanner.net.volley.senders import BulkWire, Wire
from scanner.net.volley.tally import NO_ROUTE, Question, Tally

BULK_FROM = 6000
"""Probes from which arrays are quicker, what they take to import included."""
MOST_HOSTS = 1 << 18
"""Hosts of one volley."""


class Aim:
    """Addresses of one IP version and the way to each."""

    def __init__(
        self, addresses: AddressSet, link: Link, vantage: Vantage, macs: Macs, sign: Signature | None = None
    ) -> None:
        """`sign`: they are canaries, and their probes are signed."""
        self.addresses = addresses
        self._link = link
        self._macs = macs
        self._found: dict[str, bytes] | None = None
        """The MACs that this volley goes by. One that grows old meanwhile is no reason to call its host absent."""
        self._sign = sign
        self.ways = (around if sign else ways)(addresses, link.interface, vantage)

    def own(self) -> AddressSet:
        """The laptop's own addresses, which no packet on a link reaches."""
        return self._of("self")

    def neighbours(self) -> AddressSet:
        """Those of the own link."""
        return self._of("on-link")

    def _of(self, kind: str) -> AddressSet:
        found = AddressSet()
        for part, hop in self.ways:
            if hop is not None and hop.kind == kind:
                found |= part
        return found

    def gateways(self) -> list[Hop]:
        """One hop for each next hop of what is routed."""
        return list({hop.via: hop for _, hop in self.ways if hop is not None and hop.kind == "routed"}.values())

    def resolve(self, tries: int, pace: Pace) -> Iterator[Neighbour | None]:
        """Ask for the MACs that are not known yet. None comes now and then, to look up."""
        if not self._link.interface.resolves:
            return
        known = self._found = {}
        wanted: dict[str, Hop] = {}
        neighbours = (hop.to(each) for part, hop in self.ways if hop and hop.kind == "on-link" for each in part)
        for hop in (*neighbours, *self.gateways()):
            mac = self._macs.get(hop.via)
            if mac is None:
                wanted[hop.via] = hop
            else:
                known[hop.via] = mac
        for found in resolve(self._link, list(wanted.values()), tries, pace):
            if isinstance(found, Neighbour):
                self._macs.put(found.address, found.mac)
                known[found.address] = found.mac
                yield found
            else:
                yield None

    def tally(self, questions: Sequence[Question], tries: int) -> Tally:
        """The book for asking those questions; what cannot be sent to is refused, or absent from the link."""
        names = list(self.addresses)
        late = bytearray(len(names))
        for start, stop, hop in self._places():
            if hop is not None and hop.kind == "routed":
                late[start:stop] = b"\1" * (stop - start)
        tally = Tally(names, questions, tries, [bool(each) for each in late])
        tally.whole = self.addresses
        for start, stop, hop in self._places():
            for index in range(start, stop):
                if hop is None:
                    tally.refuse(index, NO_ROUTE)
                elif hop.kind == "routed":
                    if self._mac(hop) is None:
                        tally.refuse(index, f"the next hop {hop.via} does not answer")
                    else:
                        break
                elif self._mac(hop.to(names[index])) is None:
                    tally.absent(index)
        return tally

    def wire(self, tally: Tally, payloads: Mapping[int, bytes], tries: int) -> Wire | BulkWire:
        """What to send the tally's probes over."""
        if tally.size * tries < BULK_FROM:
            return RawWire(self._link, self.targets(tally), tally, payloads, self._sign)
        from scanner.net.raw.bulk_wire import bulk_wire

        spans = [
            (start, stop, "" if hop is None else hop.source, [self._mac(hop)] if hop and hop.via else
             [None if hop is None else self._mac(hop.to(tally.addresses[index])) for index in range(start, stop)])
            for start, stop, hop in self._places()
        ]  # fmt: skip
        return bulk_wire(self._link, self.addresses, spans, tally.questions, payloads, self._sign)

    def targets(self, tally: Tally) -> list[Target]:
        """The way to each of the tally's addresses."""
        return [
            self._target(tally.addresses[index], hop)
            for start, stop, hop in sorted(self._places(), key=lambda place: place[0])
            for index in range(start, stop)
        ]

    def _places(self) -> Iterator[tuple[int, int, Hop | None]]:
        """Which places of the addresses' order go which way."""
        starts: list[tuple[tuple[int, int, int], int]] = []
        place = 0
        for span in self.addresses.spans:
            starts.append((span, place))
            place += span[2] - span[1] + 1
        for part, hop in self.ways:
            at = 0
            for _, low, high in part.spans:
                while starts[at][0][2] < low:
                    at += 1
                (_, first, _), place = starts[at]
                yield place + low - first, place + high - first + 1, hop

    def _mac(self, hop: Hop) -> bytes | None:
        if not self._link.interface.resolves:
            return b""
        return self._macs.get(hop.via) if self._found is None else self._found.get(hop.via)

    def _target(self, address: str, hop: Hop | None) -> Target:
        if hop is None:
            return Target(address, packed(address), b"", None, False, address)
        hop = hop.to(address)
        mac = None if hop.kind == "self" else self._mac(hop)
        return Target(address, packed(address), packed(hop.source), mac, hop.kind == "routed", hop.via)


def families(addresses: AddressSet) -> Iterator[AddressSet]:
    """IPv4 and IPv6 apart, in parts that one volley can hold."""
    for version in (4, 6):
        yield from addresses.of_version(version).chunks(MOST_HOSTS)


def echoes(addresses: AddressSet) -> list[Question]:
    """The ICMP questions that hosts of that IP version may answer."""
    return [("icmp", 8), ("icmp", 13)] if addresses.of_version(4) else [("icmp", 8)]


def losses(link: Link) -> Iterator[Limitation]:
    """Say so when answers were lost on the laptop itself."""
    lost = link.lost()
    if lost:
        yield Limitation(
            f"{lost} answers came faster than they were read", "scan again with a lower max_rate", time.time()
        )


__all__ = ["ACK", "Aim", "echoes", "families", "losses"]
