"""Databases, brokers and interfaces of programs that let anybody in: by the reading `PROTOCOL.auth` = `none`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from scanner.assess.exposures.rule import Exposure, Service, each_service, told
from scanner.model.base import Severity

_BIND = "let only the hosts that need it reach its port"
_OPEN = frozenset({"none", "open", "trust", "anonymous", "allowed"})


class _Door(msgspec.Struct, frozen=True):
    name: str
    """As its maker writes it."""
    severity: Severity
    remedy: str
    replay: str = "nc -v -w 3 {a} {p}"
    kinds: tuple[str, ...] = ()
    """Further readings that say the same as `PROTOCOL.auth`, and those that evidence shows beside it."""


_DOORS: dict[str, _Door] = {
    "redis": _Door(
        "Redis", "high", f"Give Redis a password (`requirepass`, or users by ACL) and {_BIND}.",
        "redis-cli -h {a} -p {p} INFO server", ("redis",),
    ),
    "memcached": _Door("memcached", "medium", f"memcached has no login worth the name: {_BIND}.", kinds=("memcached",)),
    "mongodb": _Door(
        "MongoDB", "high", f"Turn MongoDB's `security.authorization` on and {_BIND}.",
        "mongosh --host {a} --port {p} --eval 'db.adminCommand({{listDatabases: 1}})'",
        ("mongodb.buildinfo", "mongodb"),
    ),
    "elasticsearch": _Door(
        "Elasticsearch", "high", f"Turn Elasticsearch's `xpack.security` on and {_BIND}.", "curl -s http://{h}:{p}/",
        ("elasticsearch", "http.body"),
    ),
    "opensearch": _Door(
        "OpenSearch", "high", f"Turn OpenSearch's security plugin on and {_BIND}.", "curl -s http://{h}:{p}/",
        ("opensearch", "http.body"),
    ),
    "solr": _Door("Solr", "high", f"Configure a login for Solr (security.json) and {_BIND}."),
    "couchdb": _Door(
        "CouchDB", "high", f"Give CouchDB an administrator, set `require_valid_user` and {_BIND}.",
        "curl -s http://{h}:{p}/_all_dbs", ("couchdb", "http.body"),
    ),
    "influxdb": _Door("InfluxDB", "high", f"Turn InfluxDB's `auth-enabled` on and {_BIND}."),
    "clickhouse": _Door("ClickHouse", "high", f"Give ClickHouse's user `default` a password and {_BIND}."),
    "cassandra": _Door("Cassandra", "high", f"Set Cassandra's PasswordAuthenticator and {_BIND}."),
    "postgresql": _Door(
        "PostgreSQL", "high", "Replace `trust` in PostgreSQL's pg_hba.conf by scram-sha-256.",
        "psql -h {a} -p {p} -U fencewalk -w -l", ("postgresql",),
    ),
    "mysql": _Door("MySQL", "high", f"Give every account of MySQL a password and {_BIND}.", kinds=("mysql",)),
    "zookeeper": _Door("ZooKeeper", "medium", f"Require SASL or TLS certificates of ZooKeeper's clients and {_BIND}."),
    "kafka": _Door("Kafka", "medium", f"Require SASL or TLS certificates of Kafka's clients and {_BIND}."),
    "nats": _Door("NATS", "medium", f"Configure `authorization` for NATS and {_BIND}."),
    "amqp": _Door("the AMQP broker", "high", f"Take the broker's anonymous and default accounts away and {_BIND}."),
    "stomp": _Door("the STOMP broker", "medium", f"Give each client of the broker a login and {_BIND}."),
    "beanstalkd": _Door("beanstalkd", "medium", f"beanstalkd has no login: {_BIND}."),
    "gearman": _Door("Gearman", "medium", f"Gearman has no login: {_BIND}."),
    "mqtt": _Door(
        "the MQTT broker", "medium",
        f"Set the MQTT broker's `allow_anonymous false`, give each device a login and {_BIND}.",
        "mosquitto_sub -h {a} -p {p} -t '$SYS/broker/version' -C 1 -W 3", ("mqtt.access", "mqtt"),
    ),
    "x11": _Door(
        "the X11 display", "high", "Start X11 with `-nolisten tcp`; forward windows through SSH.", kinds=("x11",)
    ),
    "docker": _Door(
        "the Docker API", "critical",
        "Take the Docker API off the network, or require client certificates: whoever reaches it is root on the host.",
        "curl -s http://{h}:{p}/version", ("docker.version", "docker", "http.body"),
    ),
    "kubelet": _Door(
        "the kubelet API", "critical",
        "Set the kubelet's `authentication.anonymous` off and its `authorization` to Webhook.",
        "curl -sk https://{h}:{p}/pods", ("kubelet", "http.body"),
    ),
    "kubernetes": _Door(
        "the Kubernetes API", "critical", "Take the rights of `system:anonymous` in Kubernetes away.",
        "curl -sk https://{h}:{p}/api/v1/namespaces", ("kubernetes.version", "kubernetes", "http.body"),
    ),
    "etcd": _Door(
        "etcd", "critical", f"Require client certificates of etcd (`--client-cert-auth`) and {_BIND}.",
        "curl -s http://{h}:{p}/version", ("etcd.version", "etcd", "http.body"),
    ),
    "consul": _Door("Consul", "high", f"Turn Consul's ACLs on with the default policy `deny`, and {_BIND}."),
    "nomad": _Door("Nomad", "high", f"Turn Nomad's ACLs on, and {_BIND}."),
    "neo4j": _Door("Neo4j", "high", f"Turn Neo4j's `dbms.security.auth_enabled` on and {_BIND}."),
    "zabbix.agent": _Door("the Zabbix agent", "low", "Name Zabbix's servers in the agent's `Server`, and nobody else."),
    "openvpn-management": _Door(
        "OpenVPN's management interface", "high",
        "Bind OpenVPN's management interface to a socket, or give it a password.",
    ),
    "libvirt": _Door(
        "libvirt, which rules the host's virtual machines,", "critical",
        "Require TLS certificates or SASL of libvirt's clients, or turn its TCP socket off.",
        "virsh -c qemu+tcp://{h}:{p}/system list", ("libvirt",),
    ),
    "ovsdb": _Door(
        "OVSDB, by which the virtual switches are set up,", "high",
        f"Let OVSDB listen for TLS alone (`pssl:`) and demand certificates, and {_BIND}.",
        "ovsdb-client list-dbs tcp:{h}:{p}", ("ovsdb", "ovsdb.switch"),
    ),
    "socks5": _Door(
        "the SOCKS proxy", "medium", f"Require a login of the SOCKS proxy's clients and {_BIND}.",
        "curl -s --socks5 {h}:{p} http://{h}/", ("socks5",),
    ),
    "afp": _Door("AFP", "low", "Turn guests off in AFP, if the files are not for everybody."),
    "jdwp": _Door("the Java debugger", "critical", "Start Java without its debugger: whoever reaches it runs code."),
    "distcc": _Door("distcc", "critical", f"distcc runs what it is sent: {_BIND} (`--allow`)."),
    "adb": _Door("Android's debug bridge", "critical", "Turn debugging over the network off."),
    "ndmp": _Door("NDMP", "high", f"Require a login of NDMP's clients and {_BIND}."),
    "tftp": _Door("TFTP", "low", f"TFTP has no login: {_BIND}."),
    "ipmi": _Door("IPMI", "high", "Turn IPMI's anonymous login off; keep it in the management zone."),
}  # fmt: skip

_ALIASES = {"mqtt.access": "mqtt", "zabbix.agent.access": "zabbix.agent", "afp.guests": "afp"}
"""Readings with another name for what `PROTOCOL.auth` says."""
_SEARCH = re.compile(rb'"tagline"\s*:\s*"(?:You Know, for Search|The OpenSearch Project)')
_OPENSEARCH = re.compile(rb'"distribution"\s*:\s*"opensearch"|The OpenSearch Project')

_PROOFS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    ("redis", "redis", lambda raw: b"redis_version:" in raw or b"valkey_version:" in raw),
    ("memcached", "memcached", lambda raw: raw.startswith(b"VERSION ")),
    ("opensearch", "http.body", lambda raw: bool(_SEARCH.search(raw) and _OPENSEARCH.search(raw))),
    ("elasticsearch", "http.body", lambda raw: bool(_SEARCH.search(raw) and not _OPENSEARCH.search(raw))),
    ("docker", "docker.version", bool),
    ("consul", "consul.agent", bool),
    ("nomad", "nomad.agent", bool),
)
"""(protocol, kind, test): answers that only a service without a login gives, where no `PROTOCOL.auth` was read.

