"""Nmap's XML as observations, for files that a technician brings and for our own `nmap` engine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from scanner.importers import Imported, Importer, Run
from scanner.importers.nmap_args import Told
from scanner.importers.nmap_args import told as told_args
from scanner.importers.nmap_run import (
    TRANSPORTS,
    NmapHost,
    NmapPorts,
    NmapReader,
    NmapRun,
    Transport,
    read_nmap_xml,
)
from scanner.model.addresses import addresses_text, ports_of, ports_text
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading, Silence, State, Via

__all__ = ["IMPORTER", "observations", "read_nmap_xml", "told"]

Silent = defaultdict[tuple[Transport, str, float], list[str]]
"""By transport, ports and time the addresses that answered on none of them."""
How = Literal["arp", "ndp", "echo-reply", "tcp", "udp", "self"]

_SEEN: dict[str, How] = {
    "arp-response": "arp",
    "nd-response": "ndp",
    "echo-reply": "echo-reply",
    "syn-ack": "tcp",
    "reset": "tcp",
    "conn-refused": "tcp",
    "udp-response": "udp",
    "port-unreach": "udp",
    "localhost-response": "self",
}
"""Nmap's reason for calling a host up -> how we say it was seen. Other reasons are no sign of life."""

_ANSWERS: dict[str, tuple[State, str, str]] = {
    "syn-ack": ("open", "syn-ack", "syn-ack"),
    "udp-response": ("open", "udp-reply", "udp-reply"),
    "reset": ("closed", "rst", "rst"),
    "conn-refused": ("closed", "refused", "refused"),
    "port-unreach": ("closed", "icmp-3-3", "icmp6-1-4"),
    "net-unreach": ("unreachable", "icmp-3-0", "icmp6-1-0"),
    "host-unreach": ("unreachable", "icmp-3-1", "icmp6-1-3"),
    "proto-unreach": ("unreachable", "icmp-3-2", "icmp6-4-1"),
    "no-route": ("unreachable", "icmp-3-0", "icmp6-1-0"),
    "addr-unreach": ("unreachable", "icmp-3-1", "icmp6-1-3"),
    "beyond-scope": ("unreachable", "icmp-3-0", "icmp6-1-2"),
    "time-exceeded": ("unreachable", "icmp-11-0", "icmp6-3-0"),
    "net-prohibited": ("rejected", "icmp-3-9", "icmp6-1-1"),
    "host-prohibited": ("rejected", "icmp-3-10", "icmp6-1-1"),
    "admin-prohibited": ("rejected", "icmp-3-13", "icmp6-1-1"),
    "reject-route": ("rejected", "icmp-3-13", "icmp6-1-6"),
    "no-response": ("silent", "no-response", "no-response"),
}
"""Nmap's reason for a port's state -> our state, and the packet as we name it in IPv4 and in IPv6."""


def observations(run: NmapRun, tries: int = 1) -> Iterator[Observation]:
    """The run in our words: hosts seen, ports with the packet that answered, services that Nmap had talked to.

    Ports of a host that answered nothing become part of a `Silence`; hosts that Nmap called down are left out, since
    the file does not say what they had been asked. `tries` is for the caller to know.
    """
    silent: Silent = defaultdict(list)
    at = run.ended or run.started or 0.0
    for host in run.hosts:
        yield from _seen(host, run.types, tries, at, silent)
    yield from _silences(silent, tries)


def _silences(silent: Silent, tries: int, via: Via = "") -> Iterator[Silence]:
    for (transport, asked, at), addresses in silent.items():
        yield Silence(addresses_text(addresses), transport, asked, tries, at, via)


