"""Services that are a risk by what they answer: one rule a file, one finding a host and cause.

Never by a port's number alone, and never by a password that somebody guessed. What policy forbids and still crosses is
a segmentation gap and not told again here.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache, lru_cache

import msgspec

from scanner.assess.exposures.concerns import Concerns
from scanner.assess.exposures.router import consoles
from scanner.assess.exposures.rule import Exposure, Host, Rule, Scene, Service
from scanner.assess.facts.evidence import Evidence, FlowKey
from scanner.assess.findings.make import finding
from scanner.assess.machines.inventory import Inventory, Machine, ordered
from scanner.assess.machines.told import Told
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.controls import Controls
from scanner.collect import collect
from scanner.identify.service import service_name
from scanner.model.base import SEVERITIES
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingRow, FlowRow

_COVERED = {
    "unauthenticated": frozenset({"cleartext", "remote-access", "backup"}),
    "cleartext": frozenset({"remote-access"}),
}
"""Who needs no password at a service is not told as well that the password would travel in the clear."""


@cache
def rules() -> dict[str, Rule]:
    """Every rule, by the name of its file."""
    import scanner.assess.exposures as package

    return collect(package, "RULE", Rule)


@lru_cache(maxsize=4096)
def _reading(kinds: frozenset[str]) -> tuple[Rule, ...]:
    """The rules that may have something to say of a host with readings of these kinds."""
    return tuple(each for each in rules().values() if each.may_find(kinds))


def exposed(
    knowledge: Knowledge,
    today: datetime.date,
    evidence: Evidence,
    policy: Policy,
    inventory: Inventory,
    controls: Controls,
    reached: Sequence[FlowRow],
) -> Iterator[FindingRow]:
    """Every exposure of every host, then those of the routers' legs. `reached`: open services seen across zones."""
    from_zones: dict[FlowKey, list[str]] = defaultdict(list)
    for flow in reached:
        from_zones[flow.address, flow.transport, flow.port].append(flow.from_)
    scene = Scene(evidence.site, today, lambda zone, key: _unnamed(evidence, policy, zone, key))
    lent = {(each.at, each.port) for each in inventory.forwards}
    concerns = Concerns(scene, rules())
    special = frozenset(key[0] for key in from_zones).union(*evidence.gateways.values())
    zone = ""
    at_home: Set[FlowKey] = frozenset()
    for machine in inventory.machines:
        chosen = None if _special(machine, special) else concerns.of_host(machine)
        if chosen is not None and not chosen:
            continue
        if machine.zone != zone:
            zone = machine.zone
            view = evidence.views.get(zone)
            at_home = view.opened().keys() if view else frozenset()
        host = _host(machine, evidence, policy, controls, from_zones, at_home, lent)
        asked = _reading(host.kinds) if chosen is None else [rules()[name] for name in sorted(chosen)]
        found = [each for rule in asked for each in rule.find(scene, host)]
        yield from _findings(knowledge, host, found)
    yield from consoles(knowledge, evidence, controls, reached, lent)


def _special(machine: Machine, special: Set[str]) -> bool:
    """Whether each rule has to be asked of it: a router, or whom another zone reaches (`special`: their addresses), or
    whose addresses say different things on one port."""
    if not special.isdisjoint(machine.addresses):
        return True
    if len(machine.addresses) == 1:
        return False
    said: dict[tuple[str, int], Told] = {}
    return any(
        told is not None and said.setdefault((key[1], key[2]), told) is not told
        for key, told in machine.services.items()
    )


def _host(
    machine: Machine,
    evidence: Evidence,
    policy: Policy,
    controls: Controls,
    from_zones: dict[FlowKey, list[str]],
    at_home: Set[FlowKey],
    lent: set[tuple[str, str]],
) -> Host:
    """`at_home`: the services that the zone's own vantage found open; `lent`: ports, by host, that lead to another one,
    where they are told."""
    zone = evidence.site.zone(machine.zone)
    ports: dict[tuple[str, int], list[FlowKey]] = {}
    for key, _ in ordered(machine):
        if not lent or (machine.id, f"{key[1]}/{key[2]}") not in lent:
            ports.setdefault((key[1], key[2]), []).append(key)
    return Host(
        machine,
        zone.trust if zone else "user",
        tuple(_service(machine, keys, from_zones, at_home) for keys in ports.values()),
        router=any(controls.own_leg(address) for address in machine.addresses),
        critical=any(policy.critical_name(address) for address in machine.addresses),
    )


