"""LDAP's one question here: the rootDSE (RFC 4512, 5.1), which every server shows to everybody. No bind, no name."""

from __future__ import annotations

from scanner.model import ber
from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

KEPT = 16384
_ENTRY, _DONE, _NOTICE = 0x64, 0x65, 0x78
_MESSAGES = 8

# Some servers show what tells them apart only to those who ask for it by name (Samba: vendorVersion).
_ATTRIBUTES = (
    b"*", b"+", b"objectClass", b"vendorName", b"vendorVersion", b"dnsHostName", b"defaultNamingContext",
    b"supportedCapabilities", b"supportedLDAPVersion",
)  # fmt: skip
QUESTION = ber.element(
    ber.SEQUENCE,
    ber.integer(1),
    ber.element(
        0x63,
        ber.element(ber.OCTETS),  # the entry with no name
        ber.integer(0, ber.ENUMERATED),  # itself, not what is below it
        ber.integer(0, ber.ENUMERATED),
        ber.integer(1),  # one entry
        ber.integer(5),  # seconds
        ber.element(0x01, b"\0"),
        ber.element(0x87, b"objectClass"),
        ber.element(ber.SEQUENCE, *(ber.element(ber.OCTETS, each) for each in _ATTRIBUTES)),
    ),
)


def ask(peer: Peer) -> Steps:
    """Ask, on a connection that stands; the readings are `ldap` for any LDAP answer, and `ldap.rootdse`."""
    yield Send(QUESTION)
    data = yield Read(enough=answered, limit=2 * KEPT, seconds=4.0)
    return readings(data) or stranger(data, peer.port)


def answered(data: bytes) -> bool:
    """Whether the last word of the search has come, or what came is not LDAP."""
    if data[:1] != b"\x30":
        return True
    messages = list(_messages(data))
    if not messages:
        size = ber.whole(data)
        return size > 2 * KEPT or (len(data) >= 6 and not size)
    return any(tag in (_DONE, _NOTICE) for tag, _, _ in messages)


def readings(data: bytes) -> tuple[Reading, ...]:
    """What an answer says, `()` if it is none. Never raises."""
    found: list[Reading] = []
    for tag, content, raw in _messages(data):
        if tag == _ENTRY and not found:
            found = [Reading("ldap", raw[:LINE]), Reading("ldap.rootdse", raw[:KEPT])]
            if host := value(content, b"dnshostname"):
                found.append(Reading("ldap.dnshostname", host[:255]))
        elif not found and (tag in (_DONE, _NOTICE)):
            found = [Reading("ldap", raw[:LINE])]
    return tuple(found)


def value(entry: bytes, name: bytes) -> bytes:
    """The first value of an attribute in the content of a search result entry, `b""` if it has none."""
    for _, attribute in ber.elements(ber.first(entry, ber.SEQUENCE)):
        parts = list(ber.elements(attribute))
        if len(parts) == 2 and parts[0][1].lower() == name:
            return next((content for _, content in ber.elements(parts[1][1])), b"")
    return b""


def _messages(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The operation's tag and content, and the whole message, for each message that is there in full."""
    found = []
    rest = data
    for _ in range(_MESSAGES):
        size = ber.whole(rest)
        if rest[:1] != b"\x30" or not 5 <= size <= len(rest):
            break
        parts = list(ber.elements(next(ber.elements(rest))[1]))
        if len(parts) < 2 or parts[0][0] != ber.INTEGER or not 0x60 <= parts[1][0] <= 0x79:
            break
        found.append((*parts[1], rest[:size]))
        rest = rest[size:]
    return found
