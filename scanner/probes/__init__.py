"""Probes, one protocol a file: `PROBE` of a file here is one `scanner.model.probe.Probe`.

Probes are generators of steps without a socket; `scanner.net.talk.converse` and `scanner.lab.dialogue` carry them out.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from scanner.collect import collect
from scanner.model.base import Transport
from scanner.model.observation import Reading
from scanner.model.probe import Elsewhere, Probe

MOST = 4
"""Probes that are tried on one port. Each costs a connection, and a small device counts them."""


@cache
def probes() -> dict[str, Probe]:
    """Every probe by its own name (`Probe.name`, which conversations carry)."""
    import scanner.probes as package

    found = collect(package, "PROBE", Probe).values()
    named = {probe.name: probe for probe in found}
    if len(named) != len(found):
        raise ValueError("two files of scanner/probes give their probes the same name")
    return named


@cache
def probes_for(transport: Transport, port: int) -> tuple[Probe, ...]:
    """The probes to try on a port, in this order, at most `MOST`: the likely ones, then the fallbacks.

    For tcp one of them only listens, whatever the port, so that a driver that may not write has something left. The
    fallbacks begin with it, as a service that speaks first should not be shouted at; https comes before http where
    the port's number says so (`8443`).
    """
    able = [probe for probe in probes().values() if probe.transport == transport]
    likely = sorted((probe for probe in able if port in probe.ports), key=lambda probe: probe.ports.index(port))
    if any(probe.alone for probe in likely):
        return tuple(likely)
    fallbacks = [probe for probe in able if probe.fallback and probe not in likely]
    listening = any(not probe.writes for probe in likely)
    fallbacks = [probe for probe in fallbacks if probe.writes or not listening]
    fallbacks.sort(key=lambda probe: (probe.writes, probe.tls is not str(port).endswith("443"), probe.name))
    quiet = [probe for probe in fallbacks if not probe.writes]
    if transport == "tcp" and likely:
        # The listening fallback must not fall off the end behind many likely probes.
        rest = [probe for probe in fallbacks if probe.writes]
        return (*likely[: MOST - len(quiet)], *quiet, *rest)[:MOST]
    return (*likely, *fallbacks)[:MOST]


def followers(probe: Probe, readings: Iterable[Reading]) -> tuple[Probe, ...]:
    """The probes that have more to ask, each on a connection of its own, when `probe` read these."""
    kinds = {reading.kind for reading in readings}
    return tuple(each for each in probes().values() if probe.tls and each.after in kinds)


@cache
def udp_payloads() -> dict[int, bytes]:
    """What to send to a UDP port so that its service answers: port to datagram."""
    asked: dict[int, bytes] = {}
    for probe in probes().values():
        if probe.transport == "udp" and probe.payload:
            for port in probe.ports:
                asked.setdefault(port, probe.payload)
    return asked


@cache
def elsewhere() -> dict[int, Elsewhere]:
    """The UDP ports whose answers come from other ports, so that only a conversation tells whether anybody is there."""
    found = (probe for probe in probes().values() if probe.transport == "udp" and probe.elsewhere is not None)
    return {port: probe.elsewhere for probe in found for port in probe.ports if probe.elsewhere is not None}
