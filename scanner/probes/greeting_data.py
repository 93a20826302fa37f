"""What databases, caches and brokers say first, or to somebody who speaks another protocol: by their first bytes.

Readings whose kind ends in `.error` name a protocol and no product: they say whose probe has more to ask.
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading

LINE = 2048

_MYSQLX = b"\x05\0\0\0\x0b\x08\x05\x1a\0"
"""The notice with which MySQL's X protocol greets: a server hello."""
_OPENWIRE = b"\x01ActiveMQ"
_REFUSED = re.compile(rb"-(?:NOAUTH|DENIED|NOPERM)\b")
_REDIS_ERROR = re.compile(rb"-(?:ERR (?:unknown command|wrong number of arguments|Protocol error)|LOADING |MISCONF )")
_EXCEPTION = re.compile(rb"\x02[\s\S]{4}[\x04-\x40]DB::")
_CLICKHOUSE_PORT = re.compile(rb"Port \d+ is for clickhouse-client program")
_MONGODB_PORT = b"access MongoDB over HTTP on the native driver port"
_POSTGRESQL_ERROR = re.compile(rb"E\0\0[\s\S]{2}S[^\0]{1,64}\0(?:V|C[0-9A-Z]{5}\0)")
_H2 = b"\0\0\0\0\0\0\0\x05" + "90047".encode("utf-16-be")
"""An error, and its code: the H2 database does not speak the version of its protocol that it takes our bytes for."""
_STARTS = (
    # How it begins, and the kind of reading; the whole first line is kept.
    (b"Tarantool ", "tarantool"),
    (b'{"service":"nutcracker"', "twemproxy"),
    (b"VERSION ", "memcached"),
    (b"UNKNOWN_COMMAND\r\n", "beanstalkd.error"),
    (b"ERR UNKNOWN_COMMAND Unknown+server+command", "gearman.error"),
    (b"CONNECTED\n", "stomp"),
    (b"ERROR\nmessage:", "stomp.error"),
    (b"ERROR\ncontent-type:", "stomp.error"),
)


def spoken(data: bytes) -> tuple[Reading, ...]:
    """The readings in what a service said, `()` if it is none of these protocols. Never raises."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return (Reading(kind, data.partition(b"\n")[0][:LINE].rstrip() if kind != "stomp" else data[:LINE]),)
    if data.startswith(b"INFO {"):
        return nats(data)
    if data[4:13] == _OPENWIRE:
        return (Reading("openwire", data[: min(LINE, 4 + int.from_bytes(data[:4], "big"))]),)
    if data.startswith(_MYSQLX):
        return (Reading("mysqlx", _MYSQLX),)
    if data.startswith(b"AMQP") and len(data) == 8 and data[4] in (0, 1, 2, 3):
        return (Reading("amqp.error", data),)
    if data.startswith(b"-"):
        return redis_error(data)
    return _binary(data)


def redis_error(data: bytes) -> tuple[Reading, ...]:
    """The refusal of a server that speaks Redis's protocol."""
    line = data.partition(b"\n")[0][:LINE].rstrip()
    if _REFUSED.match(line):
        return (Reading("redis", line), Reading("redis.auth", b"required"))
    return (Reading("redis.error", line),) if _REDIS_ERROR.match(line) else ()


def nats(data: bytes) -> tuple[Reading, ...]:
    """The INFO of a NATS server: JSON in one line."""
    line = data.partition(b"\n")[0][:LINE].rstrip()
    if b'"server_id"' not in line and b'"version"' not in line:
        return ()
    needed = re.search(rb'"auth_required"\s*:\s*true', line)
    readings = (Reading("nats", line), Reading("nats.auth", b"required" if needed else b"none"))
    if found := re.search(rb'"tls_(required|available)"\s*:\s*true', line):
        return (*readings, Reading("nats.tls", b"required" if found[1] == b"required" else b"offered"))
    return readings


def mysql_tls(rest: bytes) -> tuple[Reading, ...]:
    """Whether a MySQL greeting offers TLS. `rest` follows the version: a connection's number, a salt, a zero, and
    then the capabilities."""
    if len(rest) < 15:
        return ()
    offered = int.from_bytes(rest[13:15], "little") & 0x0800
    return (Reading("mysql.tls", b"offered" if offered else b"not-offered"),)


def _binary(data: bytes) -> tuple[Reading, ...]:
    if data.startswith(_H2):
        return (Reading("h2-database", data[8:LINE]),)
    if _EXCEPTION.match(data):
        return (Reading("clickhouse", data[:LINE]),)
    if _POSTGRESQL_ERROR.match(data):
        return (Reading("postgresql.error", data[:LINE]),)
    return wrong_port(data) or _answer(data)


def wrong_port(data: bytes) -> tuple[Reading, ...]:
    """What a database answers over HTTP on the port of its own protocol: that this is no place for HTTP."""
    if _CLICKHOUSE_PORT.search(data[:512]):
        return (Reading("clickhouse", data[:LINE]),)
    if _MONGODB_PORT in data[:512]:
        return (Reading("mongodb.error", data[:LINE]),)
    return ()


def _answer(data: bytes) -> tuple[Reading, ...]:
    if data[:1] in (b"\x83", b"\x84", b"\x85") and data[4:5] == b"\0" and b"protocol version" in data[:256]:
        return (Reading("cassandra.error", data[:LINE]),)
    return ()


def whole(data: bytes) -> bool | None:
    """Whether a greeting of a binary protocol has come to its end, None if it is none of these."""
    if data[4:13] == _OPENWIRE:
        return len(data) >= min(LINE, 4 + int.from_bytes(data[:4], "big"))
    if data.startswith(_MYSQLX):
        return True
    if data.startswith(b"Tarantool "):
        return len(data) >= 128
    return None
