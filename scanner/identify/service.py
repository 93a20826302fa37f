"""The name of the protocol behind a port, as the trade writes it: `ssh`, `https`, `smtp`."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.model.base import Transport
from scanner.model.observation import Reading

_BY_READING = {
    "dns.version": "domain", "dns": "domain", "rdp": "ms-wbt-server", "smb": "microsoft-ds", "mssql": "ms-sql-s",
    "snmp.sysdescr": "snmp", "netbios": "netbios-ns", "http.response": "http", "mysql.error": "mysql",
    "vmauthd": "vmware-auth",
}  # fmt: skip
_SAME = frozenset(
    {"ssh", "smtp", "ftp", "imap", "pop3", "mysql", "telnet", "redis", "memcached", "postgresql", "vnc", "rtsp", "sip"}
    | {"ntp", "mqtt", "rsync"}
)
_TLS = {
    "http": "https", "smtp": "smtps", "ftp": "ftps", "imap": "imaps", "pop3": "pop3s", "domain": "domain-s",
    "sip": "sips", "mqtt": "secure-mqtt",
}  # fmt: skip
_START_TLS = frozenset({"postgresql", "ms-wbt-server"})
"""Protocols whose TLS is their own business and changes no name."""

_TCP = {
    21: "ftp", 22: "ssh", 23: "telnet", 25: "smtp", 53: "domain", 80: "http", 88: "kerberos-sec", 102: "iso-tsap",
    110: "pop3", 111: "rpcbind", 113: "ident", 135: "msrpc", 139: "netbios-ssn", 143: "imap", 179: "bgp",
    389: "ldap", 443: "https", 445: "microsoft-ds", 464: "kpasswd5", 465: "smtps", 502: "modbus", 515: "printer",
    548: "afp", 554: "rtsp", 587: "submission", 593: "http-rpc-epmap", 631: "ipp", 636: "ldaps", 873: "rsync",
    902: "vmware-auth", 990: "ftps", 993: "imaps", 995: "pop3s", 1433: "ms-sql-s", 1521: "oracle", 1723: "pptp",
    1883: "mqtt", 2000: "cisco-sccp", 2049: "nfs", 2375: "docker", 3128: "squid-http", 3260: "iscsi",
    3268: "globalcatldap", 3269: "globalcatldapssl", 3306: "mysql", 3389: "ms-wbt-server", 5060: "sip",
    5061: "sips", 5432: "postgresql", 5900: "vnc", 5985: "wsman", 5986: "wsmans", 6379: "redis", 6514: "syslog-tls",
    8000: "http-alt", 8080: "http-proxy", 8443: "https-alt", 8883: "secure-mqtt", 9100: "jetdirect", 9200: "wap-wsp",
    11211: "memcache", 20000: "dnp", 27017: "mongodb", 44818: "EtherNetIP-2",
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
        name = _BY_READING.get(kind, kind if kind in _SAME else "")
        if name:
            return name if not tls or name in _START_TLS else _TLS.get(name, f"ssl/{name}")
    if tls:
        return "ssl"
    if transport == "icmp":
        return "icmp"
    assigned = (_TCP if transport == "tcp" else _UDP).get(port, "")
    return f"{assigned}?" if assigned else ""
