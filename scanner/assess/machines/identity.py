"""Which hosts of different zones are one machine: by what only one machine should have, and what speaks against it.

A host key, an engine id or a card's address names one machine, unless a copied disk or a virtual address carried it to
several; a certificate names one that nobody else was given. A mark that two hosts of one zone share names neither:
those are copies. Pure: legs in, links out.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations
from typing import Literal

from scanner.assess.machines.device_certificates import SAME_ON_ALL
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
    r"|00:09:0f:09:"  # FortiGate's clusters
    r"|00:1b:17:00:01:"  # Palo Alto's
    r"|00:10:db:ff:"  # Juniper's SRX
    r"|0[23]:bf:|01:"  # Microsoft's load balancing
    r"|00:00:00:00:00:00|ff:ff:ff:ff:ff:ff"
)
_DEFAULT_NAMES = re.compile(
    r"(.+\.)?example\.(com|net|org)|default|test|server|router|gateway|self-?signed.*"
    r"|my ?cert.*|fortinet|fortigate|support|webmin|parallels panel|sonicwall|lantronix|watchguard|dvr|nvr|nas"
    r"|rdp|ssl|device|printer"
    r"|kubernetes ingress controller fake certificate|ssl-cert-snakeoil|debian|ubuntu|raspberrypi|openwrt|mikrotik"
    r"|tp-?link.*|netgear.*|d-?link.*|linksys.*|cisco|axis|hikvision|dahua|ip camera|qnap|ilo|idrac.*",
    re.IGNORECASE,
)
"""Besides those that are a finding by themselves."""
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


class Served(Frozen, frozen=True):
    """One port, and the marks that its service showed."""

    port: str
    """`tcp/22`."""
    marks: frozenset[Mark]
    behind: bool = False
    """Whether its answers came from farther away than others of the same address: through it, from somebody else."""


class Leg(Frozen, frozen=True):
    """One host of one zone, as far as its identity goes."""

    id: str
    zone: str
    marks: frozenset[Mark] = frozenset()
    said: tuple[tuple[str, bytes], ...] = ()
    """(port, identification line) of its SSH servers: copies that went different ways say different things."""
    router: bool = False
    """Whether it is a router's own leg, of which there is one in every zone by design."""
    served: tuple[Served, ...] = ()
    """The ports that showed a mark."""


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
        if 1 - doubt < _MEDIUM or (_by_name_only(marks) and _differ(left, right, "mac", "tls.cert")):
            continue
        # Firmware that has its key built in: two devices, each with its own card and its own name.
        given = best.keys() <= {"ssh.hostkey", "tls.cert"} and _differ(left, right, "mac", "name")
        ordered = sorted(marks, key=lambda mark: (-marks[mark], mark.kind, mark.value))
        found.append(
            Link(
                one,
                other,
                "high" if 1 - doubt >= _HIGH and not given else "medium",
                tuple(dict.fromkeys(mark.words for mark in ordered)),
                frozenset(mark.kind for mark in ordered),
            )
        )
    return found


def contradiction(left: Leg, right: Leg) -> str:
    """Why two legs cannot be one machine, in words; empty where nothing says so."""
    for kind in ("ssh.hostkey", *sorted(_EXCLUSIVE)):
        ours, theirs = _values(left, kind), _values(right, kind)
        if kind == "ssh.hostkey" and not {*map(key_type, ours)} & {*map(key_type, theirs)}:
            continue  # A server has a key of each type, and one of them was read.
        if ours and theirs and not ours & theirs:
            return f"different {WORDS[kind]}s"
    told = dict(left.said)
    for port, line in right.said:
        if told.get(port, line) != line:
            return f"different SSH servers on {port}"
    return ""


def _values(leg: Leg, kind: MarkKind) -> set[bytes]:
    return {mark.value for mark in leg.marks if mark.kind == kind}


def key_type(key: bytes) -> bytes:
    """`ssh-ed25519` of a public key (RFC 4253 6.6); empty where it does not begin with a type."""
    size = int.from_bytes(key[:4], "big")
    return key[4 : 4 + size] if 0 < size <= 64 and len(key) >= 4 + size else b""


def _differ(left: Leg, right: Leg, *kinds: MarkKind) -> bool:
    """Whether both have each of these kinds, and none of them in common: MACs from a factory, names by their host."""

    def told(leg: Leg, kind: MarkKind) -> set[bytes]:
        values = _values(leg, kind)
        if kind == "mac":
            return {each for each in values if _of_mac(each) == _STRONG}
        return {each.partition(b".")[0] for each in values} if kind == "name" else values

    pairs = [(told(left, kind), told(right, kind)) for kind in kinds]
    return all(ours and theirs and not ours & theirs for ours, theirs in pairs)


