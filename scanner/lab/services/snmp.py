"""An SNMP agent, versions 1 and 2c: GET of sysDescr, sysObjectID, sysName and sysLocation. A wrong community: silence.

Options: `description` (sysDescr; default `Lab agent`), `community` (default `public`), `name` (sysName), `location`,
`object` (sysObjectID; default 1.3.6.1.4.1.8072.3.2.10).
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.lab.services import Conversation, Options, Speaker

_INTEGER, _STRING, _NULL, _OID, _SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
_GET, _RESPONSE = 0xA0, 0xA2
_NO_SUCH_OBJECT = b"\x80\0"
_NO_SUCH_NAME = 2
_SYSTEM = bytes.fromhex("2b060102010100")[:-1]  # 1.3.6.1.2.1.1


def _start(options: Options) -> Conversation:
    said = b""
    while True:
        request = yield said
        try:
            said = _answer(request, options)
        except (ValueError, IndexError):  # not SNMP: an agent keeps quiet
            said = b""


def _answer(request: bytes, options: Options) -> bytes:
    [message] = _sequence(request, _SEQUENCE)
    (_, version), (_, community), (kind, pdu) = _items(message)
    if community.decode(errors="replace") != str(options.get("community", "public")) or kind != _GET:
        return b""
    (_, identifier), _, _, (_, wanted) = _items(pdu)
    known = _objects(options)
    bindings = b""
    error = index = 0
    for number, (_, binding) in enumerate(_items(wanted), 1):
        (_, name), (_, _) = _items(binding)
        value = known.get(name)
        if value is None:
            if version == b"\0":  # version 1 names one variable that it lacks, and gives none of the values
                error, index = error or _NO_SUCH_NAME, index or number
                value = _value(_NULL, b"")
            else:
                value = _NO_SUCH_OBJECT
        bindings += _value(_SEQUENCE, _value(_OID, name) + value)
    body = b"".join(
        (
            _value(_INTEGER, identifier),
            _value(_INTEGER, bytes([error])),
            _value(_INTEGER, bytes([index])),
            _value(_SEQUENCE, bindings),
        )
    )
    head = _value(_INTEGER, version) + _value(_STRING, community)
    return _value(_SEQUENCE, head + _value(_RESPONSE, body))


def _objects(options: Options) -> dict[bytes, bytes]:
    texts = {1: options.get("description", "Lab agent"), 5: options.get("name", ""), 6: options.get("location", "")}
    found = {_SYSTEM + bytes([number, 0]): _value(_STRING, str(text).encode()) for number, text in texts.items()}
    found[_SYSTEM + b"\x02\0"] = _value(_OID, _oid(str(options.get("object", "1.3.6.1.4.1.8072.3.2.10"))))
    return found


def _oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    encoded = bytes([first * 40 + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, number & 0x7F | 0x80)
        encoded += bytes(digits)
    return encoded


def _value(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(data: bytes, tag: int) -> list[bytes]:
    return [content for kind, content in _items(data) if kind == tag]


def _items(data: bytes) -> list[tuple[int, bytes]]:
    return list(_parse(data))


def _parse(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start])
        if len(data) < start + size:
            raise ValueError("cut short")
        yield tag, data[start : start + size]
        data = data[start + size :]


SERVICE = Speaker(title="SNMP", start=_start, options=("description", "community", "name", "location", "object"))
