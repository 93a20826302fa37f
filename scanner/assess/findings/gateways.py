"""Findings about neighbours that packets for another zone were handed to: they lead past the fence."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from scanner.assess.facts.evidence import FlowKey, View
from scanner.assess.findings.make import finding
from scanner.assess.machines.inventory import Inventory, Machine
from scanner.assess.verdicts.controls import hops_of
from scanner.assess.verdicts.flows import Judge, Verdict
from scanner.model.base import Severity
from scanner.model.baseline import Knowledge
from scanner.model.observation import PortState
from scanner.model.report import CROSSED, FindingRow
from scanner.model.site import Site

_BY = "by-"
_SHOWN = 6
_TIME_UP = frozenset({"icmp-11-0", "icmp6-3-0"})
_WEAK_HOST = (
    "Keep {host} from answering on one leg for the address of the other: Linux, `sysctl net.ipv4.conf.all.rp_filter=1` "
    "and a rule of its firewall that drops what comes in on the wrong interface; Windows, the strong host model "
    "(`Set-NetIPInterface -WeakHostReceive Disabled`). Better: take one of its legs away."
)
_FORWARDS = (
    "Turn off forwarding on {host}: Linux, `sysctl -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0` (and in "
    "/etc/sysctl.d); Windows, IPEnableRouter=0 under HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters and "
    "the service RemoteAccess off. Better: take one of its legs away, and let the firewall carry what it needs."
)


class _Way(msgspec.Struct):
    """What went past the fence by way of one neighbour into one zone."""

    neighbour: str
    to: str
    flows: list[tuple[FlowKey, PortState, Verdict]] = []

    @property
    def held(self) -> list[tuple[FlowKey, PortState, Verdict]]:
        """What the neighbour answered itself, for an address of its own."""
        return [each for each in self.flows if hops_of(each[1].ttl) == 0 and each[1].source in (None, each[0][0])]


def bridged(site: Site, knowledge: Knowledge, judge: Judge, inventory: Inventory) -> Iterator[FindingRow]:
    """One finding a zone, neighbour, zone reached and manner: `forwards` carries others' packets, `weak-host` answers
    for its own far address. What the plain way gives as well is none of the neighbour's doing."""
    for view in judge.evidence.views.values():
        for via in sorted(view.dressed):
            if via.startswith(_BY):
                yield from _by(site, knowledge, judge, inventory, view, via)


def _by(
    site: Site, knowledge: Knowledge, judge: Judge, inventory: Inventory, view: View, via: str
) -> Iterator[FindingRow]:
    neighbour = via.removeprefix(_BY)
    ways: dict[str, _Way] = {}
    time_up: PortState | None = None
    for key, row in view.dressed[via].flows():
        zone = judge.evidence.zone_of(key[0])
        if zone is None or zone == view.zone or key[0] in judge.evidence.laptops:
            continue
        if row.reason in _TIME_UP and row.source == neighbour:
            time_up = row
        verdict = judge.verdict(view, key, via)
        if verdict.verdict in CROSSED and not _plainly(judge, view, key, row):
            ways.setdefault(zone, _Way(neighbour, zone, [])).flows.append((key, row, verdict))
    machine = inventory.by_address.get(neighbour)
    for way in ways.values():
        held = way.held
        if held:
            yield _finding(site, knowledge, view, machine, way, held, "weak-host")
        if forwarded := [each for each in way.flows if each not in held]:
            yield _finding(site, knowledge, view, machine, way, forwarded, "forwards")
    if time_up is not None and machine is not None:
        for twin in machine.twins:
            zone = twin.partition("/")[0]
            if zone not in ways:
                yield _standing_in_both(site, knowledge, view, machine, twin, neighbour, time_up)


def _plainly(judge: Judge, view: View, key: FlowKey, row: PortState) -> bool:
    """Whether the router's way gives the same: or nobody asked it, so that there is nothing to compare with."""
    plain = view.answer(*key)
    if plain is None:
        return True
    alike = plain.state == row.state and (plain.state != "unreachable" or plain.source == row.source)
    return alike or judge.verdict(view, key).verdict in CROSSED


