"""Which hosts of different zones are one machine: by what only one machine should have, and what speaks against it.

A host key, an engine id or a card's address names one machine, unless a copied disk or a virtual address carried it to
several; a certificate names one that nobody else was given. A mark that two hosts of one zone share names neither:
those are copies. Pure: legs in, links out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Literal

from scanner.identify.tls import Certificate, certificate
from scanner.model.base import Frozen
from scanner.model.observation import Reading
from scanner.model.text import visible

MarkKind = Literal["ssh.hostkey", "tls.cert", "mac", "snmp.engineid", "smb.guid", "computer", "name"]
WORDS: Mapping[MarkKind, str] = {
    "ssh.hostkey": "SSH host key",
    "tls.cert": "TLS certificate",
    "mac": "MAC address",
    "snmp.engineid": "SNMP engine id",
    "smb.guid": "SMB server GUID",
    "computer": "computer name",
    "name": "name",
}
_STRONG, _FAIR, _WEAK = 0.9, 0.6, 0.3
_HIGH, _MEDIUM = 0.84, 0.5
_MOST_LEGS = 4
"""Hosts that one machine may be. What more have in common came with them."""
_EXCLUSIVE: frozenset[MarkKind] = frozenset({"snmp.engineid", "smb.guid", "computer"})
"""One machine has one of these: two different ones are two machines."""

_VIRTUAL_MACS = re.compile(
    r"00:00:5e:00:0[12]:"  # VRRP, CARP
    r"|00:00:0c:07:ac:|00:00:0c:9f:f|00:05:73:a0:0"  # HSRP, and its IPv6 kind
    r"|00:07:b4:"  # GLBP
    r"|0[23]:bf:|01:"  # Microsoft's load balancing
    r"|00:00:00:00:00:00|ff:ff:ff:ff:ff:ff"
)
_DEFAULT_NAMES = re.compile(
    r"localhost(\.localdomain)?|(.+\.)?example\.(com|net|org)|default|test|server|router|gateway|self-?signed.*"
    r"|my ?cert.*|unifi|ubnt|fortinet|fortigate|support|webmin|plesk|parallels panel"
    r"|traefik default cert|rdp|ssl|device|printer"
    r"|kubernetes ingress controller fake certificate|ssl-cert-snakeoil|debian|ubuntu|raspberrypi|openwrt|mikrotik"
    r"|tp-?link.*|netgear.*|d-?link.*|linksys.*|cisco|axis|hikvision|dahua|ip camera|synology(\.com)?|qnap|ilo|idrac.*"
    r"|192\.168\.(0|1|88|178)\.(1|254)|10\.0\.0\.1|127\.0\.0\.1",
    re.IGNORECASE,
)
_COMMON_NAMES = re.compile(
    r"localhost.*|android.*|iphone|ipad|raspberrypi|debian|ubuntu|openwrt|workgroup.*|unknown|default|printer|router",
    re.IGNORECASE,
)


class Mark(Frozen, frozen=True):
    """Something by which a machine may be known again."""

    kind: MarkKind
    value: bytes

    @property
    def words(self) -> str:
        if self.kind in ("mac", "computer", "name"):
            return f"{WORDS[self.kind]} {visible(self.value, 100)}"
        return WORDS[self.kind]


class Leg(Frozen, frozen=True):
    """One host of one zone, as far as its identity goes."""

    id: str
    zone: str
    marks: frozenset[Mark] = frozenset()
    said: tuple[tuple[str, bytes], ...] = ()
    """(port, identification line) of its SSH servers: copies that went different ways say different things."""
    router: bool = False
    """Whether it is a router's own leg, of which there is one in every zone by design."""


class Link(Frozen, frozen=True):
    """Two legs of one machine."""

    left: str
    right: str
    confidence: Literal["high", "medium"]
    shared: tuple[str, ...]
    """In words, the strongest first."""
    kinds: frozenset[str]


def links(legs: Iterable[Leg]) -> list[Link]:
    """The pairs of legs in different zones that are one machine, in the order of their ids."""
    known = sorted(legs, key=lambda each: each.id)
    holders: defaultdict[Mark, list[Leg]] = defaultdict(list)
    for leg in known:
        for mark in leg.marks:
            holders[mark].append(leg)
    shared: defaultdict[tuple[str, str], dict[Mark, float]] = defaultdict(dict)
    for mark, having in holders.items():
        weight = _weight(mark, having)
        for left, right in combinations(having, 2) if weight else ():
            shared[left.id, right.id][mark] = weight
    by_id = {leg.id: leg for leg in known}
    found: list[Link] = []
    for (one, other), marks in sorted(shared.items()):
        left, right = by_id[one], by_id[other]
        if (left.router and right.router) or contradiction(left, right):
            continue
        best: dict[MarkKind, float] = {}
        for mark, weight in marks.items():
            best[mark.kind] = max(weight, best.get(mark.kind, 0.0))
        doubt = 1.0
        for weight in best.values():
            doubt *= 1 - weight
        if 1 - doubt < _MEDIUM:
            continue
        ordered = sorted(marks, key=lambda mark: (-marks[mark], mark.kind, mark.value))
        found.append(
            Link(
                one,
                other,
                "high" if 1 - doubt >= _HIGH else "medium",
                tuple(dict.fromkeys(mark.words for mark in ordered)),
                frozenset(mark.kind for mark in ordered),
            )
        )
    return found


