"""A DNS server, UDP and TCP: `version.bind` and its like in class CHAOS, its own names, and REFUSED for the rest.

Options: `version` (the text of version.bind; default: REFUSED), `hostname` (of hostname.bind and id.server; default:
REFUSED), `names` (a mapping of names to an address each, answered A or AAAA), `recursion` (true: says that it offers
recursion, and NXDOMAIN rather than REFUSED).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from scanner.lab.services import Conversation, Options, Speaker

_A, _TXT, _AAAA = 1, 16, 28
_IN, _CHAOS = 1, 3
_NOERROR, _FORMERR, _NXDOMAIN, _REFUSED = 0, 1, 3, 5
_QUERY_BIT, _AUTHORITATIVE, _RECURSION_WANTED, _RECURSION_OFFERED = 0x8000, 0x0400, 0x0100, 0x0080
_AT_QUESTION = b"\xc0\x0c"
"""A name written as a pointer to the question's."""


def _start(options: Options) -> Conversation:
    said = b""
    if options["transport"] == "udp":
        while True:
            said = _answer((yield said), options)
    pending = b""
    while True:
        pending += yield said
        said = b"".join(
            len(each).to_bytes(2) + each for each in (_answer(m, options) for m in _messages(pending)) if each
        )
        while len(pending) >= 2 and len(pending) >= 2 + int.from_bytes(pending[:2]):
            pending = pending[2 + int.from_bytes(pending[:2]) :]


def _messages(data: bytes) -> Iterator[bytes]:
    while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2]):
        size = int.from_bytes(data[:2])
        yield data[2 : 2 + size]
        data = data[2 + size :]


def _answer(query: bytes, options: Options) -> bytes:
    if len(query) < 12 or query[2] & 0x80:
        return b""
    flags = _QUERY_BIT | int.from_bytes(query[2:4]) & (0x7800 | _RECURSION_WANTED)
    if options.get("recursion"):
        flags |= _RECURSION_OFFERED
    try:
        name, end = _name(query, 12)
        kind, group = int.from_bytes(query[end : end + 2]), int.from_bytes(query[end + 2 : end + 4])
        if int.from_bytes(query[4:6]) != 1 or end + 4 > len(query):
            raise ValueError("one question")
    except (ValueError, IndexError):
        return query[:2] + (flags | _FORMERR).to_bytes(2) + bytes(8)
    question = query[12 : end + 4]
    data = _record(name, kind, group, options)
    if data is None:
        code = _NXDOMAIN if options.get("recursion") and group == _IN else _REFUSED
        return query[:2] + (flags | code).to_bytes(2) + (1).to_bytes(2) + bytes(6) + question
    head = query[:2] + (flags | _AUTHORITATIVE | _NOERROR).to_bytes(2) + (1).to_bytes(2)
    if not data:
        return head + bytes(6) + question
    record = _AT_QUESTION + kind.to_bytes(2) + group.to_bytes(2) + bytes(4) + len(data).to_bytes(2) + data
    return head + (1).to_bytes(2) + bytes(4) + question + record


def _record(name: str, kind: int, group: int, options: Options) -> bytes | None:
    """The record's data; b"" where the name exists without this kind, None where it does not exist."""
    if group == _CHAOS:
        option = {"version.bind": "version", "version.server": "version", "hostname.bind": "hostname"}.get(name)
        option = "hostname" if name == "id.server" else option
        text = options.get(option) if option else None
        if text is None or kind not in (_TXT, 255):
            return None
        encoded = str(text).encode()[:255]
        return bytes([len(encoded)]) + encoded
    known = {str(key).lower(): value for key, value in dict(options.get("names", {})).items()}
    if group != _IN or name not in known:
        return None
    address = ipaddress.ip_address(str(known[name]))
    return address.packed if kind == (_A if address.version == 4 else _AAAA) else b""


def _name(message: bytes, at: int) -> tuple[str, int]:
    labels = []
    while (size := message[at]) != 0:
        if size > 63 or at + 1 + size >= len(message):
            raise ValueError("no plain label")
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    return ".".join(labels), at + 1


SERVICE = Speaker(title="DNS", start=_start, options=("version", "hostname", "names", "recursion"))
