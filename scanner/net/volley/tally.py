"""What has been answered so far, in flat arrays: a million probes take some tens of megabytes.

A probe is known by its index: host index * questions + question index. The arrays are plain memory, which
`scanner.net.volley.heap` reads and writes a batch at a time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import itemgetter

import msgspec

from scanner.model.addresses import AddressSet, ports_of, ports_text
from scanner.model.base import Transport
from scanner.model.observation import PortState, Refused, Silence, State

RANK: dict[State, int] = {"unreachable": 2, "rejected": 3, "closed": 4, "open": 5}
"""Which answer of a port counts when it gives several: a SYN-ACK after a firewall's RST is still an open port."""
OPEN = RANK["open"]
HASTY = 1
"""Host unreachable, said at once: a firewall's refusal, or a router that was giving up on an earlier probe anyway."""
DELIVERY_FAILED = frozenset({"icmp-3-1", "icmp6-1-3"})
HASTY_MS = 500.0
"""A router that tries to deliver gives up after seconds."""
NO_ROUTE = "this vantage has no route to it"
"""Why a host was refused, in the words of every engine and of the simulation."""
UNSETTLED = "not settled: too many packets were lost for its silence to mean anything"
"""Why silence is not stated, though it was all there was."""
_SILENT = bytes((1, *bytes(255)))
"""From ranks to marks of what is unanswered."""
FIRST_HOP = frozenset({32, 64, 128, 255})
"""TTLs of answers that no router has passed on."""
KNOWN = 255
"""In place of the try that was answered: it was in an earlier run."""
_MOST_LABELS = 1000
ITSELF = ""
"""`Answer.source` of an answer that the probed address gave itself."""


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
Key = tuple[Transport, State, str, int | None, str | None, int | None]
"""What makes two answers equal: transport, state, reason, TTL, source, window."""


