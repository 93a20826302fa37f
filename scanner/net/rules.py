"""What may never be sent to, whoever asks: addresses out of scope, and ports whose devices break."""

from __future__ import annotations

import datetime
import itertools
from bisect import bisect_right
from socket import AF_INET, inet_pton

from scanner.model.addresses import AddressSet, network
from scanner.model.base import Transport
from scanner.model.observation import Vantage
from scanner.model.site import Site
from scanner.plan import INDUSTRIAL_PORTS, scope_of, subnets

NEVER_WRITTEN = frozenset({515, *range(9100, 9108), *range(9112, 9117)})
"""Printers print what they receive here (nmap#2237): they may be knocked at, never talked to."""
WITHHELD = "a printer prints what it receives: nothing is ever written to this port"
SNMP = 161

_INDUSTRIAL = "industrial port: a probe can stop a controller; scope.allow_ports lifts it"
_PRINTER = "printer port: a UDP probe writes, and a printer prints it"
_SNMP = "SNMP is asked only where scope.snmp_public allows it"

OUTSIDE = "outside the authorized scope"

_SPECIAL: tuple[tuple[str, str], ...] = (
    # The kernel would send to the IPv4 address inside, which the scope was not asked about.
    ("::ffff:0:0/96", "an IPv4 address written as IPv6: never sent to"),
    ("224.0.0.0/4,ff00::/8", "a multicast address: never sent to"),
    ("0.0.0.0,::", "the unspecified address: never sent to"),
    ("127.0.0.0/8,::1", "a loopback address: never sent to"),
    ("240.0.0.0/4", "a reserved or broadcast address: never sent to"),
)


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
    """A site's scope as sets of addresses, so that a whole /16 is judged as fast as one address."""

    def __init__(self, site: Site, vantage: Vantage) -> None:
        self._interface = vantage.interface
        scope = scope_of(site)
        everything = AddressSet.parse("0.0.0.0/0,::/0")
        excluded = self.excluded = subnets(site.scope.exclude)
        rules = [(AddressSet.parse(text), reason) for text, reason in _SPECIAL]
        rules += [(excluded, "excluded by the site file"), (everything - scope, OUTSIDE)]
        rules += _edges(site)
        self._rules = rules
        """In the order of judgement: the first that holds an address says why it is refused."""
        self._allowed = scope - AddressSet(span for held, _ in rules for span in held.spans)
        self._holds = Members(self._allowed).hold
        self.fragile = subnets(site.scope.fragile)

    def sort(self, asked: AddressSet) -> tuple[AddressSet, dict[str, AddressSet]]:
        """The addresses that may be sent to, and the others by the reason why not."""
        allowed = asked & self._allowed
        rest = asked - allowed
        refused: dict[str, AddressSet] = {}
        for held, reason in self._rules:
            if not rest:
                break
            found = rest & held
            if found:
                refused[reason] = refused.get(reason, AddressSet()) | found
                rest -= found
        return allowed, refused

    def refusal(self, addr: str) -> str | None:
        """Why nothing may be sent to `addr`, or None. ValueError for a text that is no address."""
        interface = addr.partition("%")[2]
        if not interface and self._holds(addr):
            return None
        reason = None if addr in self._allowed else next((why for held, why in self._rules if addr in held), None)
        if interface not in ("", self._interface) and reason not in {why for _, why in _SPECIAL}:
            return "a link-local address of another interface"
        return reason


class Members:
    """An AddressSet that is asked for every event: a third of a microsecond for an IPv4 address."""

    def __init__(self, allowed: AddressSet) -> None:
        self._allowed = allowed
        four = [(low, high) for version, low, high in allowed.spans if version == 4]
        self._lows = [low for low, _ in four]
        self._highs = [high for _, high in four]

    def hold(self, address: str) -> bool:
        try:
            value = int.from_bytes(inet_pton(AF_INET, address), "big")
        except OSError:
            return address in self._allowed
        at = bisect_right(self._lows, value) - 1
        return at >= 0 and value <= self._highs[at]


def _edges(site: Site) -> list[tuple[AddressSet, str]]:
    """The addresses that stand for a whole subnet: the zones' own, and the scope's where no zone says better."""
    own = list(itertools.chain.from_iterable(zone.subnets for zone in site.zones))
    zones = subnets(own)
    found: list[tuple[AddressSet, str]] = []
    for text, elsewhere in (*((each, False) for each in own), *((each, True) for each in site.scope.include)):
        net = network(text)
        if net.prefixlen >= net.max_prefixlen - 1:
            continue
        low, high = int(net.network_address), int(net.broadcast_address)
        ends = [(low, "network"), *([(high, "broadcast")] if net.version == 4 else [])]
        for value, kind in ends:
            edge = AddressSet([(net.version, value, value)])
            found.append((edge - zones if elsewhere else edge, f"the {kind} address of {net}"))
    return found
