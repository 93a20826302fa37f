"""What the laptop saw from one zone, indexed for judging. The newest answer wins."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scanner.assess.facts.rows import ByPort, port_set, ports_tuple, reports, texts
from scanner.assess.facts.seen import Quiet, by_ports, open_ports, single
from scanner.assess.facts.signs import NO_SIGN, Signs
from scanner.assess.facts.silences import Silences
from scanner.assess.facts.words import Words
from scanner.model.addresses import AddressSet
from scanner.model.base import Transport
from scanner.model.observation import (
    SHUT_OUT,
    Conversation,
    HostSeen,
    Limitation,
    PortState,
    Refused,
    Scan,
    Session,
    Silence,
    Via,
)

FlowKey = tuple[str, Transport, int]
"""Address, transport, port."""
Place = tuple[str, Transport]
"""An address with rows of its own, by that transport."""

_TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp", "icmp")
_FEW = 16
"""Rows of one address and transport up to which looking through them is quicker than an index."""
_LOST = "answers that were lost"
"""How `Limitation.what` ends where the network lost so much that a silent probe may have been answered."""


class View:
    """Everything seen from one zone by plain probes; what dressed ones saw is kept apart, a view for each dress."""

    def __init__(self, zone: str, via: Via = "", plain: View | None = None) -> None:
        self.zone = zone
        self.via = via
        self._plain = plain
        self.dressed: dict[Via, View] = {}
        self.signing: list[Session] = []
        """The sessions that sent signed probes to a canary."""
        self.scans: list[Scan] = []
        self._signs: Signs = plain._signs if plain is not None else Signs()
        self.hosts = self._signs.hosts
        self.gateways = self._signs.gateways
        self._words = Words()
        self.talks = self._words.talks
        """The last words of each service, for telling what it is; `words` has those that its answer may rest on."""
        self.shut_out: set[str] = set()
        """Scans that lost on their way what they had reached."""
        self.lossy: set[str] = set()
        """Scans that lost more packets than they could make up for: their silence may be loss."""
        self._starts: list[int] = []
        self._present_since = 0
        self.refused: list[Refused] = []
        self.limitations: list[Limitation] = []
        self._rows: dict[tuple[str, Transport], list[tuple[int, PortState]]] = {}
        self._silences: dict[Transport, list[Quiet]] = {}
        # Made of these when first asked for: by address, joined by their ports, and the rows of an address by port.
        self._quiet: dict[Transport, Silences[Quiet]] = {}
        self._by_port: dict[tuple[str, Transport], ByPort] = {}
        self._order = 0
        self.asking: Scan | None = None
        """The newest session that asked ports."""
        self._flows: list[tuple[FlowKey, PortState]] | None = None
        self._together: dict[Transport, list[tuple[AddressSet, str]]] = {}
        self._opened: dict[FlowKey, PortState] | None = None
        self._asked: AddressSet | None = None
        self._reports: dict[str, list[PortState]] | None = None
        """What routers said of other addresses, by router."""
        self._verified = False
        """Whether a session only asked again what a finding rests on: that widens no coverage."""
        if plain is not None:
            self.scans, self._starts = plain.scans, plain._starts
            self.shut_out, self.lossy = plain.shut_out, plain.lossy

    @property
    def plain(self) -> View:
        """What plain probes saw: who is there, how far away, and what still worked, for dressed ones as well."""
        return self._plain or self

    def dressed_as(self, via: Via) -> View | None:
        """The view of probes that were dressed so; None if there were none."""
        return self.plain if not via else self.plain.dressed.get(via)

    @property
    def asked_ports(self) -> bool:
        """Whether any session asked ports: one that only looks for hosts does not."""
        return self.asking is not None

    @property
    def complete(self) -> bool:
        """Whether the newest scan that asked ports ran to its end. What was imported in part never did."""
        return self.asking is not None and self.asking.complete and self.asking.purpose == "scan"

    @property
    def address(self) -> str:
        """Where the laptop stood last; a session that verifies may stand elsewhere."""
        found = [each for each in self.scans if each.purpose == "scan"] or self.scans
        return found[-1].vantage.address if found else ""

    def add(self, session: Session) -> None:
        """Take what a session saw. One of purpose `verify` adds answers: it is no scan that ran, or did not, to its
        end, and no sweep that shows who is gone."""
        scan = session.scan
        self.scans.append(scan)
        self._starts.append(self._order + 1)
        self._forget()
        if scan.nonce:
            self.signing.append(session)
        observations = list(single(session.observations))
        if scan.purpose not in ("scan", "import"):
            self._verified = True
        else:
            whole = scan.purpose == "scan"
            asks = (isinstance(o, PortState | Silence) and o.transport != "icmp" and not o.via for o in observations)
            if (whole or self.asking is None or self.asking.purpose == "import") and any(asks):
                self.asking = scan
            if whole and scan.complete and any(isinstance(o, HostSeen) and o.how not in NO_SIGN for o in observations):
                self._present_since = self._order + 1
        hear = self._words.hear
        for each in observations:
            self._order += 1
            if isinstance(each, Conversation):
                hear(scan.id, each)
            elif isinstance(each, PortState):
                if each.state != "silent" and not each.via:
                    self._signs.alive[each.address] = self._order
                rows = self._wearing(each.via)._rows if each.via else self._rows
                place = each.address, each.transport
                if place in rows:
                    rows[place].append((self._order, each))
                else:
                    rows[place] = [(self._order, each)]
            elif isinstance(each, HostSeen):
                self._signs.see(scan.id, self._order, each)
            elif isinstance(each, Silence):
                silent = Quiet(self._order, AddressSet.parse(each.addresses), each, scan)
                self._wearing(each.via)._silences.setdefault(each.transport, []).append(silent)
            elif isinstance(each, Refused):
                self.refused.append(each)
            elif isinstance(each, Limitation):
                self.limitations.append(each)
                if each.what == SHUT_OUT:
                    self.shut_out.add(scan.id)
                elif each.what.endswith(_LOST):
                    self.lossy.add(scan.id)

    def _wearing(self, via: Via) -> View:
        """Where a row belongs that is about to be added."""
        if not via:
            return self
        found = self.dressed.get(via)
        if found is None:
            found = self.dressed[via] = View(self.zone, via, self)
        found._forget()
        found._verified = self._verified
        return found

    def _forget(self) -> None:
        """What was made of the rows so far."""
        self._flows = self._opened = self._asked = self._reports = None
        self._quiet, self._together, self._by_port = {}, {}, {}

    def answer(self, address: str, transport: Transport, port: int) -> PortState | None:
        """The newest answer to this probe; a silent one has state `silent`; None: never asked."""
        return self._newest(address, transport, port)[1]

    def asker(self, key: FlowKey) -> Scan | None:
        """The scan that the newest answer to this probe is of."""
        order, row = self._newest(*key)
        return None if row is None else self._scan_of(order)

    def _scan_of(self, order: int) -> Scan:
        return self.scans[self._place(order)]

    def _place(self, order: int) -> int:
        return bisect.bisect_right(self._starts, order) - 1

    def spoke_since(self, key: FlowKey, scan: Scan, at: float) -> bool:
        """Whether something was heard from this service in that very scan, at that time or later."""
        talk = self._words.of(key, scan.id)
        return talk is not None and talk.at >= at

    def words(self, key: FlowKey) -> Conversation | None:
        """What a service said that proves its newest answer to be its own: in the same scan, or before if that one did
        not try to talk and got the same handshake. Older words say nothing of who shakes hands now."""
        talk = self.talks.get(key)
        heard = self._words.heard(key)
        order, row = self._newest(*key) if heard else (-1, None)
        if talk is None or heard is None or row is None:
            return None
        newest = self._scan_of(order).id
        if newest == heard or not any(each.id == heard for each in self.scans[: self._place(order)]):
            return talk
        for older, before in self._rows_on(*key):
            if before.state == "open" and self._scan_of(older).id == heard:
                same = row.ttl is not None and (row.state, row.ttl, row.window) == ("open", before.ttl, before.window)
                return talk if same else None
        return None

    def talks_of(self, address: str) -> list[tuple[FlowKey, Conversation]]:
        """The conversations with the services of one address."""
        return self._words.at(address)

    def heard_in(self, scan: Scan) -> Iterator[tuple[FlowKey, float]]:
        """The services from which something was heard in that very scan, and when; in the order of the talks."""
        return self._words.heard_in(scan.id)

    def resolved_since(self, scan: Scan, at: float) -> list[str]:
        """The next hops that answered that very scan at that time or later, in the order of their addresses."""
        return self._signs.resolved_since(scan.id, at)

    def present(self, address: str) -> bool:
        """Whether the newest whole sweep from this zone, or anything since, saw the address alive."""
        return self._signs.alive.get(address, -1) >= self.plain._present_since

    def _newest(self, address: str, transport: Transport, port: int) -> tuple[int, PortState | None]:
        """The newest row. In one scan an answer counts for more than a later silence, which may be loss."""
        answered: tuple[int, PortState | None] = -1, None
        quiet = answered
        for order, row in self._rows_on(address, transport, port):
            if row.state != "silent":
                answered = order, row
                break
            if quiet[1] is None:
                quiet = order, row
        if answered[0] >= self._starts[-1]:
            return answered  # in the newest scan: no other one was silent later
        for silent in self._silent_at(address, transport):
            if silent.order < max(answered[0], quiet[0]):
                break
            if port in port_set(silent.row.ports):
                quiet = silent.order, silent.of(address)
                break
        if quiet[1] is None or (answered[1] is not None and self._start_of(quiet[0]) <= answered[0]):
            return answered
        return quiet

    def _rows_on(self, address: str, transport: Transport, port: int) -> Iterator[tuple[int, PortState]]:
        """The rows of an address that speak of a port, the newest first."""
        rows = self._rows.get((address, transport), ())
        if len(rows) > _FEW:
            if (address, transport) not in self._by_port:
                self._by_port[address, transport] = ByPort(rows)
            rows = self._by_port[address, transport].on(port)
        return (each for each in reversed(rows) if port in port_set(each[1].ports))

    def _start_of(self, order: int) -> int:
        return self._starts[self._place(order)]

    def rows_of(self, address: str, transport: Transport) -> Sequence[tuple[int, PortState]]:
        """Every row of an address by that transport, with its place in the order of all rows."""
        return self._rows.get((address, transport), ())

    def answers_of(self, address: str, only: Transport | None = None) -> Iterator[PortState]:
        """Every answer of an address, or for it, old ones too."""
        return (row for _, row in self._answers_of(address, only))

    def answers_with_scan(self, address: str, only: Transport | None = None) -> Iterator[tuple[Scan, PortState]]:
        """The same, each with the scan that it is of."""
        return ((self._scan_of(order), row) for order, row in self._answers_of(address, only))

    def _answers_of(self, address: str, only: Transport | None) -> Iterator[tuple[int, PortState]]:
        for each in (only,) if only else _TRANSPORTS:
            yield from (pair for pair in self._rows.get((address, each), ()) if pair[1].state != "silent")

    def reports_of(self, source: str) -> list[PortState]:
        """What a router said of other addresses."""
        if self._reports is None:
            self._reports = reports(row for rows in self._rows.values() for _, row in rows)
        return self._reports.get(source, [])

    def flows(self) -> list[tuple[FlowKey, PortState]]:
        """Every probe that got an answer, once, with its newest answer. Order: as first seen."""
        if self._flows is None:
            self._flows = [each for place in self._rows for each in self.answers(*place)]
        return self._flows

    def answers(self, address: str, transport: Transport) -> Iterator[tuple[FlowKey, PortState]]:
        """The same of one address and transport."""
        seen: dict[int, int] = {}
        """Port -> from where on an answer still counts; -1 for one that is settled."""
        for order, row in reversed(self._rows.get((address, transport), ())):
            for port in ports_tuple(row.ports):
                since = seen.get(port, 0)
                if since < 0 or order < since:
                    continue
                if row.state == "silent":
                    seen[port] = max(since, self._start_of(order))
                    continue
                seen[port] = -1
                if order >= self._starts[-1] or not self._silent_since(order, address, transport, port):
                    yield (address, transport, port), row

    def opened(self) -> Mapping[FlowKey, PortState]:
        """Those that were answered as open ports answer. Of closed ports there may be thousands an address."""
        if self._opened is None:
            same = {key: key for key in self.talks}  # A key for each service is enough.
            self._opened = {same.get(key, key): row for key, row in self._open_rows()}
        return self._opened

    def _open_rows(self) -> Iterator[tuple[FlowKey, PortState]]:
        newest = self._starts[-1] if self._starts else 0
        for (address, transport), rows in self._rows.items():
            if len(rows) == 1 and rows[0][0] >= newest:
                # Most have but this one row of one transport, which nothing newer can speak against.
                row = rows[0][1]
                for port in ports_tuple(row.ports) if row.state == "open" else ():
                    yield (address, transport, port), row
                continue
            old = any(order < newest for order, _ in rows)
            quiet = self._silent_at(address, transport) if old else ()
            for port, row, sure in open_ports(rows, quiet):
                if sure or self.answer(address, transport, port) is row:
                    yield (address, transport, port), row

    def answering(self) -> set[str]:
        """The addresses of which some probe got an answer."""
        newest = self._starts[-1] if self._starts else 0
        found = set()
        for (address, transport), rows in self._rows.items():
            if address not in found:
                order, row = rows[-1]
                # What answered in the newest scan of all answers still.
                sure = order >= newest and row.state != "silent" and row.ports
                if sure or any(True for _ in self.answers(address, transport)):
                    found.add(address)
        return found

    def asked(self, places: Iterable[Place]) -> AddressSet:
        """Every address that was asked anything together with others, and of these ones all."""
        if self._asked is None:
            quiet = (each for silences in self._silences.values() for each in silences if each.counts)
            self._asked = AddressSet(span for each in quiet for span in each.addresses.spans)
        single = AddressSet.of({address for address, _, _ in self.singly(places)})
        return single | self._asked if single else self._asked

    def asked_on(self, transport: Transport, port: int, places: Iterable[Place]) -> AddressSet:
        """The same of this very port, whatever came back."""
        single = AddressSet.of(
            address
            for address, kind in places
            if kind == transport and any(True for _ in self._rows_on(address, kind, port))
        )
        quiet = [each for each in self._silences.get(transport, ()) if port in port_set(each.row.ports)]
        return AddressSet(span for each in (single, *(each.addresses for each in quiet)) for span in each.spans)

    def singly(self, places: Iterable[Place]) -> Iterator[tuple[str, Transport, frozenset[str]]]:
        """Of each address with rows of its own the ranges of ports that they speak of."""
        for place in places:
            rows, (address, transport) = self._rows[place], place
            if self._verified:
                rows = [each for each in rows if self._scan_of(each[0]).purpose != "verify"]
            if rows:
                yield address, transport, texts(tuple([row.ports for _, row in rows]))

    def silent(self, transport: Transport, within: AddressSet) -> Iterator[tuple[AddressSet, str]]:
        """Of these addresses those that were silent together, and the ranges of their ports."""
        joined = self._together.get(transport)
        if joined is None:
            joined = self._together[transport] = by_ports(self._silences.get(transport, ()))
        return ((addresses & within, ports) for addresses, ports in joined)

    def _silent_since(self, order: int, address: str, transport: Transport, port: int) -> bool:
        """Whether a later scan than that of this row was not answered."""
        return any(
            silent.order > order and port in port_set(silent.row.ports) and self._start_of(silent.order) > order
            for silent in self._silent_at(address, transport)
        )

    def _silent_at(self, address: str, transport: Transport) -> tuple[Quiet, ...]:
        """The silences that an address had a part in, the newest first."""
        return self._by_address(transport).of(address)

    def silent_from(
        self, transport: Transport, place: tuple[int, int]
    ) -> tuple[tuple[Quiet, ...], tuple[int, int] | None]:
        """The silences that an address (as `address_key` has it) had a part in, the newest first, and up to which
        address (itself not) they are the same. Of addresses without rows of their own that is all there is."""
        return self._by_address(transport).run(place)

    def _by_address(self, transport: Transport) -> Silences[Quiet]:
        found = self._quiet.get(transport)
        if found is None:
            found = self._quiet[transport] = Silences(self._silences.get(transport, ()))
        return found

    def with_rows(self) -> Iterator[Place]:
        """Each address of which, by that transport, more is known than the silence of many."""
        return iter(self._rows)