def _by_name_only(marks: Iterable[Mark]) -> bool:
    """Whether what is shared is a name that no domain gave: two boxes may well be called `nas`."""
    return all(mark.kind == "name" or (mark.kind == "computer" and b"." not in mark.value) for mark in marks)


def _weight(mark: Mark, having: list[Leg]) -> float:
    """What the mark is worth for any two of the hosts that have it."""
    zones = {leg.zone for leg in having}
    if len(zones) < 2 or len(zones) != len(having) or len(having) > _MOST_LEGS:
        return 0.0
    weight = worth(mark)
    if len(having) > 2 and mark.kind != "mac":
        # A machine with three legs is rarer than a disk that was copied twice; a trunk port has as many as there are.
        weight = min(weight, _FAIR) if weight >= _FAIR else 0.0
    return weight


def worth(mark: Mark) -> float:
    """How surely whoever has it is one machine, 0 to 1, before it is seen how many have it."""
    if mark.kind == "tls.cert":
        return _of_certificate(certificate(mark.value))
    if mark.kind == "mac":
        return _of_mac(mark.value)
    if mark.kind == "name":
        return 0.0 if _COMMON_NAMES.fullmatch(mark.value.decode("utf-8", "replace")) else _WEAK
    if mark.kind == "computer":
        return _FAIR
    return _STRONG


def _of_mac(mac: bytes) -> float:
    text = mac.decode("ascii", "replace")
    if _VIRTUAL_MACS.match(text):
        return 0.0
    # A made-up address (virtual machines, containers) can be made up the same way twice.
    return _FAIR if int(text[:2] if text[:2].isalnum() else "0", 16) & 2 else _STRONG


def _of_certificate(found: Certificate | None) -> float:
    """A certificate that stands for one machine; one that can be read only as bytes is judged by them alone."""
    if found is None:
        return _FAIR
    names = (found.subject, *found.names)
    if any("*" in name for name in names) or not any(names) or _default(found.subject):
        return 0.0
    # An authority signed it for a service, which may well be given to the proxy and to the server behind it.
    return _FAIR if found.self_signed else _WEAK


def _default(subject: str) -> bool:
    """Whether many devices give themselves this name, as they do an address that each site hands out anew."""
    if SAME_ON_ALL.search(subject) or _DEFAULT_NAMES.fullmatch(subject):
        return True
    try:
        return ipaddress.ip_address(subject).is_private
    except ValueError:
        return False


def marks(reading: Reading) -> Iterator[Mark]:
    """The marks in a reading. Never raises."""
    raw = reading.raw
    if reading.kind == "ssh.hostkey" or reading.kind == "tls.cert":
        if raw:
            yield Mark(reading.kind, raw)  # type: ignore[arg-type]
    elif reading.kind == "snmp.engineid":
        if _engine(raw):
            yield Mark("snmp.engineid", raw)
    elif reading.kind == "smb" and raw[:4] == b"\xfeSMB" and len(raw) >= 88:
        guid = raw[72:88]
        text = guid.rstrip(b"\0")
        # Samba writes its own name there.
        if text and not (text.isascii() and text.decode().isprintable()):
            yield Mark("smb.guid", guid)
    elif reading.kind == "ntlm" and (name := computer_name(raw)):
        yield Mark("computer", name.lower().encode())


def _engine(raw: bytes) -> bool:
    """Whether an SNMP engine id (RFC 3411 5, SnmpEngineID) may be one machine's own: many agents keep a given one."""
    said = raw[5:]
    # Never set up: nothing but zeros or ones, bytes counted up, or no maker.
    if len(raw) < 8 or not said.strip(b"\0") or not said.strip(b"\xff") or said == bytes(range(1, len(said) + 1)):
        return False
    if not raw[0] & 0x80:
        return True
    if raw[:4] == b"\x80\0\0\0":
        return False
    if raw[4] in (1, 2) and len(said) in (4, 16):
        address = ipaddress.ip_address(said)
        return not (address.is_loopback or address.is_unspecified)
    if raw[4] == 3:
        return len(said) >= 6 and not set(said) <= {0, 0xFF} and not _VIRTUAL_MACS.match(said[:6].hex(":"))
    # A word is a setting, which goes wherever the settings are copied; a serial number has digits.
    return raw[4] != 4 or any(0x30 <= each <= 0x39 for each in said)


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
