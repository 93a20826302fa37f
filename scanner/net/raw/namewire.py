"""Questions for names and their answers, as bytes: DNS as mDNS and LLMNR speak it too, and NetBIOS node status. Pure.

RFC 1035, 1002, 4795, 6762. Names are whatever the far side likes to say: invalid UTF-8 is replaced, number and length
are bounded, everything else is left to whoever shows them. Names of DNS are read by dnspython, which is imported only
when there is an answer to read; its message parser is not used, as it does not know the cache-flush bit of mDNS.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

import msgspec

A, PTR, AAAA, SRV = 1, 12, 28, 33
MOST_BYTES = 9000
"""No mDNS message is longer (RFC 6762, section 17)."""
_IN, _UNICAST = 1, 0x8000
_ANSWER, _RECURSE = 0x8000, 0x0100
_MOST_QUESTIONS, _MOST_RECORDS, _MOST_NODE_NAMES = 64, 128, 64
_NODE_STATUS = 0x21
_ANY_NODE = b"\x20CK" + b"A" * 30 + b"\0"
"""The name `*`, as NetBIOS encodes it."""
_GROUP = 0x8000

Labels = tuple[str, ...]


class Record(msgspec.Struct, frozen=True):
    """A record that names something. PTR and SRV have a `target`, A and AAAA an `address`."""

    name: Labels
    kind: int
    target: Labels = ()
    address: str = ""


class Message(msgspec.Struct, frozen=True):
    """An answer: its transaction number, and the records of all sections that are of use here."""

    number: int
    records: tuple[Record, ...]


class NodeStatus(msgspec.Struct, frozen=True):
    """What a NetBIOS node calls itself."""

    number: int
    names: tuple[str, ...]
    workgroup: str | None


def question(number: int, asked: Sequence[tuple[str, int]], unicast: bool = False, recurse: bool = False) -> bytes:
    """A DNS question for (name, type) each; `unicast`: of mDNS, answered to the asker alone; `recurse`: of a resolver.

    ValueError for a name that DNS cannot hold.
    """
    flags = _RECURSE if recurse else 0
    body = b"".join(_encoded(name) + struct.pack("!HH", kind, _IN | _UNICAST * unicast) for name, kind in asked)
    return struct.pack("!6H", number, flags, len(asked), 0, 0, 0) + body


def reverse(address: str) -> str:
    """The name under which DNS holds the name of an address."""
    return ipaddress.ip_address(address).reverse_pointer


def reversed_address(name: Labels) -> str | None:
    """The address that such a name stands for; None for any other name."""
    labels = [each.lower() for each in name]
    try:
        if labels[-2:] == ["in-addr", "arpa"] and len(labels) == 6:
            return str(ipaddress.IPv4Address(".".join(reversed(labels[:-2]))))
        if labels[-2:] == ["ip6", "arpa"] and len(labels) == 34 and all(len(each) == 1 for each in labels[:-2]):
            return str(ipaddress.IPv6Address(bytes.fromhex("".join(reversed(labels[:-2])))))
    except ValueError:
        return None
    return None


def written(name: Labels) -> str:
    """A name as people write it, without the dot at its end."""
    return ".".join(name)


def message(data: bytes) -> Message | None:
    """What a DNS answer says; None for anything else. A mangled one is read up to where it breaks. Never raises."""
    if len(data) < 12:
        return None
    number, flags, questions, *counts = struct.unpack_from("!6H", data)
    if not flags & _ANSWER or flags & 0x7800 or not any(counts):
        return None
    from dns.exception import DNSException

    records: list[Record] = []
    at = 12
    try:
        for _ in range(min(questions, _MOST_QUESTIONS)):
            at = _name(data, at)[1] + 4
        for _ in range(min(sum(counts), _MOST_RECORDS) if questions <= _MOST_QUESTIONS else 0):
            found, at = _record(data, at)
            if found is not None:
                records.append(found)
    except (DNSException, struct.error, ValueError):
        pass
    return Message(number, tuple(records))


def _record(data: bytes, at: int) -> tuple[Record | None, int]:
    """The record that starts at `at` (None if it is of no use here), and where the next one does."""
    name, at = _name(data, at)
    kind, klass, _, length = struct.unpack_from("!HHIH", data, at)
    at += 10
    end = at + length
    if end > len(data):
        raise ValueError("the record is cut off")
    found: Record | None = None
    # The highest bit of a class is mDNS's: the cache may forget what it knew.
    if klass & 0x7FFF == _IN:
        if (kind, length) in ((A, 4), (AAAA, 16)):
            found = Record(name, kind, address=str(ipaddress.ip_address(data[at:end])))
        elif kind == PTR:
            found = Record(name, kind, _name(data, at)[0])
        elif kind == SRV and length > 6:
            found = Record(name, kind, _name(data, at + 6)[0])
    return found, end


def _name(data: bytes, at: int) -> tuple[Labels, int]:
    """The name that starts at `at`, and where it ends."""
    import dns.name

    if at >= len(data):
        raise ValueError("the message is cut off")
    name, used = dns.name.from_wire(data, at)
    return tuple(each.decode("utf-8", "replace") for each in name.labels if each), at + used


def _encoded(name: str) -> bytes:
    labels = [each.encode() for each in name.split(".")]
    if not all(0 < len(each) < 64 for each in labels) or sum(map(len, labels)) + len(labels) > 254:
        raise ValueError(f"{name!r} is no name for DNS")
    return b"".join(bytes((len(each),)) + each for each in labels) + b"\0"


def node_question(number: int) -> bytes:
    """Ask a NetBIOS node for all its names."""
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + _ANY_NODE + struct.pack("!HH", _NODE_STATUS, _IN)


def node_status(data: bytes) -> NodeStatus | None:
    """What a node status answer says; None for anything else. A mangled one is read up to where it breaks."""
    if len(data) < 12 or not data[2] & 0x80 or data[4:8] != b"\0\0\0\x01":
        return None
    at = 14 if data[12:13] >= b"\xc0" else 12 + len(_ANY_NODE)
    if len(data) < at + 11 or data[at : at + 2] != b"\0\x21":
        return None
    names: list[str] = []
    workgroup = None
    for entry in range(at + 11, min(len(data) - 17, at + 11 + 18 * min(data[at + 10], _MOST_NODE_NAMES)), 18):
        name = data[entry : entry + 15].rstrip(b" \0").decode("utf-8", "replace")
        kind, flags = struct.unpack_from("!BH", data, entry + 15)
        if kind == 0x00 and flags & _GROUP:
            workgroup = workgroup or name
        elif kind in (0x00, 0x20) and name and name not in names:
            names.append(name)
    return NodeStatus(int.from_bytes(data[:2], "big"), tuple(names), workgroup or None)
