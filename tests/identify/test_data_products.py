"""Databases and brokers through the front door: binary readings, and servers that pretend to be another."""

from __future__ import annotations

import base64
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.identify import identify
from scanner.identify.prepare_data import READERS

MONGODB = base64.b64decode(
    "0QEAAAJ2ZXJzaW9uAAYAAAA3LjAuNQACZ2l0VmVyc2lvbgApAAAANzgwOWQ3MWU4NGUzMTRiNDk3ZjI4MmVhOGFhMDZkN2RlZDNlYjIwNQAEbW9k"
    "dWxlcwAFAAAAAAJhbGxvY2F0b3IACQAAAHRjbWFsbG9jAAJqYXZhc2NyaXB0RW5naW5lAAYAAABtb3pqcwACc3lzSW5mbwALAAAAZGVwcmVjYXRl"
    "ZAAEdmVyc2lvbkFycmF5ACEAAAAQMAAHAAAAEDEAAAAAABAyAAUAAAAQMwAAAAAAAANvcGVuc3NsAFQAAAACcnVubmluZwAaAAAAT3BlblNTTCAz"
    "LjAuMiAxNSBNYXIgMjAyMgACY29tcGlsZWQAGgAAAE9wZW5TU0wgMy4wLjIgMTUgTWFyIDIwMjIAAANidWlsZEVudmlyb25tZW50AB0AAAACZGlz"
    "dG1vZAALAAAAdWJ1bnR1MjIwNAAAEGJpdHMAQAAAAAhkZWJ1ZwAAEG1heEJzb25PYmplY3RTaXplAAAAAAEEc3RvcmFnZUVuZ2luZXMAJgAAAAIw"
    "AAgAAABkZXZudWxsAAIxAAsAAAB3aXJlZFRpZ2VyAAABb2sAAAAAAAAA8D8A"
)
RABBITMQ = (
    b"\x01\x00\x00\x00\x00\x02\x02\x00\n\x00\n\x00\t\x00\x00\x01\xdd\x0ccapabilitiesF\x00\x00\x00\xc7"
    b"\x12publisher_confirmst\x01\x1aexchange_exchange_bindingst\x01\nbasic.nackt\x01\x16consumer_cancel_notifyt\x01"
    b"\x12connection.blockedt\x01\x13consumer_prioritiest\x01\x1cauthentication_failure_closet\x01"
    b"\x10per_consumer_qost\x01\x0fdirect_reply_tot\x01\x0ccluster_nameS\x00\x00\x00\x1brabbit@rabbitmq.lab.example"
    b"\tcopyrightS\x00\x00\x007Copyright (c) 2007-2022 VMware, Inc. or its affiliates.\x0binformationS\x00\x00\x009"
    b"Licensed under the MPL 2.0. Website: https://rabbitmq.com\x08platformS\x00\x00\x00\x11Erlang/OTP 25.2.3"
    b"\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8\x00\x00\x00\x0ePLAIN AMQPLAIN"
    b"\x00\x00\x00\x05en_US"
)


def strings(**fields: str) -> bytes:
    body = b""
    for name, text in fields.items():
        body += b"\x02" + name.encode() + b"\0" + struct.pack("<i", len(text) + 1) + text.encode() + b"\0"
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def attributes(server: str, release: str) -> bytes:
    parts = b"".join(
        struct.pack("!HH", 4 + len(text), code) + text.encode("cp500")
        for code, text in ((0x1147, server), (0x115A, release))
    )
    return struct.pack("!HH", 4 + len(parts), 0x1443) + parts


