"""The name of the protocol behind a port, as the trade writes it: `ssh`, `https`, `smtp`."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.base import Transport
from scanner.model.observation import Reading

_BY_READING = {
    "dns.version": "domain", "dns": "domain", "rdp": "ms-wbt-server", "smb": "microsoft-ds", "mssql": "ms-sql-s",
    "snmp.sysdescr": "snmp", "netbios": "netbios-ns", "http.response": "http", "mysql.error": "mysql",
    "vmauthd": "vmware-auth", "mongodb.buildinfo": "mongodb", "mongodb.hello": "mongodb", "mongodb.error": "mongodb",
    "mqtt.version": "mqtt", "cassandra.release": "cassandra", "cassandra.error": "cassandra", "redis.error": "redis",
    "neo4j.server": "bolt", "neo4j.handshake": "bolt", "mssql.browser": "ms-sql-m", "oracle": "oracle-tns",
    "beanstalkd": "beanstalk", "beanstalkd.error": "beanstalk", "gearman.error": "gearman", "amqp.error": "amqp",
    "stomp.error": "stomp", "postgresql.error": "postgresql", "postgresql.tls": "postgresql", "http2": "http",
}  # fmt: skip
_SAME = frozenset(
    {"ssh", "smtp", "ftp", "imap", "pop3", "mysql", "telnet", "redis", "memcached", "postgresql", "vnc", "rtsp", "sip"}
    | {"ntp", "mqtt", "rsync"}
    | {"amqp", "nats", "openwire", "stomp", "kafka", "cassandra", "zookeeper", "gearman", "clickhouse", "firebird"}
    | {"rethinkdb", "riak", "aerospike", "epmd", "drda", "tarantool", "twemproxy", "mysqlx"}
)
_INFRASTRUCTURE = frozenset(
    {"clamd", "nut", "apcupsd", "lirc", "git", "spamd", "munin", "nrpe", "nsca", "mumble", "stun", "rpcbind", "nfs"}
    | {"mountd", "mdns", "iscsi", "nbd", "libvirt", "glusterd", "afp", "teamspeak", "openvpn-management", "asterisk"}
    | {"mpd", "mndp", "ipp", "modbus", "s7", "bacnet", "socks5", "xdmcp", "echo", "daytime", "qotd", "chargen", "time"}
    | {"ident", "zmtp", "omapi", "snmp", "dns", "icap", "tftp", "winbox", "guacd", "radmin", "rustdesk", "nomachine"}
    | {"teamviewer", "dameware", "synology", "lcdproc", "gkrellmd", "adc", "boinc", "syncplay", "rrdcached"}
    | {"bzr", "liquidsoap", "mon", "coap", "ovsdb", "openflow", "grpc", "quassel", "h2-database"}
    | {"dicom", "jdwp", "java-rmi", "adb", "pyro", "openttd", "wesnoth"}
)
"""Protocols whose readings are `NAME` and `NAME.something`."""
_INFRASTRUCTURE_NAMES = {
    "dns": "domain", "ssdp": "upnp", "wsd": "ws-discovery", "ipmi": "asf-rmcp", "rmcp": "asf-rmcp", "rpc": "rpc",
    "zabbix": "zabbix-agent", "gpsd": "gpsd-ng", "sadp": "hikvision-sadp", "dahua": "dahua-dhip", "sane": "sane-port",
    "ubiquiti": "ubiquiti", "cotp": "iso-tsap", "dnp3": "dnp", "ethernet-ip": "EtherNetIP-2",
}  # fmt: skip
_REMOTE_ACCESS = {
    "ldap": "ldap", "kerberos": "kerberos-sec", "msrpc": "msrpc", "x11": "x11", "pptp": "pptp", "l2tp": "l2f",
    "ike": "isakmp", "openvpn": "openvpn", "netbios.session": "netbios-ssn", "spice": "spice",
}  # fmt: skip
_GREETING = {
    "nntp": "nntp", "irc": "irc", "xmpp": "xmpp", "lmtp": "lmtp", "sieve": "sieve", "mupdate": "mupdate", "svn": "svn",
    "cvs": "cvspserver", "dict": "dict", "hylafax": "hylafax", "svdrp": "svdrp", "icecc": "icecc", "gopher": "gopher",
    "finger": "finger", "ganglia": "ganglia", "qemu.qmp": "qmp", "qemu.monitor": "qemu-monitor", "vlc": "vlc",
    "pulseaudio": "pulseaudio", "yate": "yate", "freeswitch": "freeswitch", "varnish.cli": "varnish", "babel": "babel",
    "rtl_tcp": "rtl_tcp", "telnet.options": "telnet",
}  # fmt: skip
_TLS = {
    "http": "https", "smtp": "smtps", "ftp": "ftps", "imap": "imaps", "pop3": "pop3s", "domain": "domain-s",
    "sip": "sips", "mqtt": "secure-mqtt", "ldap": "ldaps", "amqp": "amqps",
    "nntp": "nntps", "irc": "ircs", "xmpp": "xmpps", "telnet": "telnets",
}  # fmt: skip
_START_TLS = frozenset({"postgresql", "ms-wbt-server"})
"""Protocols whose TLS is their own business and changes no name."""
_UPGRADED = frozenset({"smtp", "lmtp", "ftp", "imap", "pop3", "nntp", "sieve", "xmpp", "ldap"})
"""Protocols that may go over to TLS in the middle: what was read before the certificate was read in clear text."""

_TCP = {
    21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 80: "http", 88: "kerberos-sec", 102: "iso-tsap",
    24: "lmtp", 70: "gopher", 79: "finger", 119: "nntp", 563: "nntps", 2401: "cvspserver", 2628: "dict", 3690: "svn",
    4190: "sieve", 4559: "hylafax", 5222: "xmpp-client", 5269: "xmpp-server", 6667: "irc", 6697: "ircs",
    110: "pop3", 111: "rpcbind", 113: "ident", 135: "msrpc", 139: "netbios-ssn", 143: "imap", 179: "bgp",
    389: "ldap", 443: "https", 445: "microsoft-ds", 464: "kpasswd5", 465: "smtps", 502: "modbus", 515: "printer",
    548: "afp", 554: "rtsp", 587: "submission", 593: "http-rpc-epmap", 631: "ipp", 636: "ldaps", 873: "rsync",
    902: "vmware-auth", 990: "ftps", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s", 1521: "oracle", 1723: "pptp",
    1883: "mqtt", 2000: "cisco-sccp", 2049: "nfs", 2375: "docker", 3128: "squid-http", 3260: "iscsi",
    3268: "globalcatldap", 3269: "globalcatldapssl", 3306: "mysql", 3389: "ms-wbt-server", 5060: "sip",
    5061: "sips", 5432: "postgresql", 5900: "vnc", 5985: "wsman", 5986: "wsmans", 6379: "redis", 6514: "syslog-tls",
    8000: "http-alt", 8080: "http-proxy", 8443: "https-alt", 8883: "secure-mqtt", 9100: "jetdirect", 9200: "wap-wsp",
    11211: "memcache", 20000: "dnp", 27017: "mongodb", 5672: "amqp", 5671: "amqps", 4222: "nats", 61616: "openwire",
    61613: "stomp",
    9092: "kafka", 9042: "cassandra", 2181: "zookeeper", 11300: "beanstalk", 4730: "gearman", 3050: "firebird",
    7687: "bolt", 28015: "rethinkdb", 4369: "epmd", 50000: "db2", 33060: "mysqlx", 26379: "redis",
    44818: "EtherNetIP-2", 1344: "icap", 4000: "nomachine", 4899: "radmin", 5938: "teamviewer", 6129: "dameware",
    8291: "winbox",
}  # fmt: skip
_UDP = {
    53: "domain", 67: "dhcps", 69: "tftp", 123: "ntp", 137: "netbios-ns", 138: "netbios-dgm", 161: "snmp",
    162: "snmptrap", 500: "isakmp", 514: "syslog", 623: "asf-rmcp", 1900: "upnp", 4500: "nat-t-ike", 5060: "sip",
    5353: "mdns", 5678: "rrac", 9999: "distinct", 37020: "hikvision-sadp", 37810: "dahua-dhip", 47808: "bacnet",
}  # fmt: skip


def service_name(transport: Transport, port: int, readings: Iterable[Reading] = (), tls: bool = False) -> str:
    """The protocol that the readings prove; else the one that the port is assigned to with a `?` behind it.

    `ssl` is TLS around something that said nothing we know; an empty text means that not even the port tells.
    """
    kinds = [reading.kind for reading in readings]
    tls = tls or "tls.cert" in kinds
    for kind in kinds:
        name = _BY_READING.get(kind, kind if kind in _SAME else "") or _infrastructure(kind)
        name = name or _REMOTE_ACCESS.get(kind, "") or _GREETING.get(kind, "")
        if name in _UPGRADED and "tls.cert" in kinds and kinds.index(kind) < kinds.index("tls.cert"):
            return name
        if name:
            return name if not tls or name in _START_TLS else _TLS.get(name, f"ssl/{name}")
    if tls:
        return "ssl"
    if transport == "icmp":
        return "icmp"
    assigned = (_TCP if transport == "tcp" else _UDP).get(port, "")
    return f"{assigned}?" if assigned else ""


def _infrastructure(kind: str) -> str:
    protocol = kind.partition(".")[0]
    return _INFRASTRUCTURE_NAMES.get(protocol, protocol if protocol in _INFRASTRUCTURE else "")
