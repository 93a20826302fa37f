"""Nmap's XML as observations, for files that a technician brings and for our own `nmap` engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from scanner.importers import Imported, Importer
from scanner.importers.nmap_run import TRANSPORTS, NmapHost, NmapRun, Transport, read_nmap_xml
from scanner.model.addresses import addresses_text, ports_of, ports_text
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading, Silence, State

__all__ = ["IMPORTER", "observations", "read_nmap_xml", "told"]

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
    connect = "connect" in run.types and "syn" not in run.types
    silent: defaultdict[tuple[Transport, str], list[str]] = defaultdict(list)
    at = run.ended or run.started or 0.0
    for host in run.hosts:
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
                asked = ports_text(port for ports in mine.values() for port in ports)
                silent[transport, asked].append(host.address)
                continue
            for answer, ports in mine.items():
                rows = [str(port) for port in ports] if answer.state == "open" else [ports_text(ports)]
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
        yield from _conversations(host, when)
    for (transport, asked), addresses in silent.items():
        yield Silence(addresses_text(addresses), transport, asked, tries, at)


class _Answer(NamedTuple):
    transport: Transport
    state: State
    reason: str
    ttl: int | None
    source: str | None


def _answers(host: NmapHost, connect: bool) -> dict[_Answer, list[int]]:
    """The host's ports by what they answered. States that say nothing about a port (an ACK scan's) are left out."""
    found: defaultdict[_Answer, list[int]] = defaultdict(list)
    for row in host.ports:
        known = _ANSWERS.get(row.reason)
        if known is not None:
            state, reason = known[0], known[2 if ":" in host.address else 1]
        elif row.state in ("open", "closed"):
            state, reason = ("open" if row.state == "open" else "closed"), row.reason
        elif row.state in ("filtered", "open|filtered"):
            state, reason = "silent", row.reason
        else:
            continue
        ttl, source = row.ttl, row.source
        if connect and row.transport == "tcp":
            # The kernel told Nmap an error number, which stands for several ICMP codes: no packet may be named.
            ttl = source = None
            if state == "open":
                reason = "connected"
            elif state in ("unreachable", "rejected"):
                reason = row.reason
        elif source is None and ttl is not None and state != "silent":
            source = host.address
        found[_Answer(row.transport, state, reason, ttl, source)].extend(ports_of(row.ports))
    return found


def _conversations(host: NmapHost, when: float) -> Iterator[Conversation]:
    """What Nmap's version detection had learned, as readings: its own words, not the service's bytes."""
    for row in host.ports:
        service = row.service
        if service is None or not service.probed:
            continue
        readings = [Reading("nmap.service", service.raw)] if service.product and service.raw else []
        readings.extend(Reading("nmap.cpe", cpe.encode()) for cpe in service.cpes)
        for port in ports_of(row.ports):
            yield Conversation(
                host.address,
                row.transport,
                port,
                "nmap",
                "answered",
                when,
                tuple(readings),
                service.tunnel == "ssl",
                service.name,
            )


def told(host: NmapHost, address: str, ports: frozenset[int], when: float) -> Iterator[Conversation]:
    """Of a run of our own: what Nmap knows by name of these ports of `address`."""
    for talk in _conversations(host, when):
        if talk.port in ports and any(reading.kind == "nmap.service" for reading in talk.readings):
            # Nmap matched what came, so that something did; how much it does not say.
            yield msgspec.structs.replace(talk, address=address, received=1)


def _recognises(head: bytes) -> bool:
    return b"<nmaprun" in head[:4096] or b"<!DOCTYPE nmaprun" in head[:4096]


def _read(text: bytes, name: str) -> Imported:
    run = read_nmap_xml(text, name)
    return Imported(
        observations=tuple(observations(run)),
        started=run.started,
        ended=run.ended,
        complete=run.complete,
        made_by=f"Nmap {run.version}: {run.args}",
    )


IMPORTER = Importer(title="Nmap XML (-oX)", recognises=_recognises, read=_read)
