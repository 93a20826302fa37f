"""The whole job on one page: `observe` carries out a plan, `scanner.assess.assess` judges what was observed.

plan ──> sweep ──> knock ──> converse ──> Observation* ──> journal ──> assess ──> Report
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from scanner.canary_plan import canary_knocks, proofs
from scanner.dressing import MOST_PAIRS, canary_dressed, detours, dressed
from scanner.link_local import LINK_LOCAL_UNIT, asks_near, near
from scanner.model.addresses import AddressSet, ports_of
from scanner.model.network import Converse, Knock, Network, Pace, Sweep, Talk
from scanner.model.observation import (
    SHUT_OUT,
    Alive,
    Conversation,
    Event,
    HostSeen,
    Limitation,
    Observation,
    PortState,
    Progress,
    Refused,
    Silence,
)
from scanner.model.site import Site
from scanner.outlook import outlook
from scanner.plan import Plan, scope_of, subnets
from scanner.probes import elsewhere
from scanner.store import Journal

CANARY_UNIT = "canary"
_TALKS_A_UNIT = 2000
_DEEP_A_UNIT = 64
_CONTROL_TRIES = 3
_BEFORE_SECONDS = 0.6
_CONTROL = "something known good"
_FEW_ZONES = 3


def observe(plan: Plan, network: Network, journal: Journal, pace: Pace, site: Site) -> Iterator[Event]:
    """Carry out `plan`, keep every observation, and pass each event on to whoever watches.

    Calling this again resumes. Units that the journal holds as done are passed over. Of a unit that was cut off, what
    is answered in the journal is not asked again, conversations that brought an answer and may have had more to ask
    apart. Closing the iterator stops the traffic at once and keeps what was seen.
    """
    # Of the plan and not of the site file, which may have changed since: the units have to be the same on resume.
    sweep = plan.sweep
    wanted = AddressSet.parse(",".join(filter(None, (sweep.on_link, sweep.revealed, sweep.discover))))
    resolver = plan.manners.resolver
    found = _Found(wanted, plan.identify, bool(resolver))
    cut_off: dict[str, list[Observation]] = {}
    for name, each in journal.rows():
        found.take(name, each)
        if not journal.done(name):
            cut_off.setdefault(name, []).append(each)

    def unit(name: str, ask: Callable[[], Iterator[Event]], about: str = "") -> Iterator[Event]:
        return _unit(name, ask, journal, found, about)

    if not journal.done("sweep") and "sweep" not in cut_off:
        for left_out in plan.left_out:
            journal.write("sweep", left_out)
    sweep = unasked_sweep(sweep, cut_off.get("sweep", ()))
    yield from unit("sweep", partial(network.sweep, sweep, pace))

    knocks = plan.knocks(found.alive())
    yield outlook(knocks, site, journal.done, time.time())
    if any(each.echo for each in knocks) and not found.echoed:
        yield from unit("before", partial(_before, plan, network, found, pace), _CONTROL)
    for number, whole in enumerate(knocks):
        name = f"knock-{number}"
        knock = whole if journal.done(name) else unasked_knock(whole, cut_off.get(name, ()))
        yield from unit(name, partial(network.knock, knock, pace), _zones(site, whole.addresses))
        if whole.echo:
            yield from unit(f"control-{number}", partial(_control, plan, network, found, pace), _CONTROL)

    if asks_near(plan, site):
        yield from unit(LINK_LOCAL_UNIT, partial(near, plan, site, found.alive(), network, pace))

    for number, whole in enumerate(canary_knocks(plan)):
        name = f"{CANARY_UNIT}-{number}"
        knock = whole if journal.done(name) else unasked_knock(whole, cut_off.get(name, ()))
        yield from unit(name, partial(network.knock, knock, pace), "the canary")
        yield from unit(f"control-{name}", partial(_control, plan, network, found, pace), _CONTROL)
        yield from unit(f"proof-{name}", partial(_proved, plan, network, journal, name, pace))

    for name, whole in detours(plan, site, journal.rows()):
        yield from unit(name, partial(network.knock, whole, pace), "other zones by way of neighbours")
    again, left = dressed(plan, journal.rows())
    canaries = list(canary_dressed(plan, canary_knocks(plan)))
    for name, whole in [*again, *canaries]:
        knock = whole if journal.done(name) else unasked_knock(whole, cut_off.get(name, ()))
        yield from unit(name, partial(network.knock, knock, pace), f"{_zones(site, whole.addresses)} by {whole.via}")
    if again or canaries:
        yield from unit("control-via", partial(_control, plan, network, found, pace), _CONTROL)
    if again:
        yield from unit("via-left", lambda: iter(_left_plain(left)))

    if resolver:
        named = Sweep(named=str(AddressSet.of(found.answered) & scope_of(site)), resolver=resolver)
        yield from unit("names", partial(network.sweep, named, pace) if named.named else _nothing)

    if plan.identify:
        asked = AddressSet(span for each in knocks for span in AddressSet.parse(each.addresses).spans)
        unheard = found.unheard(plan.all_ports.udp, asked, AddressSet.parse(plan.sweep.on_link), site)
        talks = sorted({*found.open, *unheard}, key=lambda talk: (talk.port, talk.address, talk.transport))
        for number, start in enumerate(range(0, len(talks), _TALKS_A_UNIT)):
            name = f"converse-{number}"
            request = unasked_talks(talks[start : start + _TALKS_A_UNIT], cut_off.get(name, ()))
            yield from unit(name, partial(network.converse, request, pace))
    if plan.identify and plan.manners.deep:
        talks, refused = _deep(journal)
        for number, start in enumerate(range(0, len(talks), _DEEP_A_UNIT)):
            name = f"deep-{number}"
            request = msgspec.structs.replace(
                unasked_talks(talks[start : start + _DEEP_A_UNIT], cut_off.get(name, ()), whatever=True), deep=True
            )
            yield from unit(name, partial(network.converse, request, pace))
        yield from unit("deep-refused", lambda: iter(refused))
    journal.complete()


def _left_plain(left: AddressSet) -> list[Limitation]:
    what = "source ports that rules trust, and fragments"
    reason = f"{left} were asked plainly only: a scan asks {MOST_PAIRS} pairs of an address and a port in each dressing"
    return [Limitation(what, reason, time.time())] if left else []


def _deep(journal: Journal) -> tuple[list[Talk], list[Refused]]:
    """The services that nothing could name so far, for Nmap; hosts that look as if they break are spared."""
    from scanner.feeds.recog import users_recog
    from scanner.identify.second import breakable, unknown
    from scanner.identify.vendor import vendor

    # Of the earlier units only, so that a resumed scan cuts the same ones.
    rows = [each for name, each in journal.rows() if not name.startswith("deep-")]
    services = unknown((each for each in rows if isinstance(each, Conversation)), users_recog())
    spared = breakable(rows, {address for address, _ in services}, vendor)
    now = time.time()
    refused = [
        Refused(
            address, "tcp", str(port), f"{spared[address]}: Nmap's version probes are payloads, and it gets none", now
        )
        for address, port in services
        if address in spared
    ]
    return [Talk(address, "tcp", port) for address, port in services if address not in spared], refused


class _Found:
    """What the later stages need of what the earlier ones saw, kept as it passes by."""

    def __init__(self, wanted: AddressSet, identify: bool, called: bool = False) -> None:
        self._wanted = wanted
        self._identify = identify
        self._called = called
        self.answered: set[str] = set()
        """Where names are looked up: every address that gave a sign of life itself."""
        self._alive: set[str] = set()
        self._many: list[AddressSet] = []
        self.echoed: dict[bool, str] = {}
        """For IPv4 (False) and IPv6 (True) the first address beyond the own link that echoed."""
        self.open: set[Talk] = set()
        """The open ports: what there is to talk to."""
        self._spoke: set[str] = set()
        """Who has an open port or echoes."""
        self._settled: set[Talk] = set()
        """Of the ports of `elsewhere` those that answered the port scan."""

    def take(self, unit: str, event: Event) -> None:
        if unit == LINK_LOCAL_UNIT or unit.startswith(CANARY_UNIT):
            # The one is there under its routable address, too; the other is a laptop of ours. Nothing to talk to.
            return
        kind = type(event)
        if kind is PortState:
            assert isinstance(event, PortState)
            if event.via:
                return  # whoever talks to it does so plainly, and is not answered
            if self._called and event.state in ("open", "closed") and event.source in (None, event.address):
                self.answered.add(event.address)
            if self._identify and event.transport == "udp" and event.state != "silent":
                ports = elsewhere().keys() & set(ports_of(event.ports))
                self._settled.update(Talk(event.address, "udp", port) for port in ports)
            if event.state == "open":
                if self._identify and event.source in (None, event.address):
                    self._spoke.add(event.address)
                if event.transport != "icmp":
                    if not self._identify:
                        return  # nobody will talk to them, and a large network has millions
                    if event.ports.isdecimal():
                        self.open.add(Talk(event.address, event.transport, int(event.ports)))
                    else:
                        self.open.update(Talk(event.address, event.transport, p) for p in ports_of(event.ports))
                elif event.ports != "13":
                    self.echoed.setdefault(":" in event.address, event.address)
        elif kind is HostSeen and unit == "sweep":
            # Of the sweep only: the units of the port scan are cut from these, and have to be the same ones on resume.
            assert isinstance(event, HostSeen)
            if event.how not in ("self", "named"):
                self._alive.add(event.address)
                self.answered.add(event.address)
        elif kind is Alive:
            assert isinstance(event, Alive)
            many = AddressSet.parse(event.addresses)
            if event.reason == "echo-reply":
                self.echoed.setdefault(":" in event.addresses, next(iter(many)))
            if unit == "sweep":
                self._many.append(many)
                if self._called:
                    self.answered.update(many)

    def unheard(self, ports: Iterable[int], asked: AddressSet, on_link: AddressSet, site: Site) -> Iterator[Talk]:
        """Ports whose answers no port scan hears, at hosts that gave a sign of life: a conversation has to tell."""
        ports = frozenset(ports)
        wanted = [(port, how.on_link) for port, how in elsewhere().items() if port in ports]
        signs = AddressSet.of(self._spoke | self._alive)
        for address in AddressSet(span for each in (signs, *self._many) for span in each.spans) & asked:
            if site.fragile(address):
                continue  # it gets no payload
            for port, only_on_link in wanted:
                talk = Talk(address, "udp", port)
                if talk not in self._settled and (not only_on_link or address in on_link):
                    yield talk

    def alive(self) -> AddressSet:
        """Who gave a sign of life to the sweep, of those that may be knocked for it."""
        alive = AddressSet.of(self._alive)
        return AddressSet(span for each in (alive, *self._many) for span in each.spans) & self._wanted


def unasked_sweep(request: Sweep, answers: Iterable[Observation]) -> Sweep:
    """The sweep without what these answers of a cut-off attempt settle. Neighbours are asked again: they have names,
    and their MACs are needed anew."""
    pings: dict[str, set[int]] = {}
    alive: set[str] = set()
    many = AddressSet()
    for each in answers:
        if isinstance(each, Alive):
            many |= AddressSet.parse(each.addresses)
        elif isinstance(each, PortState) and each.transport == "icmp" and each.state != "silent":
            pings.setdefault(each.address, set()).update(ports_of(each.ports))
            if each.source == each.address:
                # What a router says instead leaves the host to be found by other means.
                alive.add(each.address)
        elif isinstance(each, HostSeen) and each.how not in ("named", "gateway", "self"):
            alive.add(each.address)
    settled = AddressSet.of(a for a, asked in pings.items() if asked >= ({128} if ":" in a else {8, 13}))
    return msgspec.structs.replace(
        request,
        routed=str(AddressSet.parse(request.routed) - settled),
        discover=str(AddressSet.parse(request.discover) - AddressSet.of(alive) - many),
    )


def unasked_knock(request: Knock, answers: Iterable[Observation]) -> Knock:
    """The knock without what has its answer: addresses of which every port has, and single ports of the others."""
    rows = [each for each in answers if isinstance(each, PortState) and each.state != "silent"]
    answered: dict[str, set[tuple[str, int]]] = {}
    for each in rows:
        ports = answered.setdefault(each.address, set())
        ports.update((each.transport, port) for port in ports_of(each.ports))
    asked = {*(("tcp", port) for port in request.tcp), *(("udp", port) for port in request.udp)}
    pings = {4: {("icmp", 8), ("icmp", 13)}, 6: {("icmp", 128)}} if request.echo else {4: set(), 6: set()}
    settled = AddressSet.of(a for a, ports in answered.items() if asked | pings[6 if ":" in a else 4] <= ports)
    return msgspec.structs.replace(
        request,
        addresses=str(AddressSet.parse(request.addresses) - settled),
        known=(
            *request.known,
            *((each.address, each.transport, each.ports) for each in rows if each.address not in settled),
        ),
    )


def unasked_talks(talks: Iterable[Talk], answers: Iterable[Observation], whatever: bool = False) -> Converse:
    """The conversations without those that are known to be over: one that was answered may have had more to ask, unless
    one is all there is (`whatever`)."""
    over = {
        Talk(each.address, each.transport, each.port)
        for each in answers
        if isinstance(each, Conversation) and (whatever or each.outcome != "answered")
    }
    return Converse(tuple(talk for talk in talks if talk not in over))


def _nothing() -> Iterator[Event]:
    return iter(())


def _proved(plan: Plan, network: Network, journal: Journal, name: str, pace: Pace) -> Iterator[Event]:
    """Whole connections to a canary, on some of the ports that said SYN-ACK."""
    request = proofs(plan, (row for unit, row in journal.rows() if unit == name))
    return network.converse(request, pace) if request.talks else _nothing()


def _before(plan: Plan, network: Network, found: _Found, pace: Pace) -> Iterator[Event]:
    """Find somebody of each family who echoes before the first port is asked, for `_control`; that is all."""
    landmarks = AddressSet.parse(plan.landmarks)
    wanted = {version == 6 for version in (4, 6) if landmarks.of_version(version)}
    end = time.monotonic() + _BEFORE_SECONDS
    events = network.sweep(Sweep(routed=plan.landmarks, tries=1, names=False, patience=0.0), pace)
    with closing(events):
        for event in events:
            yield event
            if wanted <= found.echoed.keys() or time.monotonic() > end:
                return


def _control(plan: Plan, network: Network, found: _Found, pace: Pace) -> Iterator[Event]:
    """After silence, something known good is asked once more: the router, by way of an address that it leads to.

    One address of each family, one that echoed before if there is one: if it no longer does, that is said. Else it is
    enough that the router answers. That others stay silent is no news, and only who answered is kept.
    """
    beyond, far_side = AddressSet.parse(plan.other), AddressSet.parse(plan.canary)
    chosen: list[str] = []
    lost: set[str] = set()
    routers: set[bool] = set()
    for version in (4, 6):
        echoed = found.echoed.get(version == 6)
        other = next(iter(beyond.of_version(version) or far_side.of_version(version)), None)
        if echoed is not None:
            chosen.append(echoed)
            lost.add(echoed)
        elif other is not None:
            chosen.append(other)
            routers.add(version == 6)
    if not chosen:
        return
    # Nobody waits for a router's report here: an echo is answered, or it is not.
    tries = _CONTROL_TRIES if lost else 1
    asked = Sweep(discover=str(AddressSet.of(chosen)), tries=tries, names=False, methods=("echo",), patience=0.0)
    events = network.sweep(asked, pace)
    with closing(events):
        for event in events:
            if isinstance(event, PortState) and event.state == "open":
                lost.discard(event.address)
            elif isinstance(event, Alive):
                lost.difference_update(AddressSet.parse(event.addresses))
            elif isinstance(event, HostSeen) and event.how == "gateway":
                routers.discard(":" in event.address)
            if not isinstance(event, PortState | Silence):
                yield event
            if not lost and not routers:
                return
    if lost:
        reason = f"{', '.join(sorted(lost))} echoed before the port scan and no longer did after it"
        yield Limitation(SHUT_OUT, reason, time.time())


@contextmanager
def closing(events: Iterator[Event]) -> Iterator[None]:
    """Whatever happens, the traffic behind the events ends with them."""
    try:
        yield
    finally:
        if isinstance(events, Generator):
            events.close()


def _zones(site: Site, addresses: str) -> str:
    """The zones that those addresses are of, in a few words."""
    asked = AddressSet.parse(addresses)
    names = [zone.name for zone in site.zones if asked & subnets(zone.subnets)]
    return ", ".join(names if len(names) <= _FEW_ZONES else [*names[:2], f"{len(names) - 2} more zones"])


def _unit(
    name: str, ask: Callable[[], Iterator[Event]], journal: Journal, found: _Found, about: str
) -> Iterator[Event]:
    """One unit of work: its events are kept and passed on, and only a unit that ran to its end is marked done."""
    if journal.done(name):
        return
    events = ask()
    write, take = journal.write, found.take
    try:
        with closing(events):
            for event in events:
                if type(event) is not Progress:
                    write(name, event)  # type: ignore[arg-type]
                    take(name, event)
                else:
                    event = msgspec.structs.replace(event, about=about, unit=name)
                yield event
    finally:
        journal.flush()
    journal.flush(finished=name)
