"""The first draft of a site file, with comments for whoever goes on with it."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml

from scanner.errors import BadInput
from scanner.importers.zone_names import guessed_trust, slug
from scanner.model.site import Zone
from scanner.model.surroundings import Link, Surroundings
from scanner.model.text import plural, visible

_MOST_ROUTES = 40
_HEAD = """\
# A site file: whose network it is, what may be touched, and what may flow. `fencewalk init` wrote it from what this
# laptop knew on {day}, without sending a packet. Check every line. `fencewalk schema site` has all keys.

client: {client}  # scan data is kept by client and site: name them once and for all
site: {site}

# Who allowed it, and when. Without it a site can be assessed, and nothing is ever sent.
# authorization:
#   by: Name, role
#   reference: number of the contract or ticket
#   from: {day}
#   until: {until}
#   contact: "+1 555 0100"  # who is called when something stops working

scope:
  # include: [{example}]  # nothing beyond it is touched; default: the zones' subnets
  # exclude: [{address}]  # never touched
  # fragile: [{address}]  # old printers, building control, medical devices: one connection at a time, slow
  max_rate: 1000  # packets a second

# Segments. trust: critical, management, user, device (printers, phones, cameras) or untrusted (guests, the internet).
# isolated: true for a zone whose hosts may not talk to each other either.
zones:
"""
_TAIL = """
# The systems whose loss stops the client, with the services that matter.
# critical:
#   - {{name: Practice database, hosts: [{address}], services: [tcp/5432]}}

# What may flow between zones; all else is forbidden. `fencewalk import SITE matrix.csv` takes a spreadsheet of it.
# allow:
#   - {{from: {name}, to: servers, services: [tcp/443, tcp/445], reason: file server}}

# What has to work.
# require:
#   - {{from: "*", to: servers, services: [tcp/6514], reason: logs reach the collector}}
"""


class _Draft:
    def __init__(self, zones: Sequence[Zone]) -> None:
        self.lines: list[str] = []
        self.taken: list[tuple[str, Any]] = []
        """(zone, subnet)."""
        self.active = 0
        for zone in zones:
            self.add(zone, "")

    def add(self, zone: Zone, about: str, why_not: str = "") -> None:
        """One zone; with `why_not` as a comment, which says it."""
        if about:
            self.lines.append(f"  # {about}")
        if why_not:
            self.lines.append(f"  # Not taken: {why_not}")
        self.lines.append(f"  {'# ' if why_not else ''}- {_flow(zone)}")
        if not why_not:
            self.active += 1
            self.taken += [(zone.name, ipaddress.ip_network(each)) for each in zone.subnets]

    def clash(self, net: Any) -> str:
        """The zone that has a part of it already."""
        return next((name for name, other in self.taken if other.version == net.version and other.overlaps(net)), "")

    def name(self, wanted: str) -> str:
        names = {name for name, _ in self.taken}
        return next(each for each in (wanted, *(f"{wanted}-{n}" for n in range(2, 10_000))) if each not in names)


def site_draft(
    around: Surroundings,
    client: str,
    site: str,
    zones: Sequence[Zone],
    today: datetime.date,
    vendor: Callable[[str], str | None],
) -> str:
    """The text. `zones`: what is known besides, and goes first. BadInput where there is nothing to begin from."""
    draft = _Draft(zones)
    for link in around.links:
        _add_link(draft, link, vendor)
    if not draft.active:
        raise BadInput("no interface of this laptop is up in a network that a zone can be made of: plug it in, or name "
                       "a zone with --zone NAME=SUBNET")  # fmt: skip
    _add_routes(draft, around.links)
    example = next(net for _, net in draft.taken)
    words = {
        "client": _scalar(client),
        "site": _scalar(site),
        "day": today.isoformat(),
        "until": (today + datetime.timedelta(days=30)).isoformat(),
        "example": _scalar(str(example)),
        "address": _scalar(str(next(iter(example.hosts())))),
        "name": draft.taken[0][0],
    }
    notes = [f"# The laptop asks the DNS server {', '.join(around.resolvers)}."] if around.resolvers else []
    notes += [f"# {around.blind}: add what lies behind them."] if around.blind else []
    text = _HEAD.format(**words) + "\n".join([*draft.lines, *(f"  {each}" for each in notes)]) + "\n"
    return text + _TAIL.format(**words)


def _add_link(draft: _Draft, link: Link, vendor: Callable[[str], str | None]) -> None:
    nets = [net for each in link.addresses if (net := _segment(each)) is not None]
    if not nets or not link.up:
        return
    fresh = [net for net in dict.fromkeys(nets) if not draft.clash(net)]
    if not fresh:
        draft.lines.append(f"  # {visible(link.name, 40)} is in {draft.clash(nets[0])}, too")
        return
    first = fresh[0]
    wanted = f"vlan-{link.vlan}" if link.vlan else _net_name(first)
    zone = Zone(draft.name(wanted), tuple(map(str, fresh)), link.vlan, guessed_trust(link.name))
    why_not = f"{link.virtual}, no segment of the client's" if link.virtual else ""
    if not why_not and all(net.version == 4 and net.network_address.is_global for net in fresh):
        why_not = "a public network; take it only if it is the client's"
    draft.add(zone, _about(link, vendor), why_not)


def _about(link: Link, vendor: Callable[[str], str | None]) -> str:
    macs = dict(link.neighbours)
    said = [f"{visible(link.name, 40)}: this laptop is {', '.join(link.addresses)}"]
    if link.vlan:
        said.append(f"VLAN {link.vlan}")
    for gateway in link.gateways:
        mac = macs.get(gateway)
        maker = vendor(mac) if mac else None
        known = ", ".join(filter(None, (mac, maker and visible(maker, 60))))
        said.append(f"gateway {gateway}{f' ({known})' if known else ''}")
    others = sum(address not in link.gateways and not address.startswith("fe80:") for address in macs)
    if others:
        said.append(f"{plural(others, 'neighbour')} known")
    return "; ".join(said)


def _add_routes(draft: _Draft, links: Sequence[Link]) -> None:
    """What the laptop has a route to: it may be the client's, or the far end of a tunnel."""
    rows = [(link, subnet, gateway) for link in links for subnet, gateway in link.routes]
    told = 0
    for link, subnet, gateway in rows:
        net = ipaddress.ip_network(subnet)
        if net.prefixlen >= net.max_prefixlen - 1 or net.is_link_local or net.is_multicast or draft.clash(net):
            continue
        if not told:
            draft.lines.append("  # Routes of this laptop: what is the client's is a zone, too; take the # away.")
        told += 1
        if told > _MOST_ROUTES:
            draft.lines.append(f"  # and {len(rows) - _MOST_ROUTES} more")
            return
        zone = Zone(draft.name(_net_name(net)), (str(net),))
        draft.lines.append(f"  # - {_flow(zone)}  # by {visible(link.name, 40)} through {gateway}")


