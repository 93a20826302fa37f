"""A scan as it goes: what its events add up to. Pure; `now` is the events' own clock, seconds since the epoch."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from scanner.identify import identify
from scanner.model.addresses import AddressSet
from scanner.model.observation import (
    Alive,
    Conversation,
    Event,
    HostSeen,
    Limitation,
    Outlook,
    PortState,
    Progress,
    Reading,
    Refused,
)
from scanner.model.text import plural, visible
from tui.query import Column, Row

COLUMNS = (
    Column(key="time", title="TIME", least=8, most=8),
    Column(key="what", title="FOUND", least=10, most=22),
    Column(key="host", title="ADDRESS", least=15, most=39),
    Column(key="zone", title="ZONE", least=10, most=16),
    Column(key="detail", title="WHAT IT SAID", least=20, most=90),
    Column(key="port", title="", shown=False, match="words"),
)
"""Of the table of what is found."""
STAGES = {"sweep": "finding hosts", "knock": "asking ports", "converse": "asking what runs there"}
_RATES = 60
"""Figures that the curve of the packet rate shows."""
_TOO_EARLY = 2.0
"""Seconds before which nobody can say how long the rest takes."""
_SAID = 160
"""Characters of an answer that are shown."""
_PRODUCTS, _WORD = 3, 4


class ZoneWork(msgspec.Struct, frozen=True):
    """How far the port scan of a zone is."""

    zone: str
    """Empty for addresses of no zone."""
    part: float
    """0 to 1."""
    left: float | None
    """Seconds until it is through, the zones before it included; None where nobody can say yet."""
    state: str
    """`done`, `now` or `next`."""


class Live:
    """What a scan has seen and done so far. `see` takes an event and gives what it adds to the table."""

    def __init__(self, zone_of: Callable[[str], str]) -> None:
        self._zone_of = zone_of
        self.hosts: set[str] = set()
        self._many = AddressSet()
        self.open = 0
        self.answered = 0
        """Port probes that were answered, and of those, further below, the ones that took more than one try."""
        self.again = 0
        self.named = 0
        """Services that said something."""
        self.refused = 0
        """What may not be asked, and was not."""
        self.limits: list[Limitation] = []
        self.progress: Progress | None = None
        self.rates: deque[float] = deque(maxlen=_RATES)
        self._rated = 0.0
        self.outlook: Outlook | None = None
        self._parts: dict[str, float] = {}
        self._began: tuple[float, float] | None = None
        """When the port scan began, and how many questions had their answer by then."""
        self._seen: set[tuple[str, ...]] = set()

    @property
    def alive(self) -> int:
        return len(self.hosts) + len(self._many)

    @property
    def loss(self) -> float:
        """The part of all answers that came only when asked again."""
        return self.again / self.answered if self.answered else 0.0

    def see(self, event: Event) -> Iterator[Row]:
        """Each thing that is new gives one row, however often it is seen."""
        if isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, PortState):
            yield from self._port(event)
        elif isinstance(event, HostSeen):
            yield from self._host(event)
        elif isinstance(event, Conversation):
            yield from self._said(event)
        elif isinstance(event, Alive):
            self._many |= AddressSet.parse(event.addresses)
            self.hosts = {each for each in self.hosts if each not in self._many}
            found = AddressSet.parse(event.addresses)
            what, said = plural(len(found), "host"), f"{event.transport} {event.reason}"
            yield from self._row(event.at, what, event.addresses, said, first=next(iter(found), ""))
        elif isinstance(event, Outlook):
            self.outlook = event
            self._parts.update({each.unit: 1.0 for each in event.units if each.done})
            self._began = (event.at, self._questions())
        elif isinstance(event, Limitation):
            if event not in self.limits:
                self.limits.append(event)
        elif isinstance(event, Refused):
            self.refused += 1

    # How far it is

    def _advance(self, event: Progress) -> None:
        if self.outlook is not None and event.unit:
            units = [each.unit for each in self.outlook.units]
            if event.unit in units:
                # Units are done in their order: whatever this one says, those before it are over.
                self._parts.update(dict.fromkeys(units[: units.index(event.unit)], 1.0))
                if event.total:
                    part = min(1.0, event.done / event.total)
                    self._parts[event.unit] = max(part, self._parts.get(event.unit, 0.0))
            elif event.stage == "converse" or event.unit.startswith(("detour", "via", "names")):
                self._parts.update(dict.fromkeys(units, 1.0))
        if event.at - self._rated >= 0.5:
            self._rated = event.at
            self.rates.append(event.rate)
        self.progress = event

    def _questions(self) -> float:
        """Questions of the port scan that are over, in part or whole."""
        units = self.outlook.units if self.outlook else ()
        return sum(self._parts.get(each.unit, 0.0) * sum(n for _, n in each.questions) for each in units)

    def zones(self) -> list[ZoneWork]:
        """The zones whose ports are asked, in the order in which they are."""
        if self.outlook is None:
            return []
        pace, ahead = self._pace(), 0.0
        whole: dict[str, float] = {}
        over: dict[str, float] = {}
        until: dict[str, float] = {}
        now: set[str] = set()
        for each in self.outlook.units:
            part, size = self._parts.get(each.unit, 0.0), sum(n for _, n in each.questions)
            ahead += (1 - part) * size
            for zone, count in each.questions:
                whole[zone] = whole.get(zone, 0.0) + count
                over[zone] = over.get(zone, 0.0) + count * part
                until[zone] = ahead
                if 0 < part < 1:
                    now.add(zone)
        found = []
        for zone, total in whole.items():
            part = over[zone] / total if total else 1.0
            state = "done" if part >= 1 else "now" if zone in now else "next"
            left = until[zone] / pace if pace and state != "done" else None
            found.append(ZoneWork(zone, part, left, state))
        return found

    def left(self) -> float | None:
        """Seconds until all ports are asked; None where nobody can say, or where they are."""
        return max((each.left for each in self.zones() if each.left is not None), default=None)

    def _pace(self) -> float:
        """Questions a second, since the port scan began."""
        if self._began is None or self.progress is None:
            return 0.0
        began, before = self._began
        spent = self.progress.at - began
        return (self._questions() - before) / spent if spent >= _TOO_EARLY else 0.0

    # What it finds

    def _host(self, event: HostSeen) -> Iterator[Row]:
        if event.how in ("named", "self"):
            if event.how == "named" and event.names:
                yield from self._row(event.at, "name", event.address, f"{', '.join(event.names)} ({event.said_by})")
            return
        self._count(event.address)
        what = "router" if event.how == "gateway" else "host"
        said = " ".join(filter(None, (event.how, event.mac, ", ".join(event.names))))
        yield from self._row(event.at, what, event.address, said, key=(what, event.address, *event.names))

    def _port(self, event: PortState) -> Iterator[Row]:
        if event.state == "silent":
            return
        self.answered += 1
        self.again += event.tries > 1
        if event.state != "open":
            return
        self._count(event.address)
        said = " ".join(filter(None, (event.reason, f"ttl {event.ttl}" if event.ttl is not None else "")))
        if event.rtt_ms is not None:
            said += f" {event.rtt_ms:.1f} ms"
        if event.via:
            said = f"by {event.via}: {said}"
        if event.transport == "icmp":
            yield from self._row(event.at, "echo", event.address, said, key=("echo", event.address, event.via))
            return
        self.open += 1
        what = f"{event.transport}/{event.ports}"
        yield from self._row(event.at, what, event.address, said, event.ports, key=(what, event.address, event.via))

    def _said(self, event: Conversation) -> Iterator[Row]:
        if event.outcome != "answered":
            return
        self.named += 1
        said = " ".join(filter(None, (event.probe, "over TLS" if event.tls else "", _told(event.readings))))
        what = f"{event.transport}/{event.port}"
        key = ("said", what, event.address, event.probe)
        yield from self._row(event.at, what, event.address, said, str(event.port), key=key)

    def _count(self, address: str) -> None:
        if address not in self.hosts and address not in self._many:
            self.hosts.add(address)

    def _row(
        self,
        at: float,
        what: str,
        address: str,
        said: str,
        port: str = "",
        first: str = "",
        key: tuple[str, ...] | None = None,
    ) -> Iterator[Row]:
        key = key or (what, address, said)
        if key not in self._seen:
            self._seen.add(key)
            time = f"{datetime.datetime.fromtimestamp(at):%H:%M:%S}"
            yield (time, what, address, self._zone_of(first or address), said, port)


def _told(readings: tuple[Reading, ...]) -> str:
    """The products that the answers name; else the first words that an answer begins with."""
    found = (each for reading in readings for each in identify(reading.kind, reading.raw))
    named = list(dict.fromkeys(" ".join(filter(None, (each.name, each.version))) for each in found))
    if named:
        return visible(", ".join(named[:_PRODUCTS]), _SAID)
    for reading in readings:
        line = reading.raw[:_SAID].split(b"\r")[0].split(b"\n")[0].decode("utf-8", "replace").strip()
        if line.isprintable() and len(line) >= _WORD:
            return visible(line, _SAID)
    return ""