Docker and Podman ask nobody for a login but by client certificates; Consul and Nomad show their own settings only to
who may read them.
"""


def _find(service: Service) -> Iterator[Exposure]:
    for protocol, kinds in _proven(service).items():
        door = _DOORS[protocol]
        yield Exposure(
            cause=f"{protocol}-open",
            aspect="unauthenticated",
            severity=door.severity,
            what=f"{door.name} lets anybody in without a login",
            remedy=door.remedy,
            service=service,
            evidence=service.shown(*kinds, *door.kinds[:2]),
            replay=door.replay,
        )


def _proven(service: Service) -> dict[str, tuple[str, ...]]:
    """Protocol -> the readings that prove that it is open."""
    found: dict[str, tuple[str, ...]] = {}
    guarded: set[str] = set()
    for reading in service.readings:
        protocol = _ALIASES.get(reading.kind) or reading.kind.removesuffix(".auth")
        if protocol not in _DOORS or (reading.kind not in _ALIASES and not reading.kind.endswith(".auth")):
            continue
        if told(reading.raw) in _OPEN:
            found[protocol] = (reading.kind,)
        else:
            guarded.add(protocol)
    for protocol, kind, shows in _PROOFS:
        if protocol not in found and any(shows(each.raw) for each in service.every(kind)):
            found[protocol] = (kind,)
    # A service that was open in one session and is guarded in the newest one has been mended in between.
    return {protocol: kinds for protocol, kinds in found.items() if protocol not in guarded}


RULE = each_service(
    _find, frozenset({*(f"{each}.auth" for each in _DOORS), *_ALIASES, *(kind for _, kind, _ in _PROOFS)})
)
