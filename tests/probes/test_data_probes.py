"""Databases, caches and brokers: what their probes read out of what real servers said (and, where Debian has none, out
of answers written from the protocols' specifications), and what is sent to them."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from tables import for_every

from scanner.model.probe import Peer, Read, Send
from scanner.probes import probes
from scanner.probes.bson_text import document
from scanner.probes.greeting import classify, complete

PEER = Peer("10.20.30.40", 4369)


def play(name: str, answers: Sequence[bytes]) -> tuple[dict[str, bytes], list[bytes]]:
    """The readings by kind, and all that was sent, where the service gives these answers, one a Read."""
    left, sent = list(answers), []
    steps = probes()[name].steps(PEER)
    step = next(steps)
    for _ in range(32):
        try:
            if isinstance(step, Send):
                sent.append(step.data)
                step = steps.send(b"")
            elif isinstance(step, Read):
                data = left.pop(0)[: step.limit] if left else b""
                step.enough(data)
                step = steps.send(data)
            else:
                step = steps.send(b"DER")
        except StopIteration as done:
            return {reading.kind: reading.raw for reading in done.value}, sent
    raise AssertionError("the probe goes on for ever")


def op_reply(body: bytes) -> bytes:
    return struct.pack("<iiiiiqii", 36 + len(body), 9, 1, 1, 8, 0, 0, 1) + body


def op_msg(body: bytes) -> bytes:
    return struct.pack("<iiiiIB", 21 + len(body), 9, 2, 2013, 0, 0) + body


HELLO = document(ismaster=1, maxWireVersion=21, ok=1)
OLD_HELLO = document(ismaster=1, maxBsonObjectSize=16777216, ok=1)
BUILD = document(version="7.0.5", gitVersion="7809d71e84e314b497f282ea8aa06d7ded3eb205", ok=1)
REFUSED = document(ok=0, errmsg="Command listDatabases requires authentication", code=13, codeName="Unauthorized")
LISTED = document(totalSize=0, ok=1)

PROPERTIES = b"\x07productS\x00\x00\x00\x08RabbitMQ\x07versionS\x00\x00\x00\x063.10.8"
METHOD = b"\x00\n\x00\n\x00\t" + struct.pack("!I", len(PROPERTIES)) + PROPERTIES
METHOD += b"\x00\x00\x00\x0ePLAIN AMQPLAIN\x00\x00\x00\x05en_US"
START = b"\x01\x00\x00" + struct.pack("!I", len(METHOD)) + METHOD + b"\xce"
KAFKA = struct.pack("!iihi", 10 + 24, 0x4657, 0, 4) + struct.pack("!12h", 0, 0, 9, 1, 0, 13, 3, 0, 12, 18, 0, 3)
BROKERS = struct.pack("!iii", 8, 0x4658, 0) + bytes(4)
SUPPORTED = b"\0\x02\0\x0bCOMPRESSION\0\x01\0\x03lz4\0\x0bCQL_VERSION\0\x01\0\x053.4.5"
ROWS = b"\0\0\0\x02\0\0\0\x01\0\0\0\x01\0\x06system\0\x05local\0\x0frelease_version\0\x0d\0\0\0\x01\0\0\0\x054.1.3"


def cql(opcode: int, body: bytes = b"") -> bytes:
    return struct.pack("!BBhBI", 0x84, 0, 0, opcode, len(body)) + body


VSNNUM = b"(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=1189)(ERROR_STACK=(ERROR=(CODE=1189)(EMFI=4))))"
PUBLISHED = b"\x31\x30\0\x13$SYS/broker/versionmosquitto version 2.0.11"
PUBLISHED = b"\x31" + bytes([len(PUBLISHED) - 2]) + PUBLISHED[2:]
POOL = b"E\x00\x00\x00CSFATAL\x00C08P01\x00Munsupported startup parameter: fencewalk.probe\x00\x00"
SASL = (
    b"E\x00\x00\x00gSFATAL\x00VFATAL\x00C08P01\x00Mexpected SASL response, got message type 88\x00"
    b"Fauth-sasl.c\x00L95\x00RCheckSASLAuth\x00\x00"
)
NO_ROLE = (
    b'E\x00\x00\x00eSFATAL\x00VFATAL\x00C28000\x00Mrole "fencewalk" does not exist\x00Fmiscinit.c\x00L768\x00'
    b"RInitializeSessionUserId\x00\x00"
)
NO_ENTRY = (
    b'E\x00\x00\x00\x9bSFATAL\x00VFATAL\x00C28000\x00Mno pg_hba.conf entry for host "10.66.0.2", user "fencewalk", '
    b'database "fencewalk", no encryption\x00Fauth.c\x00L542\x00RClientAuthentication\x00\x00'
)
INFO = b'INFO {"server_id":"NC7X","version":"2.9.10","proto":1,"auth_required":true,"tls_required":true}'

CASES: dict[str, tuple[str, list[bytes], dict[str, bytes]]] = {
    "mongodb that asks for a login": (
        "mongodb",
        [op_reply(HELLO), op_msg(BUILD), op_msg(REFUSED)],
        {"mongodb.buildinfo": BUILD, "mongodb.auth": b"required"},
    ),
    "mongodb open to all": (
        "mongodb",
        [op_reply(HELLO), op_msg(BUILD), op_msg(LISTED)],
        {"mongodb.buildinfo": BUILD, "mongodb.auth": b"none"},
    ),
    "mongodb of old": (
        "mongodb",
        [op_reply(OLD_HELLO), op_reply(BUILD), op_reply(document(ok=0, errmsg="unauthorized"))],
        {"mongodb.buildinfo": BUILD, "mongodb.auth": b"required"},
    ),
    "mongodb that hangs up after hello": ("mongodb", [op_reply(HELLO)], {"mongodb.hello": HELLO}),
    "a web server where mongodb is expected": ("mongodb", [b"SSH-2.0-x\r\n"], {"ssh": b"SSH-2.0-x"}),
    "rabbitmq": ("amqp", [START], {"amqp": START[:-1], "amqp.auth": b"required"}),
    "a broker of amqp 1.0": ("amqp", [b"AMQP\x03\x01\0\0"], {"amqp": b"AMQP\x03\x01\0\0"}),
    "rabbitmq in tls": ("amqps", [START], {"amqp": START[:-1], "amqp.auth": b"required", "tls.cert": b"DER"}),
    "kafka open to all": ("kafka", [KAFKA, BROKERS], {"kafka": KAFKA, "kafka.auth": b"none"}),
    "kafka that hangs up on who has not logged in": ("kafka", [KAFKA], {"kafka": KAFKA}),
    "something that counts like kafka": ("kafka", [KAFKA.replace(b"\x46\x57", b"\x46\x58")], {}),
    "cassandra open to all": (
        "cassandra",
        [cql(6, SUPPORTED), cql(2), cql(8, ROWS)],
        {"cassandra.release": b"4.1.3", "cassandra": SUPPORTED, "cassandra.auth": b"none"},
    ),
    "cassandra that asks for a login": (
        "cassandra",
        [cql(6, SUPPORTED), cql(3, b"\0\x2forg.apache.cassandra.auth.PasswordAuthenticator")],
        {"cassandra": SUPPORTED, "cassandra.auth": b"required"},
    ),
    "zookeeper": (
        "zookeeper",
        [b"Zookeeper version: 3.8.0-5a02a05, built on 2022-02-25 08:49 UTC\nZxid: 0x5\nNode count: 5\n"],
        {"zookeeper": b"Zookeeper version: 3.8.0-5a02a05, built on 2022-02-25 08:49 UTC"},
    ),
    "nats": ("nats", [INFO + b"\r\n"], {"nats": INFO, "nats.auth": b"required", "nats.tls": b"required"}),
    "activemq": (
        "openwire",
        [b"\0\0\0\x0d\x01ActiveMQ\0\0\0\x0c"],
        {"openwire": b"\0\0\0\x0d\x01ActiveMQ\0\0\0\x0c"},
    ),
    "stomp open to all": (
        "stomp",
        [b"CONNECTED\nserver:ActiveMQ/5.17.2\nversion:1.2\n\n\0\n"],
        {"stomp": b"CONNECTED\nserver:ActiveMQ/5.17.2\nversion:1.2", "stomp.auth": b"none"},
    ),
    "stomp of rabbitmq, from elsewhere": (
        "stomp",
        [b"ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\n\nnon-loopback access denied\0"],
        {
            "stomp": b"ERROR\nmessage:Bad CONNECT\ncontent-type:text/plain\n\nnon-loopback access denied",
            "stomp.auth": b"required",
        },
    ),
    "beanstalkd": (
        "beanstalkd",
        [b'OK 53\r\n---\ncurrent-jobs-urgent: 0\npid: 6\nversion: "1.12"\n\r\n'],
        {"beanstalkd": b'---\ncurrent-jobs-urgent: 0\npid: 6\nversion: "1.12"\n\r\n', "beanstalkd.auth": b"none"},
    ),
    "gearman": ("gearman", [b"OK 1.1.20+ds\n"], {"gearman": b"OK 1.1.20+ds"}),
    "gearman where memcached is expected": ("memcached", [b"OK 1.1.20+ds\n"], {"gearman": b"OK 1.1.20+ds"}),
    "redis where memcached is expected": (
        "memcached",
        [b"-ERR unknown command 'version', with args beginning with: \r\n"],
        {"redis.error": b"-ERR unknown command 'version', with args beginning with:"},
    ),
    "memcached that asks for a login": (
        "memcached",
        [b"CLIENT_ERROR unauthenticated\r\n"],
        {"memcached": b"CLIENT_ERROR unauthenticated", "memcached.auth": b"required"},
    ),
    "memcached over udp": (
        "memcached.udp",
        [b"\x46\x57\0\0\0\x01\0\0VERSION 1.6.18\r\n"],
        {"memcached": b"VERSION 1.6.18", "memcached.auth": b"none"},
    ),
    "redis in tls": (
        "rediss",
        [b"-NOAUTH Authentication required.\r\n"],
        {"redis": b"-NOAUTH Authentication required.", "redis.auth": b"required", "tls.cert": b"DER"},
    ),
    "mosquitto": (
        "mqtt",
        [b"\x20\x02\0\0", b"\x90\x04\0\x01\0\0" + PUBLISHED],
        {
            "mqtt.version": b"$SYS/broker/version mosquitto version 2.0.11",
            "mqtt": b"\x20\x02\0\0",
            "mqtt.auth": b"none",
        },
    ),
    "a broker in tls that publishes nothing": (
        "mqtts",
        [b"\x20\x02\0\0", b"\x90\x04\0\x01\x80\x80"],
        {"mqtt": b"\x20\x02\0\0", "mqtt.auth": b"none", "tls.cert": b"DER"},
    ),
    "a broker that does not like our name": ("mqtt", [b"\x20\x02\0\x02"], {"mqtt": b"\x20\x02\0\x02"}),
    "pgbouncer": ("postgresql", [b"N", POOL], {"postgresql": POOL, "postgresql.tls": b"not-offered"}),
    "postgresql, asked once more": (
        "postgresql",
        [b"N", b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0", SASL],
        {
            "postgresql": SASL,
            "postgresql.auth": b"required",
            "postgresql.method": b"scram",
            "postgresql.tls": b"not-offered",
        },
    ),
    "postgresql that trusts everybody, even who does not exist": (
        "postgresql",
        [b"S", NO_ROLE],
        {"postgresql": NO_ROLE, "postgresql.auth": b"none", "postgresql.tls": b"offered", "tls.cert": b"DER"},
    ),
    "postgresql that does not let our address in": (
        "postgresql",
        [b"N", NO_ENTRY],
        {"postgresql": NO_ENTRY, "postgresql.tls": b"not-offered"},
    ),
    "a letter N is no database": ("postgresql", [b"N"], {"postgresql.tls": b"not-offered"}),
    "oracle": ("oracle", [b"\0\x65\0\0\x04\0\0\0\x22\0\0\x59" + VSNNUM], {"oracle": VSNNUM}),
    "oracle that wants the question again": (
        "oracle",
        [b"\0\x08\0\0\x0b\0\0\0", b"\0\x65\0\0\x04\0\0\0\x22\0\0\x59" + VSNNUM],
        {"oracle": VSNNUM},
    ),
    "firebird": ("firebird", [b"\0\0\0\x5c" + bytes(16)], {"firebird": b"\0\0\0\x5c" + bytes(16)}),
    "firebird 2.5": ("firebird", [struct.pack("!4I", 3, 10, 1, 3)], {"firebird": struct.pack("!4I", 3, 10, 1, 3)}),
    "neo4j 5": (
        "neo4j",
        [b"\0\0\x04\x05", b"\0\x16\xb1\x70\xa1\x86server\x8cNeo4j/5.15.0\0\0"],
        {"neo4j.server": b"Neo4j/5.15.0", "neo4j.handshake": b"\0\0\x04\x05"},
    ),
    "neo4j 4 that asks for a login": (
        "neo4j",
        [b"\0\0\x04\x04", b"\0\x2a\xb1\x7f\xa1\x84code\xd0\x25Neo.ClientError.Security.Unauthorized\0\0"],
        {"neo4j.handshake": b"\0\0\x04\x04", "neo4j.auth": b"required"},
    ),
    "rethinkdb": (
        "rethinkdb",
        [b'{"max_protocol_version":0,"server_version":"2.3.6","success":true}\0'],
        {"rethinkdb": b'{"max_protocol_version":0,"server_version":"2.3.6","success":true}'},
    ),
    "riak": (
        "riak",
        [b"\0\0\0\x18\x08\x0a\x0eriak@127.0.0.1\x12\x052.2.3"],
        {"riak": b"\x0a\x0eriak@127.0.0.1\x12\x052.2.3"},
    ),
    "aerospike": ("aerospike", [b"\x02\x01\0\0\0\0\0\x0ebuild\t5.7.0.8\n"], {"aerospike": b"build\t5.7.0.8"}),
    "erlang's port mapper": (
        "epmd",
        [b"\0\0\x11\x11name rabbit at port 25672\n"],
        {"epmd": b"\0\0\x11\x11name rabbit at port 25672\n"},
    ),
    "derby": (
        "drda",
        [b"\0\x0e\xd0\x02\0\x01\0\x08\x14\x43\0\x04\x11\x47"],
        {"drda": b"\0\x08\x14\x43\0\x04\x11\x47"},
    ),
    "sql server browser": (
        "mssql.browser",
        [b"\x05\x2f\0ServerName;SQL01;InstanceName;SQLEXPRESS;Version;"],
        {"mssql.browser": b"ServerName;SQL01;InstanceName;SQLEXPRESS;Versio"},
    ),
}


@for_every("case", CASES)
def test_readings(case: str) -> None:
    name, answers, truth = CASES[case]
    assert play(name, answers)[0] == truth


GREETINGS = [
    (b"Tarantool 2.6.0 (Binary) 3f030ff2 \nVHg8\n", "tarantool"),
    (b'{"service":"nutcracker", "source":"nutcracker", "version":"0.5.0"}\n', "twemproxy"),
    (b"\x05\0\0\0\x0b\x08\x05\x1a\0", "mysqlx"),
    (b"AMQP\0\0\x09\x01", "amqp.error"),
    (b"UNKNOWN_COMMAND\r\nUNKNOWN_COMMAND\r\n", "beanstalkd.error"),
    (b"ERR UNKNOWN_COMMAND Unknown+server+commandGET\r\n", "gearman.error"),
    (b"-ERR wrong number of arguments for 'get' command\r\n", "redis.error"),
    (b"-ERR 'Unknown Protocol Operation'\r\n", "banner"),
    (b"E\x00\x00\x00=SFATAL\x00C08P01\x00Mclient sent partial pkt in startup phase\x00\x00", "postgresql.error"),
    (b"\x02e\0\0\0\x10DB::NetException/DB::NetException: Unexpected packet from client", "clickhouse"),
    (b"\x84\0\0\0\0\0\0\0\x5a\0\0\0\x0a\0\x52Invalid or unsupported protocol version (71)", "cassandra.error"),
    (INFO + b"\r\n", "nats"),
    (b"INFO {nothing of the kind}\r\n", "banner"),
]


@for_every(("data", "kind"), GREETINGS)
def test_they_are_known_by_what_they_say_to_others(data: bytes, kind: str) -> None:
    assert classify(data, 4711)[0].kind == kind


def test_the_specialist_of_a_refusal_exists() -> None:
    """A reading that names a protocol and no product is there for the sake of that protocol's own probe."""
    for data, kind in GREETINGS:
        if kind.endswith(".error"):
            assert kind.removesuffix(".error") in probes(), data