CASES: list[tuple[str, bytes, str, str | None]] = [
    ("mongodb.buildinfo", MONGODB, "mongodb", "7.0.5"),
    (
        "mongodb.buildinfo",
        strings(version="6.0.13-10", psmdbVersion="6.0.13-10"),
        "percona_server_for_mongodb",
        "6.0.13-10",
    ),
    ("mongodb.buildinfo", strings(version="7.0.42", ferretdbVersion="v1.21.0"), "ferretdb", "1.21.0"),
    # A value with a line end in it must not look like another value.
    ("mongodb.buildinfo", strings(version="4.4.18", x="\npsmdbVersion=9.9.9-9"), "mongodb", "4.4.18"),
    ("amqp", RABBITMQ, "rabbitmq", "3.10.8"),
    ("oracle", b"(DESCRIPTION=(TMP=)(VSNNUM=186647040)(ERR=1189))", "database_server", "11.2.0.2.0"),
    ("oracle", b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189))", "database_server", "19.0.0.0.0"),
    ("oracle", b"(DESCRIPTION=(TMP=)(VSNNUM=352387072)(ERR=1189))", "database_server", "21.1.0.0.0"),
    ("oracle", b"(DESCRIPTION=(TMP=)(VSNNUM=99999999999)(ERR=1189))", "database_server", None),
    ("oracle", b"(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=1189))", "database_server", None),
    ("drda", attributes("QDB2/LINUXX8664", "SQL11055"), "db2", "11.5.5"),
    ("drda", attributes("QDB2/NT64", "SQL09075"), "db2", "9.7.5"),
    ("drda", attributes("Apache Derby", "CSS10140/10.14.2.0 - (1828579)"), "derby", "10.14.2.0"),
    ("mysql", b"5.5.5-10.11.19-MariaDB-0+deb12u1", "mariadb", "10.11.19"),
    ("mysql", b"8.0.36-0ubuntu0.22.04.1", "mysql", "8.0.36"),
    ("mysql", b"5.0.51a-24+lenny4", "mysql", "5.0.51a"),
    ("mysql", b"8.0.11-TiDB-v7.5.0", "tidb", "7.5.0"),
    ("mysql", b"5.5.30 (ProxySQL)", "proxysql", None),
    ("mysql", b"8.0.30-Vitess", "vitess", None),
    ("mysql", b"2.2.11-id64-release (95ae9a6)", "sphinx", "2.2.11"),
    ("mysql", b"6.0.4 1a3a4ea82@230314", "manticore_search", "6.0.4"),
    ("mysql", b"5.7.99-NobodyKnows", "mysql", None),
    ("neo4j.server", b"Neo4j/5.2.0 compatible graph database server - Memgraph", "memgraph", None),
    ("redis", b"# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n", "valkey", "9.1.2"),
    ("mqtt.version", b"$SYS/broker/version mosquitto version 2.0.11", "mosquitto", "2.0.11"),
    ("kafka", struct.pack("!iihi", 34, 0x4657, 0, 4) + bytes(24), "kafka", None),
    ("cassandra", b"\0\x01\0\x0bCQL_VERSION\0\x01\0\x053.4.5", "cassandra", None),
]


@for_every(("kind", "raw", "name", "version"), CASES)
def test_product_and_version(kind: str, raw: bytes, name: str, version: str | None) -> None:
    found = identify(kind, raw)
    assert [(product.name, product.version) for product in found] == [(name, version)]


def test_what_the_browser_says_of_an_instance_is_doubted() -> None:
    found = identify("mssql.browser", b"ServerName;A;InstanceName;B;IsClustered;No;Version;15.0.2000.5;tcp;1433;;")
    assert [(product.version, product.certain) for product in found] == [("15.0.2000.5", False)]


def test_an_amqp_broker_that_only_names_its_protocol_is_no_product() -> None:
    assert identify("amqp", b"AMQP\x03\x01\0\0") == ()


@pytest.mark.parametrize("kind", sorted(READERS))
@given(raw=st.binary(max_size=400), start=st.sampled_from([b"", RABBITMQ[:60], MONGODB[:40], attributes("a", "b")[:9]]))
@settings(max_examples=40, deadline=None)
def test_garbage_is_read_without_a_word(kind: str, raw: bytes, start: bytes) -> None:
    identify(kind, start + raw)


@for_every("kind", sorted(READERS))
def test_a_flood_costs_little(kind: str) -> None:
    floods = [b"\x01\0\0" + b"\0\0\xff\xff\0\x0a\0\x0a\0\x09\0\xff\xff\xff" + b"\0S\0\0\0\0" * 10000]
    floods += [b"\xff\xff\0\0" + b"\x02a\0\x01\0\0\0\0" * 8000, b"\0\x04\x14\x43" + b"\0\x04\x11\x47" * 16000]
    floods += [b"(VSNNUM=" * 8000, b"\x01ActiveMQ" * 7000, b"CQL_VERSION" * 5900]
    identify(kind, b"x")
    for flood in floods:
        started = time.process_time()
        identify(kind, flood[:65536])
        assert time.process_time() - started < 0.05