def _seen(
    host: NmapHost, types: Sequence[str], tries: int, at: float, silent: Silent, spoke: int = 0
) -> Iterator[Observation]:
    """One host; `spoke`: the bytes that a service sent at least which version detection could name. A host that was
    silent throughout goes to `silent`, as of its own end in a file of somebody's, so that what answered later shows
    that the laptop's link still worked."""
    connect = "connect" in types and "syn" not in types
    when = host.ended or at
    answers = _answers(host, connect)
    how = _SEEN.get(host.reason) if host.status == "up" else None
    if how is None and host.mac:
        how = "ndp" if ":" in host.address else "arp"
    if how is None and host.names:
        # Names need a host to belong to; an open port alone may be a SYN proxy's and is a row of its own.
        how = next((answer.transport for answer in answers if answer.state == "open"), None)
    if how is not None:
        yield HostSeen(host.address, how, when, host.mac, host.ttl, None, host.names)
    for transport in TRANSPORTS:
        mine = {answer: ports for answer, ports in answers.items() if answer.transport == transport}
        if mine and all(answer.state == "silent" for answer in mine):
            asked = _joined([text for texts in mine.values() for text in texts])
            silent[transport, asked, when if spoke else at].append(host.address)
            continue
        for answer, texts in mine.items():
            rows = _each(texts) if answer.state == "open" else [_joined(texts)]
            for row in rows:
                yield PortState(
                    host.address,
                    transport,
                    row,
                    answer.state,
                    answer.reason,
                    when,
                    answer.ttl,
                    answer.source,
                    tries=tries,
                )
    yield from _conversations(host, when, spoke)


class _Answer(NamedTuple):
    transport: Transport
    state: State
    reason: str
    ttl: int | None
    source: str | None


def _answers(host: NmapHost, connect: bool) -> dict[_Answer, list[str]]:
    """The texts of the host's ports by what they answered. States that say nothing about a port (an ACK scan's) are
    left out."""
    alike: dict[tuple[Transport, str, str, int | None, str | None], list[str]] = {}
    for row in host.ports:
        key = row.transport, row.state, row.reason, row.ttl, row.source
        texts = alike.get(key)
        if texts is None:
            alike[key] = [row.ports]
        else:
            texts.append(row.ports)
    found: defaultdict[_Answer, list[str]] = defaultdict(list)
    for key, texts in alike.items():
        answer = _answer(host, connect, *key)
        if answer is not None:
            found[answer].extend(texts)
    return found


def _answer(
    host: NmapHost, connect: bool, transport: Transport, said: str, why: str, ttl: int | None, source: str | None
) -> _Answer | None:
    known = _ANSWERS.get(why)
    if known is not None:
        state, reason = known[0], known[2 if ":" in host.address else 1]
    elif said in ("open", "closed"):
        state, reason = ("open" if said == "open" else "closed"), why
    elif said in ("filtered", "open|filtered"):
        state, reason = "silent", why
    else:
        return None
    if connect and transport == "tcp":
        # The kernel told Nmap an error number, which stands for several ICMP codes: no packet may be named.
        ttl = source = None
        if state == "open":
            reason = "connected"
        elif state in ("unreachable", "rejected"):
            reason = why
    elif source is None and ttl is not None and state != "silent":
        source = host.address
    return _Answer(transport, state, reason, ttl, source)


def _each(texts: Iterable[str]) -> list[str]:
    return [port for text in texts for port in ([str(int(text))] if text.isdecimal() else map(str, ports_of(text)))]


def _joined(texts: Sequence[str]) -> str:
    """All of them as one ranges text. One that is ordered already, as Nmap writes them, is taken as it stands: a
    network's summaries name its closed ports a million times."""
    return texts[0] if len(texts) == 1 and _is_ordered(texts[0]) else ports_text(map(int, _each(texts)))


def _is_ordered(text: str) -> bool:
    last = -2
    for part in text.split(","):
        low, _, high = part.partition("-")
        first = int(low)
        if first <= last + 1 or (high and int(high) <= first) or str(first) != low:
            return False
        last = int(high) if high else first
        if high and str(last) != high:
            return False
    return True


def _conversations(host: NmapHost, when: float, spoke: int = 0) -> Iterator[Conversation]:
    """What Nmap's version detection had learned, as readings: its own words, not the service's bytes."""
    known: dict[int, tuple[Reading, ...]] = {}  # the reader gives equal services as one
    for row in host.ports:
        service = row.service
        if service is None or not service.probed:
            continue
        readings = known.get(id(service))
        if readings is None:
            whole = (Reading("nmap.service", service.raw),) if service.product and service.raw else ()
            readings = known[id(service)] = (*whole, *(Reading("nmap.cpe", cpe.encode()) for cpe in service.cpes))
        ports = row.ports
        for port in (int(ports),) if ports.isdecimal() else ports_of(ports):
            yield Conversation(
                host.address,
                row.transport,
                port,
                "nmap",
                "answered",
                when,
                readings,
                service.tunnel == "ssl",
                service.name,
                spoke if readings else 0,
            )