def test_a_database_that_is_asked_for_a_page_names_itself() -> None:
    clickhouse = (
        b"HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program.\r\nYou must use port 8123"
    )
    mongodb = b"HTTP/1.0 200 OK\r\nContent-Length: 85\r\n\r\nIt looks like you are trying to access MongoDB over HTTP"
    assert set(play("http", [clickhouse])[0]) == {"clickhouse"}
    assert set(play("http", [mongodb + b" on the native driver port.\r\n"])[0]) == {"mongodb.error"}


@pytest.mark.parametrize(
    ("data", "ends"),
    [
        (b"\0\0\0\x0d\x01ActiveMQ\0\0\0", False),
        (b"\0\0\0\x0d\x01ActiveMQ\0\0\0\x0c", True),
        (b"\x05\0\0\0\x0b\x08\x05\x1a\0", True),
        (b"Tarantool 2.6.0 (Binary) 3f030ff2 \n", False),
    ],
)
def test_when_a_binary_greeting_has_ended(data: bytes, ends: bool) -> None:
    assert complete(data) is ends


def test_nothing_more_is_asked_of_who_wants_a_login() -> None:
    assert len(play("redis", [b"-NOAUTH Authentication required.\r\n"])[1]) == 1
    assert len(play("mqtt", [b"\x20\x02\0\x05"])[1]) == 1
    assert len(play("cassandra", [cql(6, SUPPORTED), cql(3, b"\0\x01x")])[1]) == 2
    assert len(play("neo4j", [b"\0\0\x04\x04", b"\0\x04\xb1\x7fUnauthorized\0\0"])[1]) == 2


def test_a_session_that_was_let_in_is_ended() -> None:
    assert play("mqtt", [b"\x20\x02\0\0"])[1][-1] == b"\xe0\0"
    assert play("stomp", [b"CONNECTED\nversion:1.2\n\n\0"])[1][-1].startswith(b"DISCONNECT\n")


def test_no_credentials_are_written() -> None:
    for name in ("mqtt", "stomp", "neo4j", "amqp", "mongodb", "firebird", "oracle", "drda"):
        for sent in play(name, [])[1]:
            assert b"pass" not in sent.lower()
            assert b"login" not in sent.lower()
    connect = play("mqtt", [])[1][0]
    assert connect[9] & 0xC0 == 0, "the flags for a user name and a password"
