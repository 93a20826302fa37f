"""What a scan would do, in words: `scan --dry-run` prints it, and the first lines of a scan say the gist of it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from scanner.canary_plan import PROOFS
from scanner.cli._dressing import detour_line, thorough_lines, thorough_packets
from scanner.cli._dry_time import in_words, parts
from scanner.errors import BadInput, FencewalkError, NoPrivilege, OutOfScope
from scanner.model.addresses import AddressSet, network, ports_text
from scanner.model.base import Frozen, Transport
from scanner.model.network import Engine
from scanner.model.observation import Vantage
from scanner.model.site import Site, Zone
from scanner.model.text import plural
from scanner.net.rules import port_refusal
from scanner.plan import DISCOVERY_PORTS, Plan, scope_of, subnets
from scanner.ports import Ports
from scanner.session import ScanRequest

_CONNECTION = 4
"""Packets of a whole connection at most: three to open it and one to close it, or a SYN that is sent four times."""


_NOBODYS = "2001:db8::1"
"""Of the range that documents use (RFC 3849)."""


class Sender(Frozen, frozen=True):
    """Who would send, and with which of the system's rights."""

    engine: Literal["raw", "connect", "nmap"]
    raw: bool
    """Raw packets may be sent: then hosts are found with them, whatever engine asks the ports."""
    ping: bool
    """This user may open ping sockets."""
    why: str = ""
    """Why it is this engine, where nobody named it."""


def sender(engine: Engine) -> Sender:
    """What that engine comes to on this laptop, by this user. Nothing is sent."""
    from scanner.net.live import available

    able = available()
    if engine != "auto":
        return Sender(engine, able.raw, able.ping)
    if able.raw:
        return Sender("raw", True, able.ping, "this user may send raw packets")
    return Sender("connect", False, able.ping, "this user may not send raw packets; with sudo it is the raw engine")


def lacking(request: ScanRequest, who: Sender) -> list[FencewalkError]:
    """What this laptop lacks for the scan: each refusal as the scan would end with it."""
    from scanner.net.live import available

    able = available()
    found: list[FencewalkError] = []
    if request.deep and not able.nmap:
        found.append(BadInput("--deep: nmap is not installed: apt install nmap, or scan without --deep"))
    if who.engine == "raw" and not able.raw:
        found.append(NoPrivilege(able.raw_reason))
    if who.engine == "nmap" and not able.nmap:
        found.append(BadInput("nmap is not installed: apt install nmap, or use --engine raw"))
    return found


def out_of_scope(site: Site, name: Path) -> list[str]:
    """Zones of which nothing may be asked, as sentences. OutOfScope where that is all of them."""
    scope = scope_of(site)
    shut = [zone for zone in site.zones if not scope & subnets(zone.subnets)]
    if not shut:
        return []
    include, exclude = ", ".join(site.scope.include), ", ".join(site.scope.exclude)
    covers = f"scope.include ({include})" if include else "the zones' subnets"
    covers += f" without scope.exclude ({exclude})" if exclude else ""
    if len(shut) < len(site.zones):
        names = ", ".join(zone.name for zone in shut)
        return [f"nothing is asked in {names}: {covers} holds none of its addresses"]
    zones = ", ".join(f"{zone.name} {' '.join(zone.subnets)}" for zone in site.zones)
    raise OutOfScope(f"{name}: {covers} holds no address of any zone ({zones}); mend scope or the zones' subnets")


def stand_in(zone: Zone) -> Vantage:
    """A vantage for planning only: with no address that could be left out of what is asked."""
    six = any(network(each).version == 6 for each in zone.subnets)
    return Vantage(zone.name, "-", "", _NOBODYS if six else None)


def asked(plan: Plan) -> str:
    """The ports in a few words: those that were asked for, and those that policy adds."""
    wanted, more = plan.ports, _added(plan)
    if not wanted.tcp and not wanted.udp:
        return "no ports: who is there, and nothing else"
    kinds = [(wanted.tcp, "TCP port"), (wanted.udp, "UDP port")]
    text = " and ".join(plural(len(ports), kind) for ports, kind in kinds if ports)
    if count := len(more.tcp) + len(more.udp):
        lists = [f"{name} {_some(ports)}" for name, ports in (("tcp", more.tcp), ("udp", more.udp)) if ports]
        text += f", and {plural(count, 'port')} that the policy names: {', '.join(lists)}"
    return text