class Tally:
    """The answers of `addresses` x `questions`.

    `late` are the hosts (by index) whose silence is only believed after a router had the time to report that it
    found nobody.
    """

    def __init__(
        self, addresses: Sequence[str], questions: Sequence[Question], tries: int, late: Sequence[bool]
    ) -> None:
        self.addresses = addresses
        self.whole: AddressSet | None = None
        """The same addresses as a set, where they are in its order."""
        self.quiet = False
        """Whether ports that open are kept for later instead of told at once."""
        self.questions = questions
        self.tries = tries
        """How often every probe is sent at least; and how often the silent ones were, once a volley says more."""
        self.size = len(addresses) * len(questions)
        self.rank = bytearray(self.size)
        self.code = array("I", bytes(4 * self.size))
        """Which of `keys` the answer is."""
        self.at = array("d", bytes(8 * self.size))
        """When it came, seconds since the epoch."""
        self.rtt = array("f", bytes(4 * self.size))
        """Milliseconds; negative where it is not known to which try the answer belongs."""
        self.tried = bytearray(self.size)
        """Which try was answered, from 1."""
        self.sent = array("d", bytes(8 * self.size))
        """When the last try left."""
        self.asked = bytearray(self.size)
        """How often it was sent."""
        self.keys: list[Key] = [("tcp", "silent", "", None, None, None)]
        self.skipped = bytearray(len(addresses))
        """Hosts that nothing is sent to."""
        self.opened = bytearray(len(addresses))
        """Hosts that accepted something themselves, as far as that can be told: no router reports those dead."""
        self._codes: dict[Key, int] = {}
        self.late = late
        self._refused: dict[int, str] = {}
        self._labels: dict[tuple[bytes, bool], str] = {}
        self._missing = [len(questions) * (len(late) - sum(late)), len(questions) * sum(late)]

    @property
    def missing(self) -> int:
        """Probes without an answer that one may still come to."""
        return sum(self._missing)

    @property
    def missing_late(self) -> int:
        """Those of them that a router may still answer."""
        return self._missing[1]

    @property
    def waits_for_routers(self) -> bool:
        """Whether a silent probe is left whose host a router may yet report dead."""
        if not self._missing[1]:
            return False
        width = len(self.questions)
        return any(
            self.late[host]
            and not self.opened[host]
            and not self.skipped[host]
            and 0 in self.rank[host * width : (host + 1) * width]
            for host in range(len(self.addresses))
        )

    def wanted(self, index: int) -> bool:
        """Whether the probe still has to be sent."""
        return not self.rank[index] and not self.skipped[index // len(self.questions)]

    @property
    def hasty(self) -> list[int]:
        """Probes whose only answer is an unreachable that came at once; asked again later, the two causes differ."""
        return [index for index, rank in enumerate(self.rank) if rank == HASTY] if HASTY in self.rank else []

    def answered(self, host: int) -> bool:
        """Whether the host answered anything at all."""
        width = len(self.questions)
        return any(self.rank[host * width : (host + 1) * width])

    def absent(self, host: int) -> None:
        """The host is not on the own link (no answer to ARP or NDP): silent, and nothing needs to be sent."""
        if not self.skipped[host]:
            self.skipped[host] = 1
            first = host * len(self.questions)
            self._missing[self.late[host]] -= self.rank.count(0, first, first + len(self.questions))

    def refuse(self, host: int, reason: str) -> None:
        """Nothing can be sent to the host by our own fault, and its silence would mean nothing."""
        self.absent(host)
        self._refused.setdefault(host, reason)

    def know(self, known: Iterable[tuple[str, Transport, str]]) -> None:
        """These (address, transport, ports) have their answers already: neither asked nor told."""
        rows = list(known)
        if not rows:
            return
        hosts = {address: host for host, address in enumerate(self.addresses)}
        asked = {question: index for index, question in enumerate(self.questions)}
        for address, transport, ports in rows:
            host = hosts.get(address)
            for port in ports_of(ports) if host is not None else ():
                question = asked.get((transport, 8 if (transport, port) == ("icmp", 128) else port))
                if host is None or question is None:
                    continue
                index = host * len(self.questions) + question
                if not self.rank[index]:
                    self.rank[index] = OPEN
                    self.tried[index] = KNOWN
                    if not self.skipped[host]:
                        self._missing[self.late[host]] -= 1

    def asked_alike(self) -> Iterator[Tally]:
        """The same in parts, each of addresses that were asked the same, without what was known already: the silent of
        a part are one row."""
        width = len(self.questions)
        groups: dict[tuple[int, ...], list[int]] = {}
        for host in range(len(self.addresses)):
            asked = tuple([each for each in range(width) if self.tried[host * width + each] != KNOWN])
            groups.setdefault(asked, []).append(host)
        for asked, hosts in groups.items():
            found = Tally(
                [self.addresses[each] for each in hosts],
                [self.questions[each] for each in asked],
                self.tries,
                [self.late[each] for each in hosts],
            )
            places = [host * width + each for host in hosts for each in asked]
            found.keys = self.keys
            found.rank, found.tried = (bytearray([of[each] for each in places]) for of in (self.rank, self.tried))
            found.code = array("I", [self.code[each] for each in places])
            found.at = array("d", [self.at[each] for each in places])
            found.rtt = array("f", [self.rtt[each] for each in places])
            yield found

    def encode(self, key: Key) -> int:
        """The number of a key, for `code`."""
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = len(self.keys)
            self.keys.append(key)
        return code

    def count_settled(self, near: int, late: int) -> None:
        """So many probes have got their first answer, of hosts that are not and that are `late`."""
        self._missing[0] -= near
        self._missing[1] -= late

    def add(self, index: int, answer: Answer, rtt_ms: float | None, tries: int) -> PortState | None:
        """Take an answer. An open port that is new comes back as the row to yield now."""
        rank = RANK[answer.state]
        if answer.reason in DELIVERY_FAILED and (rtt_ms is None or rtt_ms < HASTY_MS):
            rank = HASTY
        before = self.rank[index]
        if rank <= before:
            return None
        self.rank[index] = rank
        host, asked = divmod(index, len(self.questions))
        if not before and not self.skipped[host]:
            self._missing[self.late[host]] -= 1
        transport = self.questions[asked][0]
        source = ITSELF if answer.source == self.addresses[host] else answer.source
        key = (transport, answer.state, answer.reason, answer.ttl, source, answer.window)
        self.code[index] = self.encode(key)
        self.at[index] = answer.at
        self.rtt[index] = -1.0 if rtt_ms is None else rtt_ms
        self.tried[index] = min(tries, KNOWN - 1)
        if rank < OPEN:
            return None
        if not self.late[host] or by_itself(answer.ttl, answer.window):
            self.opened[host] = 1
        return None if self.quiet else self.open_row(index)

    def open_row(self, index: int) -> PortState:
        """The row of one open port."""
        host, asked = divmod(index, len(self.questions))
        transport, port = self.questions[asked]
        label = _label(transport, self.addresses[host], (port,))
        return self._row(host, self.code[index], label, self.at[index], self.rtt[index], self.tried[index])

    def alike(self) -> Iterator[tuple[Key, bytes, float, float | None, int]]:
        """The answered hosts by what they answered first of all questions, each host once.

        (key, a byte for each host, when the last came, the slowest round trip, the most tries.)
        """
        width = len(self.questions)
        places: dict[int, bytearray] = {}
        if width == 1:
            for code in set(self.code) - {0}:
                places[code] = bytearray(each == code for each in self.code)
        for host in range(len(self.addresses)) if width > 1 else ():
            first = host * width
            if self.rank.count(0, first, first + width) == width:
                continue
            for index in range(first, first + width):
                code = self.code[index]
                if code and self.keys[code][4] == ITSELF:
                    places.setdefault(code, bytearray(self.size))[index] = 1
                    break
        for code, marks in places.items():
            if self.keys[code][4] != ITSELF:
                continue
            slowest = max(compress(self.rtt, marks))
            yield (
                self.keys[code],
                bytes(marks) if width == 1 else bytes(any(marks[at : at + width]) for at in range(0, self.size, width)),
                max(compress(self.at, marks)),
                None if slowest < 0 else round(slowest, 3),
                max(compress(self.tried, marks)),
            )

    def rows(self, at: float) -> Iterator[PortState | Silence | Refused]:
        """The bulk, after the last answer: everything but the open ports, which `add` gave."""
        width = len(self.questions)
        told = {code for code in set(self.code) if code and self.keys[code][1] != "open"}
        for host in range(len(self.addresses)) if told else ():
            first, last = host * width, host * width + width
            if self.rank.count(0, first, last) == width:
                continue
            codes = self.code[first:last]
            for code in dict.fromkeys(codes):
                if code in told:
                    marks = bytes(map(code.__eq__, codes))
                    yield self._row(
                        host, code, self._label_of(self.keys[code][0], self.addresses[host], marks),
                        *(max(compress(each[first:last], marks)) for each in (self.at, self.rtt, self.tried)),
                    )  # fmt: skip
        for transport in dict.fromkeys(map(itemgetter(0), self.questions)):
            pings = [port for each, port in self.questions if each == "icmp"] if transport == "icmp" else [0]
            for port in pings:
                yield from self._quiet(transport, port, at)

    def _row(self, host: int, code: int, ports: str, at: float, rtt: float, tries: float) -> PortState:
        """One row of equal answers: the latest, and the slowest round trip."""
        transport, state, reason, ttl, source, window = self.keys[code]
        address = self.addresses[host]
        return PortState(
            address, transport, ports, state, reason, at, ttl, address if source == ITSELF else source, window,
            None if rtt < 0 else round(rtt, 3), int(tries),
        )  # fmt: skip

    def _label_of(self, transport: Transport, address: str, marks: bytes) -> str:
        """The marked ports as text; hosts that are alike share it."""
        key = marks, transport == "icmp" and ":" in address
        label = self._labels.get(key)
        if label is None:
            if len(self._labels) >= _MOST_LABELS:
                self._labels.clear()
            ports = [port for _, port in compress(self.questions, marks)]
            label = self._labels[key] = _label(transport, address, ports)
        return label

    def _quiet(self, transport: Transport, only: int, at: float) -> Iterator[PortState | Silence | Refused]:
        """The ports without an answer: of hosts that gave others, row by row; of all others together."""
        asked = [
            (index, port)
            for index, (each, port) in enumerate(self.questions)
            if each == transport and (not only or port == only)
        ]
        ports = list(map(itemgetter(1), asked))
        whole = len(asked) == len(self.questions)
        width = len(self.questions)
        count = len(self.addresses)
        silent = bytearray(count)
        refused: dict[tuple[str, bytes], bytearray] = {}
        """By the reason and the questions without an answer."""
        if width == 1 and not self._refused:
            silent = self.rank.translate(_SILENT)
        for host, address in enumerate(self.addresses) if width > 1 or self._refused else ():
            first = host * width
            left = self.rank.count(0, first, first + width)
            if not left:
                continue
            if left == width and host not in self._refused:
                silent[host] = 1
                continue
            marks = self.rank[first : first + width].translate(_SILENT)
            if not whole:
                marks = bytearray(marks[index] for index, _ in asked)
            unanswered = marks.count(1)
            if host in self._refused and unanswered:
                refused.setdefault((self._refused[host], bytes(marks)), bytearray(count))[host] = 1
            elif unanswered == len(asked):
                silent[host] = 1
            elif unanswered:
                label = _label(transport, address, list(compress(ports, marks)))
                yield PortState(address, transport, label, "silent", "no-response", at, tries=self.tries)
        for (reason, lacking), hosts in refused.items():
            for same in self._families(transport, hosts):
                label = _label(transport, next(iter(same)), list(compress(ports, lacking)))
                yield Refused(str(same), transport, label, reason, at)
        for same in self._families(transport, silent):
            yield Silence(str(same), transport, _label(transport, next(iter(same)), ports), self.tries, at)

    def _families(self, transport: Transport, marks: bytearray) -> list[AddressSet]:
        """The marked hosts, IPv4 and IPv6 apart where their ports are written differently."""
        if self.whole is not None:
            found = self.whole.pick(bytes(marks))
        else:
            found = AddressSet.of(each for each, mark in zip(self.addresses, marks, strict=True) if mark)
        if transport != "icmp":
            return [found] if found else []
        return [each for each in (found.of_version(4), found.of_version(6)) if each]


def by_itself(ttl: int | None, window: int | None) -> bool:
    """Whether a host beyond a router accepted something itself, and not the router for it, as SYN proxies do."""
    return window != 0 and ttl not in FIRST_HOP


def _label(transport: Transport, address: str, ports: Sequence[int]) -> str:
    return "128" if transport == "icmp" and ":" in address else ports_text(ports)