def _segment(text: str) -> Any | None:
    """The subnet of an address that shares one with others."""
    found = ipaddress.ip_interface(text).network
    if found.prefixlen >= found.max_prefixlen - 1 or found.is_link_local or found.is_loopback:
        return None
    return found


def _net_name(net: Any) -> str:
    if net.version == 6:
        return f"net-{slug(str(net.network_address))}"
    octets = str(net.network_address).split(".")[: max(1, (net.prefixlen + 7) // 8)]
    return f"net-{'-'.join(octets)}"


def _flow(zone: Zone) -> str:
    found: dict[str, object] = {"name": zone.name, "subnets": list(zone.subnets)}
    if zone.vlan:
        found["vlan"] = zone.vlan
    found["trust"] = zone.trust
    text = yaml.safe_dump(found, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.strip()


def _scalar(text: str) -> str:
    dumped = yaml.safe_dump([text], default_flow_style=True, width=10_000, allow_unicode=True)
    return dumped.strip()[1:-1]


def parse_zones(texts: Sequence[str]) -> Iterator[Zone]:
    """`NAME=SUBNET[,SUBNET]` as zones. BadInput says what one may look like."""
    for text in texts:
        name, equals, subnets = text.partition("=")
        if not equals or not name or not subnets or slug(name) != name.casefold().replace("_", "-"):
            raise BadInput(f"--zone {visible(text, 80)}: write NAME=SUBNET, as in front-desk=10.20.10.0/24; a name is "
                           "of letters, digits and dashes")  # fmt: skip
        try:
            yield Zone(name, tuple(filter(None, subnets.split(","))), None, guessed_trust(name))
        except ValueError as error:
            raise BadInput(f"--zone {visible(text, 80)}: {str(error).partition(': ')[2] or error}") from None