def _service(
    machine: Machine, keys: list[FlowKey], from_zones: dict[FlowKey, list[str]], at_home: Set[FlowKey]
) -> Service:
    zones = {zone for key in keys if key in from_zones for zone in from_zones[key]}
    home = (machine.zone,) if any(key in at_home for key in keys) else ()
    seen_from = (*home, *sorted(zones.difference(home))) if zones else home
    transport, port = keys[0][1:]
    addresses = tuple([key[0] for key in keys])
    said = [told for key in keys if (told := machine.services[key]) is not None]
    if len(said) == 1:
        # Nearly all answer on one address, and what they say is worked out already.
        [told] = said
        readings = told.readings if len(told.readings) == 1 else tuple(dict.fromkeys(told.readings))
        name = told.row.service or ""
        return Service(transport, port, addresses, name, readings, told.tls, told.different, seen_from, told.kinds)
    readings = tuple(dict.fromkeys(reading for told in said for reading in told.readings))
    tls = any(told.tls for told in said)
    return Service(
        transport=transport,
        port=port,
        addresses=addresses,
        name=service_name(transport, port, readings, tls),
        readings=readings,
        tls=tls,
        products=tuple(dict.fromkeys(each for told in said for each in told.different)),
        zones=seen_from,
    )


def _unnamed(evidence: Evidence, policy: Policy, zone: str, key: FlowKey) -> bool:
    view = evidence.views.get(zone)
    address = view.address if view else ""
    return policy.allows(zone, address, *key) and not policy.names(zone, address, *key)


def _findings(knowledge: Knowledge, host: Host, found: Iterable[Exposure]) -> Iterator[FindingRow]:
    """One a cause and subject; the worst service decides, and all of them are named."""
    groups: dict[tuple[str, str], list[Exposure]] = defaultdict(list)
    for each in _without_covered(_one_a_port(host, list(found))):
        groups[each.cause, each.service.label if each.subject is None else each.subject].append(each)
    for (cause, subject), alike in groups.items():
        worst = max(alike, key=lambda each: SEVERITIES.index(each.severity))
        services = list(dict.fromkeys(each.service for each in alike))
        only = services[0] if len(services) == 1 else None
        transports = {each.transport for each in services}
        zones = dict.fromkeys(zone for each in services for zone in each.zones)
        where = ", ".join(each.label for each in services)
        address = worst.service.addresses[0]
        command = worst.replay.format(a=address, h=f"[{address}]" if ":" in address else address, p=worst.service.port)
        yield finding(
            "exposure",
            worst.severity,
            f"{host.machine.id} {where}: {worst.what}",
            names=(host.machine.id, cause, subject),
            aspect=worst.aspect,
            knowledge=knowledge,
            host=host.machine.id,
            transport=only.transport if only else next(iter(transports)) if len(transports) == 1 else None,
            port=only.port if only else None,
            remedy=worst.remedy,
            replay=f"{command}  # from {next(iter(zones), host.machine.zone)}",
            evidence="; ".join(
                [*dict.fromkeys(each.evidence for each in alike), f"reached from {', '.join(zones) or 'nowhere now'}"]
            ),
        )


def _one_a_port(host: Host, found: list[Exposure]) -> list[Exposure]:
    """Without management among the users where the same port's passwords in the clear are told.

    Those weigh as much as the management that they open. From another zone it is another change, and stays.
    """

    if len(found) < 2:
        return found

    def among_users(each: Exposure) -> bool:
        return each.cause == "management-reachable" and each.subject == host.machine.zone

    weights = {each.service.label: SEVERITIES.index(each.severity) for each in found if among_users(each)}
    clear = {each.service.label for each in found if each.aspect == "cleartext"}
    kept: list[Exposure] = []
    for each in found:
        label = each.service.label
        if each.aspect == "cleartext" and weights.get(label, -1) > SEVERITIES.index(each.severity):
            each = msgspec.structs.replace(each, severity=SEVERITIES[weights[label]])
        if not (among_users(each) and label in clear):
            kept.append(each)
    return kept


def _without_covered(found: list[Exposure]) -> list[Exposure]:
    """Without those that a worse one at the same service makes idle."""

    if len(found) < 2:
        return found

    def covered(each: Exposure) -> bool:
        return any(
            other.service == each.service
            and each.aspect in _COVERED.get(other.aspect, ())
            and SEVERITIES.index(other.severity) >= SEVERITIES.index(each.severity)
            for other in found
        )

    return [each for each in found if not covered(each)]
