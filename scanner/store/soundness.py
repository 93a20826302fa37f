"""Whether scan data out of another laptop's store may be taken over: a row that types alone let through can still name
no address, or so many that judging it never ends."""

from __future__ import annotations

import math
import re

from scanner.model.addresses import AddressSet, address
from scanner.model.observation import (
    Alive,
    Arrival,
    Conversation,
    HostSeen,
    Installed,
    Limitation,
    Listening,
    Observation,
    PortState,
    Refused,
    Scan,
    Silence,
    Vantage,
)

_MOST_ALIVE = 1 << 20
"""Addresses in a row that is taken apart one by one; a sweep asks a quarter of that at most."""
_MOST_SILENT = 1 << 24
_MOST_PARTS = 1 << 18
_MOST_HEARD, _MOST_STRETCHES = 1 << 16, 64
"""Arrivals, and stretches of listening, of one session. A canary tells less, and judging it takes their product."""
_MOST_OWN = 256
"""Addresses that one laptop listens on."""
MOST_ITEMS = 15_000
"""Pieces of software of one machine."""
_MOST_NAMES = 256
_LONGEST = 4096
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_LATEST = 4_102_444_800.0
"""The year 2100."""
_ID = re.compile(r"[0-9a-f]{1,32}")
_NONCE = re.compile(r"(?:[0-9a-f]{4})?")
_PORT = re.compile(r"\d{1,5}", re.ASCII)
_PORTS = re.compile(r"(?:\d{1,5}(?:-\d{1,5})?(?:,|$))*", re.ASCII)


def check_scan(scan: Scan) -> None:
    """ValueError where a session's own row cannot be one of ours."""
    if not _ID.fullmatch(scan.id):
        raise ValueError("a scan's id is none")
    _times(scan.started, *(() if scan.ended is None else (scan.ended,)))
    if scan.purpose == "inventory":
        if scan.vantage != Vantage("", "", ""):
            raise ValueError("an inventory has no vantage")
        return
    if scan.vantage.address or scan.plan:
        address(scan.vantage.address)
    if scan.vantage.address6 is not None:
        address(scan.vantage.address6)
    if not _NONCE.fullmatch(scan.nonce):
        raise ValueError("a scan's nonce is none")


class Counted:
    """How many rows of a canary one session has."""

    def __init__(self) -> None:
        self._heard = 0
        self._stretches: set[tuple[str, str, str, str, float]] = set()

    def check(self, row: Observation) -> None:
        """ValueError where it is one more than any canary tells."""
        if isinstance(row, Arrival):
            self._heard += 1
        elif isinstance(row, Listening):
            self._stretches.add((row.addresses, row.transport, row.ports, row.how, row.since))
        if self._heard > _MOST_HEARD or len(self._stretches) > _MOST_STRETCHES:
            raise ValueError("more rows than any canary tells")


def check(row: Observation) -> None:
    """ValueError where an observation names what is no address, port or time."""
    _times(row.at)
    match row:
        case HostSeen():
            address(row.address)
            _ttl(row.ttl)
        case PortState():
            address(row.address)
            _ports(row.ports)
            _ttl(row.ttl)
            if row.source is not None:
                address(row.source)
        case Alive():
            _addresses(row.addresses, _MOST_ALIVE)
            _ttl(row.ttl)
        case Silence():
            _addresses(row.addresses, _MOST_SILENT)
            _ports(row.ports)
        case Arrival():
            address(row.address)
            address(row.source)
            _ports(row.ports)
            if row.asked and not (_PORT.fullmatch(row.asked) and int(row.asked) <= 65535):
                raise ValueError("a port that was asked is none")
            if not _NONCE.fullmatch(row.nonce):
                raise ValueError("a nonce is none")
        case Listening():
            _times(row.since)
            _addresses(row.addresses, _MOST_OWN)
            _ports(row.ports)
        case Conversation():
            address(row.address)
        case Refused():
            _addresses(row.addresses)
            _ports(row.ports)
        case Limitation():
            pass


def check_installed(row: Installed) -> None:
    """ValueError where an inventory of a machine cannot be one that we imported."""
    _times(row.taken)
    for each in row.addresses:
        address(each)
    if not all(map(_MAC.fullmatch, row.macs)):
        raise ValueError("a MAC address is none")
    if (
        max(len(row.names), len(row.addresses), len(row.macs)) > _MOST_NAMES
        or len(row.items) + len(row.shown) > MOST_ITEMS
    ):
        raise ValueError("more of it than any inventory has")
    if any(len(each.raw) > _LONGEST * 4 for each in row.shown):
        raise ValueError("a service of it says more than any does")
    texts = (*row.names, row.source, row.format, row.os, row.os_version)
    if any(len(each) > _LONGEST for each in texts) or any(
        len(text) > _LONGEST for each in row.items for text in (each.name, each.version, each.vendor, each.distro)
    ):
        raise ValueError("text of it is longer than any inventory's")


def _times(*times: float) -> None:
    for each in times:
        if not math.isfinite(each) or not 0 <= each <= _LATEST:
            raise ValueError(f"{each} is no time")


def _addresses(text: str, most: int | None = None) -> None:
    if text.count(",") > _MOST_PARTS:
        raise ValueError("too many ranges of addresses")
    spans = AddressSet.parse(text).spans
    if most is not None and sum(high - low + 1 for _, low, high in spans) > most:
        raise ValueError("more addresses than any scan asks")


def _ports(text: str) -> None:
    if not _PORTS.fullmatch(text):
        raise ValueError("ports are none")
    for part in filter(None, text.split(",")):
        low, _, high = part.partition("-")
        if not int(low) <= int(high or low) <= 65535:
            raise ValueError("ports are none")


def _ttl(ttl: int | None) -> None:
    if ttl is not None and not 0 <= ttl <= 255:
        raise ValueError(f"{ttl} is no TTL")
