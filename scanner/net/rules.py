"""What may never be sent to, whoever asks: addresses out of scope, and ports whose devices break."""

from __future__ import annotations

import datetime
import ipaddress

from scanner.model.addresses import IPAddress, network
from scanner.model.base import Transport
from scanner.model.observation import Vantage
from scanner.model.site import Site
from scanner.plan import INDUSTRIAL_PORTS

NEVER_WRITTEN = frozenset({515, *range(9100, 9108), *range(9112, 9117)})
"""Printers print what they receive here (nmap#2237): they may be knocked at, never talked to."""
WITHHELD = "a printer prints what it receives: nothing is ever written to this port"
SNMP = 161

_INDUSTRIAL = "industrial port: a probe can stop a controller; scope.allow_ports lifts it"
_PRINTER = "printer port: a UDP probe writes, and a printer prints it"
_SNMP = "SNMP is asked only where scope.snmp_public allows it"


def authorization_refusal(site: Site, today: datetime.date) -> str | None:
    """Why nothing may be sent on that day, as a sentence; None where the site file allows it."""
    granted = site.authorization
    if granted is None:
        return f"{site.client} / {site.site} has no authorization; without one in the site file nothing is sent"
    if not granted.from_ <= today <= granted.until:
        dates = f"{granted.from_} to {granted.until}"
        return f"{today} is outside the authorization by {granted.by} ({dates}); nothing is sent"
    return None


def port_refusal(site: Site, transport: Transport, port: int) -> str | None:
    """Why nothing at all may be sent to this port of any host, or None."""
    if port in INDUSTRIAL_PORTS and port not in site.scope.allow_ports:
        return _INDUSTRIAL
    if transport == "udp" and port in NEVER_WRITTEN:
        return _PRINTER
    if transport == "udp" and port == SNMP and not site.scope.snmp_public:
        return _SNMP
    return None


class AddressRules:
    """A site's scope, asked once an address: the answers are kept, since the same address comes in every request."""

    def __init__(self, site: Site, vantage: Vantage) -> None:
        self._site = site
        self._interface = vantage.interface
        self._zones = tuple(network(text) for zone in site.zones for text in zone.subnets)
        self._includes = tuple(network(text) for text in site.scope.include)
        self._known: dict[str, str | None] = {}

    def refusal(self, addr: str) -> str | None:
        """Why nothing may be sent to `addr`, or None. ValueError for a text that is no address."""
        if addr not in self._known:
            if len(self._known) > 1 << 20:
                self._known.clear()
            self._known[addr] = self._judge(addr)
        return self._known[addr]

    def _judge(self, addr: str) -> str | None:
        ip = ipaddress.ip_address(addr)
        if kind := _special(ip):
            return f"{kind}: never sent to"
        if isinstance(ip, ipaddress.IPv6Address) and ip.scope_id not in (None, self._interface):
            return "a link-local address of another interface"
        if not self._site.in_scope(addr):
            excluded = any(ip in network(text) for text in self._site.scope.exclude)
            return "excluded by the site file" if excluded else "outside the authorized scope"
        return self._edge(ip)

    def _edge(self, ip: IPAddress) -> str | None:
        """An address that stands for a whole subnet: the zones' own, and the scope's where no zone says better."""
        holding = [net for net in self._zones if ip in net] or [net for net in self._includes if ip in net]
        for net in holding:
            if net.prefixlen >= net.max_prefixlen - 1:
                continue
            if int(ip) == int(net.network_address):
                return f"the network address of {net}"
            if net.version == 4 and int(ip) == int(net.broadcast_address):
                return f"the broadcast address of {net}"
        return None


def _special(ip: IPAddress) -> str | None:
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        # The kernel would send to the IPv4 address inside, which the scope was not asked about.
        return "an IPv4 address written as IPv6"
    for kind in ("multicast", "unspecified", "loopback"):
        if getattr(ip, f"is_{kind}"):
            return f"a {kind} address" if kind != "unspecified" else "the unspecified address"
    if ip.version == 4 and ip.is_reserved:
        return "a reserved or broadcast address"
    return None
