"""What has been answered so far, kept small: one byte a probe, and equal answers of a host in one group."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

import msgspec

from scanner.model.addresses import addresses_text, ports_text
from scanner.model.base import Transport
from scanner.model.observation import PortState, Refused, Silence, State

_RANK: dict[State, int] = {"unreachable": 2, "rejected": 3, "closed": 4, "open": 5}
"""Which answer of a port counts when it gives several: a SYN-ACK after a firewall's RST is still an open port."""
_HASTY = 1
"""Host unreachable, said at once: a firewall's refusal, or a router that was giving up on an earlier probe anyway."""
_DELIVERY_FAILED = frozenset({"icmp-3-1", "icmp6-1-3"})
HASTY_MS = 500.0
"""A router that tries to deliver gives up after seconds."""
NO_ROUTE = "this vantage has no route to it"
"""Why a host was refused, in the words of every engine and of the simulation."""


class Answer(msgspec.Struct, frozen=True):
    """What one probe was answered."""

    state: State
    reason: str
    at: float
    ttl: int | None = None
    source: str | None = None
    window: int | None = None


Question = tuple[Transport, int]
"""What every address is asked: a transport and a port."""


class _Group(msgspec.Struct):
    questions: array[int]
    at: float
    rtt_ms: float | None
    tries: int


_Key = tuple[Transport, State, str, int | None, str | None, int | None, int]


class Tally:
    """The answers of `addresses` x `questions`. A probe is known by its index: host index * questions + question index.

    `late` are the hosts (by index) whose silence is only believed after a router had the time to report that it
    found nobody.
    """

    def __init__(
        self, addresses: Sequence[str], questions: Sequence[Question], tries: int, late: Sequence[bool]
    ) -> None:
        self.addresses = addresses
        self.questions = questions
        self.tries = tries
        self.size = len(addresses) * len(questions)
        self._late = late
        self._rank = bytearray(self.size)
        self._groups: dict[int, dict[_Key, _Group]] = {}
        self._skipped: set[int] = set()
        self._refused: dict[int, str] = {}
        self._missing = [len(questions) * (len(late) - sum(late)), len(questions) * sum(late)]

    @property
    def missing(self) -> int:
        """Probes without an answer that one may still come to."""
        return sum(self._missing)

    @property
    def missing_late(self) -> int:
        """Those of them that a router may still answer."""
        return self._missing[1]

    def wanted(self, index: int) -> bool:
        """Whether the probe still has to be sent."""
        return not self._rank[index] and index // len(self.questions) not in self._skipped

    @property
    def hasty(self) -> list[int]:
        """Probes whose only answer is an unreachable that came at once; asked again later, the two causes differ."""
        return [index for index, rank in enumerate(self._rank) if rank == _HASTY] if _HASTY in self._rank else []

    def answered(self, host: int) -> bool:
        """Whether the host answered anything at all."""
        return host in self._groups

    def absent(self, host: int) -> None:
        """The host is not on the own link (no answer to ARP or NDP): silent, and nothing needs to be sent."""
        if host not in self._skipped:
            self._skipped.add(host)
            first = host * len(self.questions)
            self._missing[self._late[host]] -= self._rank[first : first + len(self.questions)].count(0)

    def refuse(self, host: int, reason: str) -> None:
        """Nothing can be sent to the host by our own fault, and its silence would mean nothing."""
        self.absent(host)
        self._refused.setdefault(host, reason)

    def add(self, index: int, answer: Answer, rtt_ms: float | None, tries: int) -> PortState | None:
        """Take an answer. An open port that is new comes back as the row to yield now."""
        rank = _RANK[answer.state]
        if answer.reason in _DELIVERY_FAILED and rtt_ms is not None and rtt_ms < HASTY_MS:
            rank = _HASTY
        before = self._rank[index]
        if rank <= before:
            return None
        self._rank[index] = rank
        host, asked = divmod(index, len(self.questions))
        if not before and host not in self._skipped:
            self._missing[self._late[host]] -= 1
        groups = self._groups.setdefault(host, {})
        transport = self.questions[asked][0]
        key = (transport, answer.state, answer.reason, answer.ttl, answer.source, answer.window, rank)
        group = groups.setdefault(key, _Group(array("H"), answer.at, rtt_ms, tries))
        group.questions.append(asked)
        if answer.state == "open":
            return self._row(host, key, _Group(array("H", (asked,)), answer.at, rtt_ms, tries))
        group.at = max(group.at, answer.at)
        group.tries = max(group.tries, tries)
        if rtt_ms is not None:
            group.rtt_ms = max(group.rtt_ms or 0.0, rtt_ms)
        return None

    def rows(self, at: float) -> Iterator[PortState | Silence | Refused]:
        """The bulk, after the last answer: everything but the open ports, which `add` gave."""
        for host, groups in sorted(self._groups.items()):
            for key, group in groups.items():
                row = None if key[1] == "open" else self._row(host, key, group)
                if row is not None:
                    yield row
        for transport in dict.fromkeys(each for each, _ in self.questions):
            yield from self._quiet(transport, at)

    def _row(self, host: int, key: _Key, group: _Group) -> PortState | None:
        """One row of equal answers, without the ports that a better answer came for later."""
        transport, state, reason, ttl, source, window, rank = key
        first = host * len(self.questions)
        ports = [self.questions[each][1] for each in group.questions if self._rank[first + each] == rank]
        if not ports:
            return None
        address = self.addresses[host]
        label = _label(transport, address, ports)
        return PortState(
            address, transport, label, state, reason, group.at, ttl, source, window, group.rtt_ms, group.tries
        )

    def _quiet(self, transport: Transport, at: float) -> Iterator[PortState | Silence | Refused]:
        """The ports without an answer: of hosts that gave others, row by row; of all others together."""
        asked = [(index, port) for index, (each, port) in enumerate(self.questions) if each == transport]
        silent: list[str] = []
        refused: dict[str, list[str]] = {}
        for host, address in enumerate(self.addresses):
            first = host * len(self.questions)
            ports = [port for index, port in asked if not self._rank[first + index]]
            if host in self._refused and ports:
                refused.setdefault(self._refused[host], []).append(address)
            elif len(ports) == len(asked):
                silent.append(address)
            elif ports:
                label = _label(transport, address, ports)
                yield PortState(address, transport, label, "silent", "no-response", at, tries=self.tries)
        every = [port for _, port in asked]
        for reason, addresses in refused.items():
            for same in _families(transport, addresses):
                yield Refused(addresses_text(same), transport, _label(transport, same[0], every), reason, at)
        for same in _families(transport, silent):
            yield Silence(addresses_text(same), transport, _label(transport, same[0], every), self.tries, at)


def _label(transport: Transport, address: str, ports: Sequence[int]) -> str:
    if transport == "icmp":
        return "128" if ":" in address else "8"
    return ports_text(ports)


def _families(transport: Transport, addresses: list[str]) -> list[list[str]]:
    """IPv4 and IPv6 apart where their ports are written differently."""
    if transport != "icmp":
        return [addresses] if addresses else []
    split = ([each for each in addresses if ":" not in each], [each for each in addresses if ":" in each])
    return [each for each in split if each]
