"""How long a scan will take, for `scan --dry-run`: three answers, as nobody knows before who is there.

Either everything answers, and then there are services to talk to; or nothing does, and then everything is asked again
and a router has seconds to report the dead; or, the longest, hosts answer on some ports and are silent on the others.
"""

from __future__ import annotations

import math

from scanner.canary_plan import PROOFS
from scanner.cli._dressing import detour_packets, dressing_packets
from scanner.cli._progress import duration
from scanner.likely import at_most
from scanner.model.addresses import AddressSet
from scanner.model.base import Frozen
from scanner.plan import DISCOVERY_PORTS, Plan, unit_probes

_START = 0.7
"""Seconds for a command to begin and to end."""
_PACE = 1.05
"""The pace keeps this much below the rate that it may not exceed."""
_FASTEST = {"raw": 100_000.0, "connect": 50_000.0, "nmap": 3000.0}
"""Packets a second that each engine brings about on an ordinary laptop."""
_ALIVE = 0.5
"""Of the addresses that are only asked who is alive, where anybody is."""
_PASSES = 2.2
"""How often what is silent is asked: everything twice, and once more where other ports of a host answer."""
_PASS_WAIT = 0.5
"""Seconds for the last answers of a pass."""
_CONNECTION = 4
"""Packets of a whole connection."""
_SOCKETS = 8000
"""Connections that wait at the same time for answers."""
_CONNECT_WAIT = 2.0
"""Seconds after which a connection without an answer is given up, where no router is waited for."""
_PAUSE = 0.15
"""Of a polite scan between one connection to a host and the next, the connection included; and half of it between one
datagram and the next, whoever gets them."""
_TOLD_OF = 20, 30.0
"""Up to so many UDP ports a host is waited for that tells of one closed port a second, and so many seconds."""
_CONTROL = 0.5, 1.6
"""Seconds to ask something known good before and after a unit."""
_NAMES = 1.5
_SERVICES = 4
"""Of a host with services, at most as a rule."""
_TALK_PACKETS, _TALK_SECONDS, _TALKS_AT_ONCE = 50, 2.4, 200
"""Of a conversation with a service that says nothing: every probe that fits is tried."""
_DEEP = 60.0
"""Of Nmap's conversations with what is still unknown."""


class Part(Frozen, frozen=True):
    """Seconds of one part of a scan."""

    name: str
    answered: float
    """If everything answers."""
    silent: float
    """If nothing does."""
    mixed: float
    """If hosts answer on some ports and are silent on the others."""


def parts(plan: Plan, engine: str, raw: bool) -> list[Part]:
    """The parts that take time, in their order. `raw`: hosts are found by raw packets, whatever asks the ports."""
    timing = _Timing(plan, engine, raw)
    found = [
        Part("finding hosts", *timing.hosts()),
        Part("ports", *timing.ports()),
        Part("canary", *timing.canary()),
        Part("neighbours as gateways", *timing.detours()),
        Part("source ports and fragments", *timing.dressed()),
        Part("names", *timing.names()),
        Part("what runs there", *timing.talks()),
    ]
    return [each for each in found if max(each.answered, each.silent, each.mixed) >= 0.5]


def total(found: list[Part]) -> Part:
    """All of them, with the command's own beginning and end."""
    sums = (_START + sum(times) for times in zip(*((e.answered, e.silent, e.mixed) for e in found), strict=True))
    return Part("all", *sums) if found else Part("all", _START, _START, _START)


def in_words(found: list[Part]) -> str:
    """`about 20 s if everything answers, ...`, with the parts of the longest."""
    whole = total(found)
    said = ", ".join(f"{each.name} {duration(each.mixed)}" for each in found)
    return (
        f"about {duration(whole.answered)} if everything answers, {duration(whole.silent)} if nothing does, "
        f"{duration(whole.mixed)} if hosts answer on some ports only{f' ({said})' if said else ''}; longer where "
        "packets are lost"
    )


_Times = tuple[float, float, float]
_NONE: _Times = 0.0, 0.0, 0.0