def described(plan: Plan, site: Site, who: Sender, here: bool = True) -> str:
    """Every target, port and packet count, and what cannot be known before. `here`: the laptop stands in the zone."""
    on_link, other, discover = map(AddressSet.parse, (plan.sweep.on_link, plan.other, plan.sweep.discover))
    where = f"{plan.vantage.interface} {plan.vantage.address}" if here else "the laptop is not there now"
    lines = [
        ("from", f"{plan.vantage.zone}: {where}"),
        ("engine", _engine(who)),
        ("own zone", f"{plural(len(on_link), 'address', 'addresses')} {_find(plan, who)}: {on_link or '-'}"),
        ("other zones", f"{plural(len(other), 'address', 'addresses')}, alive or not: {other or '-'}"),
    ]
    if discover:
        lines += _discovery(plan, who, discover)
    if plan.manners.resolver:
        lines.append(("names", f"of whoever answers, asked of the DNS server {plan.manners.resolver}"))
    lines += [*_ports(plan), *_canary(plan, site, who), *detour_line(plan, who.raw), *thorough_lines(plan)]
    lines.append(("packets", _packets(plan, who)))
    lines.append(("time", in_words(parts(plan, who.engine, who.raw or who.engine == "raw"))))
    if plan.manners.polite:
        lines.append(("polite", "whole connections, one thing at a time to a host"))
    six = [each.name for each in site.zones if any(":" in subnet for subnet in each.subnets)]
    if six:
        guessed = ", and those that answer NDP where their MACs and IPv4 addresses make it likely,"
        found = f"Neighbours that answer multicast (ff02::1){guessed if plan.sweep.guessed else ''} are asked"
        found = found if who.raw else "Neighbours are not looked for"
        lines.append(
            ("IPv6", f"no subnet of {', '.join(six)} can be asked address by address. {found}; of other zones those "
             "that the site file names and that earlier sessions saw")
        )  # fmt: skip
    lines += [("left out", f"{each.addresses}: {each.reason}") for each in plan.left_out]
    if fragile := (on_link | other | discover) & subnets(site.scope.fragile):
        lines.append(("fragile", f"one connection at a time, nothing written: {fragile}"))
    lines += _refused(plan, site)
    return "\n".join(f"{head:12} {text}" for head, text in lines)


def _canary(plan: Plan, site: Site, who: Sender) -> list[tuple[str, str]]:
    """What the canaries get."""
    if not plan.canary:
        return []
    refused = {
        kind: [port for port in ports if port_refusal(site, kind, port)]  # type: ignore[arg-type]
        for kind, ports in (("tcp", plan.canary_ports.tcp), ("udp", plan.canary_ports.udp))
    }
    counts = [
        f"{len(ports) - len(refused[kind]):,} {kind.upper()} {'port' if len(ports) == 1 else 'ports'}"
        for kind, ports in (("tcp", plan.canary_ports.tcp), ("udp", plan.canary_ports.udp))
        if ports
    ]
    how = "" if who.engine != "connect" else ", and TCP by whole connections, which are signed after the handshake"
    if plan.canary_ports.tcp and not how:
        how = f"; up to {PROOFS} whole connections to each, as proof of both ways"
    lines = [("canary", f"{plan.canary}: {' and '.join(counts)} and echo, by signed probes and nothing else{how}")]
    lines += [
        ("", f"without {kind} {ports_text(ports)}: never asked, of nobody") for kind, ports in refused.items() if ports
    ]
    return lines


def _engine(who: Sender) -> str:
    hosts = ", hosts found by raw packets" if who.raw else ""
    how = {
        "raw": "packets of our own" + ("" if who.raw else "; they take sudo, without it a scan is refused"),
        "connect": f"ports asked by ordinary connections{hosts}; a firewall's reset looks like the host's own",
        "nmap": f"ports asked by Nmap{hosts or '; without sudo by connections, and no UDP port'}",
    }[who.engine]
    return f"{who.engine}{f' ({who.why})' if who.why else ''}: {how}"


def _find(plan: Plan, who: Sender) -> str:
    if who.raw or who.engine == "raw":
        names = ", and asked for their names" if plan.sweep.names and not plan.manners.polite else ""
        return f"by ARP, NDP and echo{names}"
    if who.ping:
        return "by echo, and those that the system's neighbour table knows"
    return "not looked for (no raw packets, no ping sockets): only those that the system's neighbour table knows"


def _discovery(plan: Plan, who: Sender, discover: AddressSet) -> list[tuple[str, str]]:
    methods = [each for each in plan.sweep.methods if who.raw or who.engine == "raw" or each in _methods(who)]
    by = f"asked by {', '.join(methods)}" if methods else "but nothing that this engine can ask them by"
    lines = [("discovery", f"{plural(len(discover), 'address', 'addresses')} more, {by}, and the ports of those that "
              f"answer: {discover}")]  # fmt: skip
    for each in methods:
        if each in DISCOVERY_PORTS:
            transport = "udp" if each == "udp" else "tcp"
            how = "connects to" if not who.raw and who.engine != "raw" else "asks"
            lines.append(("", f"{each} {how} {transport} {ports_text(DISCOVERY_PORTS[each])}"))
    return lines