def _finding(
    site: Site,
    knowledge: Knowledge,
    view: View,
    machine: Machine | None,
    way: _Way,
    flows: list[tuple[FlowKey, PortState, Verdict]],
    aspect: str,
) -> FindingRow:
    host = machine.id if machine else f"{view.zone}/{way.neighbour}"
    (address, transport, port), _, _ = first = min(flows, key=lambda each: (each[0][1] == "icmp", each[0]))
    how = (
        "forwards packets from" if aspect == "forwards" else "answers, past the firewall, for its leg in another zone:"
    )
    icmp = transport == "icmp"
    more = [f"and {len(flows) - _SHOWN} more like these"] if len(flows) > _SHOWN else []
    what = f"{address} {transport}/{port}"
    return finding(
        "dual-homed",
        _severity(site, view.zone, way.to, aspect),
        f"{host} {how} {view.zone} → {way.to}: {address} was reached by way of it",
        names=(view.zone, way.to, way.neighbour),
        aspect=aspect,
        knowledge=knowledge,
        host=host,
        from_=view.zone,
        to=way.to,
        transport=None if icmp else transport,
        port=None if icmp else port,
        path=(f"{view.zone} → {host} → {what} (observed)",),
        remedy=(_FORWARDS if aspect == "forwards" else _WEAK_HOST).format(host=host),
        replay=_replay(view.zone, way.neighbour, first[0]),
        evidence="; ".join(
            [*(f"{k[0]} {k[1]}/{k[2]}: {v.reason} ({v.evidence})" for k, _, v in flows[:_SHOWN]), *more]
        ),
    )


def _standing_in_both(
    site: Site, knowledge: Knowledge, view: View, machine: Machine, twin: str, neighbour: str, row: PortState
) -> FindingRow:
    """It forwards, and it has a leg over there; what it carried found no way back that the laptop saw."""
    to, _, address = twin.partition("/")
    return finding(
        "dual-homed",
        _severity(site, view.zone, to, "forwards"),
        f"{machine.id} forwards packets and stands in {to} as well ({address}): a way past the firewall",
        names=(view.zone, to, neighbour),
        aspect="forwards",
        knowledge=knowledge,
        host=machine.id,
        from_=view.zone,
        to=to,
        path=(f"{view.zone} → {machine.id} → {to} (inferred)",),
        remedy=_FORWARDS.format(host=machine.id),
        replay=f"nping --icmp --ttl 1 -c 1 --dest-mac {machine.mac or 'ITS-MAC'} {row.address}  # from {view.zone}: "
        "time exceeded, from the neighbour",
        evidence=f"handed a packet for {row.address} it said that the packet's time was up ({row.reason} from "
        f"{row.source}), which only who forwards does; and {machine.id} and {twin} are one machine",
    )


def _severity(site: Site, from_: str, to: str, aspect: str) -> Severity:
    """Who forwards lets everything through, who answers for itself only itself."""
    trust = {zone.name: zone.trust for zone in site.zones}
    if trust.get(to) not in ("critical", "management"):
        return "high" if aspect == "forwards" and trust.get(from_) == "untrusted" else "medium"
    outside = trust.get(from_) in ("untrusted", "user", "device")
    return "critical" if aspect == "forwards" and outside else "high"


def _replay(zone: str, neighbour: str, key: FlowKey) -> str:
    """By a route of its own; the route is taken away again."""
    address, transport, port = key
    ip = "ip -6" if ":" in address else "ip"
    ask = f"ping -c 3 {address}" if transport == "icmp" else f"nc -vz -w 5 {address} {port}"
    route = f"route add {address} via {neighbour}"
    return f"sudo {ip} {route} && {ask}; sudo {ip} route del {address} via {neighbour}  # from {zone}"
