"""`patiently` for the raw engine: a volley's last silent UDP ports, whatever wire the volley went over."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from scanner.model.addresses import AddressSet
from scanner.model.network import Pace
from scanner.model.observation import Event, Progress, Vantage
from scanner.net.packets.link import Link
from scanner.net.patience import limiting, patiently
from scanner.net.raw.aim import Aim
from scanner.net.raw.resolve import Macs
from scanner.net.raw.signed import Signature
from scanner.net.raw.small_wire import RawWire
from scanner.net.volley.senders import Arrival
from scanner.net.volley.tally import Question, Tally


def again(
    tally: Tally,
    link: Link,
    vantage: Vantage,
    macs: Macs,
    payloads: Mapping[int, bytes],
    pace: Pace,
    sign: Signature | None = None,
) -> Iterator[Event]:
    """Ask hosts that limit their port-unreachables for what they have not told; the answers go into `tally`."""
    left = limiting(tally)
    if not left:
        return
    hosts = {tally.addresses[host]: host for host in left}
    aim = Aim(AddressSet.of(hosts), link, vantage, macs, sign)
    for _ in aim.resolve(tally.tries, pace):
        yield Progress("knock", tally.size - tally.missing, tally.size, time.time())
    width = len(tally.questions)
    asked = sorted({index % width for indexes in left.values() for index in indexes})
    questions: list[Question] = [tally.questions[each] for each in asked]
    part = aim.tally(questions, tally.tries)
    # By hand however many hosts there are: a turn is a few packets to each, and lasts a second.
    wire = aim.wire(part, payloads, tries=0)
    assert isinstance(wire, RawWire)
    places = [hosts[address] * width + each for address in part.addresses for each in asked]
    yield from patiently(_Part(wire, places), tally, pace)


class _Part:
    """A wire to some hosts of a tally. `places`: where each probe of the wire stands in the tally."""

    def __init__(self, wire: RawWire, places: list[int]) -> None:
        self._wire = wire
        self._places = places
        self._numbers = {place: number for number, place in enumerate(places)}

    def send(self, index: int, attempt: int) -> None:
        self._wire.send(self._numbers[index], attempt)

    def receive(self, timeout: float) -> Iterable[Arrival]:
        for each in self._wire.receive(timeout):
            yield msgspec.structs.replace(each, index=self._places[each.index])

    def check(self) -> None:
        self._wire.check()