class _Timing:
    def __init__(self, plan: Plan, engine: str, raw: bool) -> None:
        self._plan = plan
        self._connects = engine == "connect" or plan.manners.polite
        self._raw = raw
        self._rate = plan.rate / _PACE
        self._fast = min(self._rate, _FASTEST["connect" if self._connects else engine])
        sweep = plan.sweep
        self._near, self._named, self._other, self._more = (
            len(AddressSet.parse(each)) for each in (sweep.on_link, plan.own_named, plan.other, sweep.discover)
        )
        self._tcp, self._udp = len(plan.all_ports.tcp), len(plan.all_ports.udp)
        self._late = plan.manners.patience

    def hosts(self) -> _Times:
        plan = self._plan
        answered, silent = 0.5 + self._near / self._rate, 1.3 + 2 * self._near / self._rate
        if self._raw:
            guessed = AddressSet.parse(plan.sweep.guessed)
            answered += 2 * at_most(guessed, len(AddressSet.parse(plan.sweep.on_link).of_version(4))) / self._rate
            silent += 2 * at_most(guessed, 0) / self._rate
        if routed := len(AddressSet.parse(plan.sweep.routed)):
            answered += 2 * routed / self._rate
            silent += 4 * routed / self._rate + self._late + 1
        if self._more:
            answered += self._more / self._rate
            silent += 2 * self._more / self._rate + self._unechoed() + 4 * _PASS_WAIT
        if plan.sweep.names and self._raw and self._near:
            answered, silent = answered + _NAMES, silent + _NAMES
        return answered, silent, silent

    def _unechoed(self) -> float:
        """Seconds to ask those who do not echo by the other methods."""
        methods = self._plan.sweep.methods
        if self._raw:
            asked = sum(len(DISCOVERY_PORTS.get(each, (0,))) for each in methods if each != "echo")
            return 2 * asked * self._more / self._rate
        asked = len(DISCOVERY_PORTS["syn"]) if "syn" in methods else 0
        return 2 * asked * self._more * max(_CONNECTION / self._fast, _CONNECT_WAIT / _SOCKETS)

    def ports(self) -> _Times:
        if not self._tcp + self._udp:
            return _NONE
        answered = self._of_units(self._asked(), silent=False)
        return (
            answered,
            self._of_units(self._asked(0.0), silent=True),
            self._of_units(self._asked(), silent=True, udp=True),
        )

    def _asked(self, alive: float = _ALIVE) -> float:
        """How many addresses are asked their ports, if that share is found alive."""
        return max(alive * self._near, self._named) + self._other + alive * self._more

    def _of_units(self, hosts: float, silent: bool, udp: bool = False) -> float:
        """Seconds of the port scan. `udp`: who answers at all limits how often it says that a port is closed."""
        width = self._tcp + self._udp
        units = math.ceil(hosts * width / unit_probes(self._plan.rate))
        if self._connects:
            seconds = self._connected(hosts, silent)
        else:
            seconds = (width + 2) * hosts / self._fast * (_PASSES if silent else 1)
        seconds += units * (_CONTROL[silent] if self._other else 0.0)
        if not silent:
            return seconds + units * _PASS_WAIT
        limited = min(_TOLD_OF[1], self._udp) if udp and self._udp <= _TOLD_OF[0] else 0.0
        return seconds + units * (2 * _PASS_WAIT + self._late + limited)

    def _connected(self, hosts: float, silent: bool) -> float:
        """Seconds to connect to every port, and to ask the UDP ones."""
        polite = self._plan.manners.polite
        count = hosts * self._tcp
        wait = max(_CONNECT_WAIT, self._late) if silent else 0.0
        seconds = max(count * _CONNECTION / self._fast, count * wait / _SOCKETS)
        if polite and hosts:
            seconds = max(seconds, self._tcp * (_PAUSE + wait))
        asked = hosts * self._udp * (_PAUSE if polite else 1 / self._rate)
        return 2 * (seconds + wait) + _PASSES * asked if silent else seconds + asked

    def canary(self) -> _Times:
        ports = self._plan.canary_ports
        hosts = len(AddressSet.parse(self._plan.canary))
        if not hosts:
            return _NONE
        tcp = len(ports.tcp) * (_CONNECTION if self._connects else 1)
        seconds = hosts * (tcp + len(ports.udp) + 1) / self._fast
        proofs = hosts * min(PROOFS, len(ports.tcp)) * _CONNECTION / self._rate + 2
        waited = _PASSES * seconds + self._late + 2 * _PASS_WAIT + _CONTROL[True]
        return seconds + proofs + 1, waited, waited + proofs

    def detours(self) -> _Times:
        most = detour_packets(self._plan) if self._raw else 0
        seconds = _ALIVE * most / self._rate + self._late + 2 if most else 0.0
        return seconds, 0.0, seconds

    def dressed(self) -> _Times:
        count, units = dressing_packets(self._plan)
        answered = count / 2 / self._fast + units * _PASS_WAIT
        silent = count / self._fast + units * (self._late + 2 * _PASS_WAIT)
        return answered, silent, silent

    def names(self) -> _Times:
        if not self._plan.manners.resolver:
            return _NONE
        seconds = min(30.0, 2 + self._asked() / 16)
        return seconds, 0.0, seconds

    def talks(self) -> _Times:
        """Most services of a network say at once what they are, but the few that do not are asked for long."""
        if not self._plan.identify or not self._tcp + self._udp:
            return _NONE
        count = self._asked() * min(_SERVICES, self._tcp + self._udp)
        seconds = 2 + max(count * _TALK_PACKETS / self._rate, count / _TALKS_AT_ONCE * _TALK_SECONDS)
        if self._plan.manners.deep:
            seconds += _DEEP
        return seconds, 0.3, seconds
