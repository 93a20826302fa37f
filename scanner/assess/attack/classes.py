"""Hosts in classes: one zone, the same services that give a foothold, seen by the same zones. What they have in common
is all that an attacker's way depends on, so that the graph is made of classes and never of hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from scanner.assess.facts.evidence import FlowKey
from scanner.assess.machines.inventory import Machine
from scanner.model.addresses import address_key
from scanner.model.base import Transport
from scanner.model.report import FlowRow
from scanner.model.site import Site

CREDENTIAL_SERVICES = frozenset(
    {
        "ssh", "telnet", "ms-wbt-server", "rdp", "winrm", "wsman", "smb", "microsoft-ds", "netbios-ssn", "vnc",
        "rlogin", "rsh", "exec", "login", "winbox",
    }
)  # fmt: skip
"""Services that hand out a session to whoever has a password or a key."""
CREDENTIAL_PORTS = frozenset(
    {22, 23, 135, 139, 445, 512, 513, 514, 3389, 5900, 5901, 5902, 5985, 5986, 902, 8291, 8728}
)
DATA = "data"
"""How a service is reached that gives nobody a foothold."""

Seen = tuple[str, bool, str]
"""From which zone, whether policy allows it, and how it was asked (`via`)."""
Flows = Mapping[tuple[str, FlowKey, str], FlowRow]
"""The open services that zones reached, by (from zone, service, via)."""


class Offer(msgspec.Struct, frozen=True, order=True):
    """One service of a class of hosts, and who reaches it."""

    transport: Transport
    port: int
    how: str
    at_home: bool
    """Whether the zone's own vantage saw it."""
    seen: tuple[Seen, ...] = ()


class HostClass(msgspec.Struct, frozen=True):
    """Hosts of one zone that are all the same to an attacker."""

    zone: str
    offers: tuple[Offer, ...]
    """What gives a foothold or is reached from elsewhere; of a singular machine everything."""
    serves: bool
    """Whether they have any open service, for their neighbours."""
    singular: bool
    """One machine by itself: it has a leg in another zone, or belongs to a critical system."""
    machines: list[Machine]


def pivot(service: str | None, key: FlowKey, exploitable: Mapping[FlowKey, str]) -> str | None:
    """How a reached service gives a foothold on its host: `credential`, `exploit: ...`, or None (data only)."""
    if key in exploitable:
        return f"exploit: {exploitable[key]}"
    if (service or "").removesuffix("?") in CREDENTIAL_SERVICES or (key[1] == "tcp" and key[2] in CREDENTIAL_PORTS):
        return "credential"
    return None


def host_classes(
    site: Site,
    machines: Sequence[Machine],
    flows: Flows,
    services: Mapping[FlowKey, str | None],
    exploitable: Mapping[FlowKey, str],
    at_home: Mapping[str, Collection[FlowKey]],
) -> tuple[HostClass, ...]:
    """Every machine, in classes; one that only a flow tells of is one too."""
    seen: dict[FlowKey, list[Seen]] = {}
    for (from_, key, via), row in flows.items():
        seen.setdefault(key, []).append((from_, row.allowed, via))
    reached: dict[str, list[FlowKey]] = {}
    for key in seen:
        reached.setdefault(key[0], []).append(key)
    vital = {address for critical in site.critical for address in critical.hosts}

    special = {*seen, *exploitable}
    offers: dict[Offer, int] = {}
    usual: dict[tuple[str | None, Transport, int, bool], int | None] = {}
    groups: dict[tuple[str, str, bool, frozenset[int]], list[Machine]] = {}
    for machine in (*machines, *_strangers(machines, flows)):
        home = at_home.get(machine.zone, ())
        singular = bool(machine.links) or not vital.isdisjoint(machine.addresses)
        keys: Iterable[FlowKey] = machine.services
        if any(address in reached for address in machine.addresses):
            keys = dict.fromkeys((*keys, *(key for a in machine.addresses for key in reached.get(a, ()))))
        profile: set[int] = set()
        for key in keys:
            _, transport, port = key
            here = key in home
            if singular or key in special:
                how = pivot(services.get(key), key, exploitable) or DATA
                offer = Offer(transport, port, how, here, tuple(sorted(seen.get(key, ()))))
                profile.add(offers.setdefault(offer, len(offers)))
                continue
            # What most services are: it depends on name and port alone.
            plain = (services.get(key), transport, port, here)
            if plain not in usual:
                gives = pivot(plain[0], key, {})
                offer = Offer(transport, port, gives or DATA, here)
                usual[plain] = None if gives is None else offers.setdefault(offer, len(offers))
            number = usual[plain]
            if number is not None:
                profile.add(number)
        serves = any(key[1] != "icmp" for key in keys)
        groups.setdefault((machine.zone, machine.id if singular else "", serves, frozenset(profile)), []).append(
            machine
        )

    known = list(offers)
    return tuple(
        HostClass(zone, tuple(sorted(known[each] for each in profile)), serves, bool(id_), members)
        for (zone, id_, serves, profile), members in groups.items()
    )


def _strangers(machines: Sequence[Machine], flows: Flows) -> list[Machine]:
    """Hosts that a flow reached and the inventory does not have."""
    known = {address for machine in machines for address in machine.addresses} if flows else set()
    found = {key[0]: row.to for (_, key, _), row in flows.items() if key[0] not in known}
    return [Machine(zone, [address]) for address, zone in sorted(found.items(), key=lambda each: address_key(each[0]))]