def contradiction(left: Leg, right: Leg) -> str:
    """Why two legs cannot be one machine, in words; empty where nothing says so."""
    for kind in ("ssh.hostkey", *sorted(_EXCLUSIVE)):
        ours = {mark.value for mark in left.marks if mark.kind == kind}
        theirs = {mark.value for mark in right.marks if mark.kind == kind}
        if ours and theirs and not ours & theirs:
            return f"different {WORDS[kind]}s"
    told = dict(left.said)
    for port, line in right.said:
        if told.get(port, line) != line:
            return f"different SSH servers on {port}"
    return ""


def _weight(mark: Mark, having: list[Leg]) -> float:
    """What the mark is worth for any two of the hosts that have it."""
    zones = {leg.zone for leg in having}
    if len(zones) < 2 or len(zones) != len(having) or len(having) > _MOST_LEGS:
        return 0.0
    weight = _of_its_own(mark)
    if len(having) > 2 and mark.kind != "mac":
        # A machine with three legs is rarer than a disk that was copied twice; a trunk port has as many as there are.
        weight = min(weight, _FAIR) if weight >= _FAIR else 0.0
    return weight


def _of_its_own(mark: Mark) -> float:
    if mark.kind == "tls.cert":
        return _of_certificate(certificate(mark.value))
    if mark.kind == "mac":
        text = mark.value.decode("ascii", "replace")
        if _VIRTUAL_MACS.match(text):
            return 0.0
        # A made-up address (virtual machines, containers) can be made up the same way twice.
        return _FAIR if int(text[:2] if text[:2].isalnum() else "0", 16) & 2 else _STRONG
    if mark.kind == "name":
        return 0.0 if _COMMON_NAMES.fullmatch(mark.value.decode("utf-8", "replace")) else _WEAK
    if mark.kind == "computer":
        return _FAIR
    return _STRONG


def _of_certificate(found: Certificate | None) -> float:
    """A certificate that stands for one machine; one that can be read only as bytes is judged by them alone."""
    if found is None:
        return _FAIR
    names = (found.subject, *found.names)
    if any("*" in name for name in names) or not any(names) or _DEFAULT_NAMES.fullmatch(found.subject):
        return 0.0
    # An authority signed it for a service, which may well be given to the proxy and to the server behind it.
    return _FAIR if found.self_signed else _WEAK


def marks(reading: Reading) -> Iterator[Mark]:
    """The marks in a reading. Never raises."""
    raw = reading.raw
    if reading.kind == "ssh.hostkey" or reading.kind == "tls.cert":
        if raw:
            yield Mark(reading.kind, raw)  # type: ignore[arg-type]
    elif reading.kind == "snmp.engineid":
        # RFC 3411: five bytes at least, which an agent that was never set up leaves at nothing but zeros.
        if len(raw) >= 8 and raw[5:].strip(b"\0"):
            yield Mark("snmp.engineid", raw)
    elif reading.kind == "smb" and raw[:4] == b"\xfeSMB" and len(raw) >= 88:
        guid = raw[72:88]
        text = guid.rstrip(b"\0")
        # Samba writes its own name there.
        if text and not (text.isascii() and text.decode().isprintable()):
            yield Mark("smb.guid", guid)
    elif reading.kind == "ntlm" and (name := computer_name(raw)):
        yield Mark("computer", name.lower().encode())


def computer_name(challenge: bytes) -> str:
    """`dc01.corp.example` of the target information in an NTLM challenge (MS-NLMP 2.2.2.1); empty if it has none."""
    if len(challenge) < 48 or not challenge.startswith(b"NTLMSSP\0"):
        return ""
    length, at = int.from_bytes(challenge[40:42], "little"), int.from_bytes(challenge[44:48], "little")
    block = challenge[at : at + min(length, 1024)]
    found: dict[int, str] = {}
    while len(block) >= 4 and len(found) < 16:
        kind, size = int.from_bytes(block[:2], "little"), int.from_bytes(block[2:4], "little")
        if kind == 0:
            break
        found[kind] = block[4 : 4 + size].decode("utf-16-le", "replace")
        block = block[4 + size :]
    host, domain = found.get(3, "") or found.get(1, ""), found.get(2, "")
    if not host or _COMMON_NAMES.fullmatch(host):
        return ""
    return host if "." in host else f"{domain}\\{host}"