def _dressed(rows: Iterable[Observation], via: Via) -> Iterator[Observation]:
    for row in rows:
        yield msgspec.structs.replace(row, via=via) if isinstance(row, PortState) else row


def told(host: NmapHost, address: str, ports: frozenset[int], when: float) -> Iterator[Conversation]:
    """Of a run of our own: what Nmap knows by name of these ports of `address`."""
    for talk in _conversations(host, when):
        if talk.port in ports and any(reading.kind == "nmap.service" for reading in talk.readings):
            # Nmap matched what came, so that something did; how much it does not say.
            yield msgspec.structs.replace(talk, address=address, received=1)


def _recognises(head: bytes) -> bool:
    return b"<nmaprun" in head[:4096] or b"<!DOCTYPE nmaprun" in head[:4096]


_NO_CONNECTION = "TCP ports, as a {} scan opens no connection"
_UNKNOWN = "TCP ports that did not accept a connection, as the file does not say how they were asked (no <scaninfo>)"


def _answered(row: NmapPorts) -> bool:
    """By what only an attempt to connect brings about."""
    return row.state == "open" and row.reason == "syn-ack"


class _File:
    """A file of somebody's own run: what it may be believed in depends on how Nmap was told to ask."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._reader = NmapReader(name)
        self._told = Told()
        self._own: list[str] = []
        self._near = False
        self._types: tuple[str, ...] = ()
        self._left_out: Counter[str] = Counter()

    def observations(self, chunks: Iterable[bytes]) -> Iterator[Observation]:
        silent: Silent = defaultdict(list)
        run: NmapRun | None = None
        for host in self._reader.read(chunks):
            if run is None:
                run = self._reader.run()  # all that stands at the beginning: how it was told to ask
                self._told = told_args(run.args, self._name)
                self._types = run.types or self._told.types
            self._near = self._near or host.reason in ("arp-response", "nd-response")
            if host.reason == "localhost-response":
                self._own.append(host.address)
            host = msgspec.structs.replace(host, ports=tuple(self._usable(host)))
            rows = _seen(host, self._types, self._told.tries, run.started or 0.0, silent, 1)
            yield from _dressed(rows, self._told.via) if self._told.via else rows
        end = self._reader.run()
        if run is None:
            self._told = told_args(end.args, self._name)
        yield from _silences(silent, self._told.tries, self._told.via)

    def _usable(self, host: NmapHost) -> Iterator[NmapPorts]:
        connecting = not {"syn", "connect"}.isdisjoint(self._types)
        if host.unlisted:
            self._left_out["ports that the file counts without naming them"] += host.unlisted
        for row in host.ports:
            if row.transport == "tcp" and not connecting and not (_answered(row) and not self._types):
                self._left_out[_NO_CONNECTION.format("/".join(self._types)) if self._types else _UNKNOWN] += 1
            elif not self._told.sure_silence and row.reason in ("no-response", ""):
                self._left_out["silent ports, as --defeat-rst-ratelimit calls closed ones filtered"] += 1
            else:
                yield row

    def run(self) -> Run:
        run = self._reader.run()
        notes = [f"left out: {count:,} {what}" for what, count in self._left_out.items()]
        if run.error:
            notes.append(f"Nmap gave up: {run.error}")
        if self._told.via:
            notes.append(f"its probes were dressed ({self._told.via}): they say nothing of what plain ones reach")
        asked = {"syn", "connect"} & set(run.types or self._told.types)
        finds_all = (self._near and self._told.arp) or (self._told.asks_all and bool(asked))
        engine = "masscan" if run.scanner == "masscan" else "nmap"
        made_by = f"{'masscan' if engine == 'masscan' else 'Nmap'} {run.version}: {run.args}"
        return Run(
            engine=engine,
            made_by=made_by,
            started=run.started,
            ended=run.ended,
            complete=run.complete,
            own=tuple(dict.fromkeys((*self._told.own, *self._own))),
            targets=self._told.targets if engine == "nmap" and not self._told.via else None,
            finds_all=finds_all,
            notes=tuple(notes),
        )


def _read(chunks: Iterable[bytes], name: str) -> Imported:
    file = _File(name)
    return Imported(observations=file.observations(chunks), run=file.run)


IMPORTER = Importer(title="Nmap's XML", recognises=_recognises, read=_read)