def _methods(who: Sender) -> tuple[str, ...]:
    """How the engine without raw packets discovers."""
    return ("echo", "syn") if who.ping else ("syn",)


def _added(plan: Plan) -> Ports:
    """What policy adds to the ports that were asked for."""
    wanted, every = plan.ports, plan.all_ports
    return Ports(
        tuple(sorted(set(every.tcp) - set(wanted.tcp))),
        tuple(sorted(set(every.udp) - set(wanted.udp))),
    )


def _ports(plan: Plan) -> list[tuple[str, str]]:
    more = _added(plan)
    if not plan.all_ports.tcp and not plan.all_ports.udp:
        return [("ports", "none: who is there, and nothing else")]
    lines: list[tuple[str, str]] = []
    for head, ports, added in (("tcp ports", plan.ports.tcp, more.tcp), ("udp ports", plan.ports.udp, more.udp)):
        lines.append((head, f"{len(ports):,}: {ports_text(ports)}" if ports else "none"))
        if added:
            policy = "that the policy (critical, allow, require) names, whatever --ports says"
            lines.append(("", f"and {plural(len(added), 'port')} {policy}: {ports_text(added)}"))
    return lines


def _packets(plan: Plan, who: Sender) -> str:
    count, connections = _count(plan, who)
    count += thorough_packets(plan) if who.raw or plan.manners.thorough else 0
    what = f"at most {plural(connections, 'connection')} and " if connections else ""
    talks = ""
    if plan.identify and (plan.all_ports.tcp or plan.all_ports.udp):
        talks = ", and the conversations with what is open"
        if plan.manners.deep:
            talks += ", then Nmap's with what is still unknown"
    return (
        f"{what}about {plural(count, 'packet')} where none is lost, more where some are; at most "
        f"{plan.rate:,} a second{talks}"
    )


def _count(plan: Plan, who: Sender) -> tuple[int, int]:
    """(packets, connections among them) at most where none is lost: every address of the own zone alive, and so on."""
    if who.engine == "raw" or (who.engine == "nmap" and who.raw):
        return plan.packets(), 0
    if plan.canary:
        packets, connections = _count(msgspec.structs.replace(plan, canary=""), who)
        canaries, far = len(AddressSet.parse(plan.canary)), plan.canary_ports
        packets += canaries * (len(far.tcp) * _CONNECTION + len(far.udp) * 2 + 2)
        return packets, connections + canaries * len(far.tcp)
    ports, sweep = plan.all_ports, plan.sweep
    on_link, other, discover = map(AddressSet.parse, (sweep.on_link, plan.other, sweep.discover))
    own = on_link | AddressSet.parse(plan.own_named)
    targets = len(own) + len(other) + len(discover) if ports.tcp or ports.udp else 0
    connections = targets * len(ports.tcp)
    if who.raw:
        found = plan.packets() - _probes(plan, targets)
    else:
        echo = who.ping and "echo" in sweep.methods
        found = (len(on_link | other) * who.ping + len(discover) * echo) * sweep.tries
        if "syn" in sweep.methods:
            connections += len(discover) * len(DISCOVERY_PORTS["syn"])
    return found + connections * _CONNECTION + targets * len(ports.udp) * 2, connections


def _probes(plan: Plan, targets: int) -> int:
    """How many of `plan.packets()` ask ports."""
    tcp = len(plan.all_ports.tcp) * (_CONNECTION if plan.manners.polite else 1)
    return targets * (tcp + len(plan.all_ports.udp)) * 2


def _refused(plan: Plan, site: Site) -> list[tuple[str, str]]:
    """Ports that nobody is asked, by the reason."""
    found: dict[str, list[str]] = {}
    kinds: tuple[tuple[Transport, tuple[int, ...]], ...] = (("tcp", plan.all_ports.tcp), ("udp", plan.all_ports.udp))
    for transport, ports in kinds:
        why: dict[str, list[int]] = {}
        for port in ports:
            if reason := port_refusal(site, transport, port):
                why.setdefault(reason, []).append(port)
        for reason, those in why.items():
            found.setdefault(reason, []).append(f"{transport} {ports_text(those)}")
    return [("refused", f"{', '.join(ports)}: {reason}") for reason, ports in found.items()]


def _some(ports: tuple[int, ...]) -> str:
    text = ports_text(ports)
    return text if len(text) <= 60 else f"{text[:60].rpartition(',')[0]}..."
