"""Other tools' files with a great many ports, as a large client's network would have them: made from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

PORTS_OF_A_HOST = 50
_CLOSED = ",".join(f"{low + 1}-{low + 19}" for low in range(1, 1000, 20))
STARTED = 1_795_000_000
_SERVICES = (
    (22, "ssh", "OpenSSH", ("9.2p1 Debian 2+deb12u3", "8.9p1 Ubuntu 3ubuntu0.6", "7.4"), "openbsd:openssh"),
    (80, "http", "nginx", ("1.18.0", "1.22.1", "1.24.0", "1.26.2"), "igor_sysoev:nginx"),
    (8080, "http", "Apache Tomcat", ("9.0.65", "9.0.80", "10.1.18"), "apache:tomcat"),
    (443, "http", "Apache httpd", ("2.4.57", "2.4.62", "2.4.37"), "apache:http_server"),
    (3306, "mysql", "MySQL", ("8.0.36", "5.7.44"), "mysql:mysql"),
    (21, "ftp", "vsftpd", ("3.0.3", "3.0.5"), "vsftpd:vsftpd"),
    (445, "netbios-ssn", "Samba smbd", ("4.17.12", "3.X - 4.X"), "samba:samba"),
    (25, "smtp", "Postfix smtpd", ("",), "postfix:postfix"),
)


def address(number: int) -> str:
    return f"10.{20 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def nmap_xml(ports: int) -> Iterator[bytes]:
    """`nmap -sS -sV` of hosts with fifty open ports each, all of them named, and a summary of the closed ones."""
    hosts = -(-ports // PORTS_OF_A_HOST)
    rng = random.Random("nmap")
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" args="nmap -sS -sV -Pn '
        f'-oX scan.xml 10.20.0.0/16" start="{STARTED}" version="7.95" xmloutputversion="1.05">\n'
        '<scaninfo type="syn" protocol="tcp" numservices="1000" services="1-1000"/>\n'
    ).encode()
    for number in range(1, hosts + 1):
        rows = [
            _port(1 + index * 20, rng) for index in range(min(PORTS_OF_A_HOST, ports - (number - 1) * PORTS_OF_A_HOST))
        ]
        yield (
            f'<host starttime="{STARTED}" endtime="{STARTED + number}"><status state="up" reason="user-set" '
            f'reason_ttl="0"/>\n<address addr="{address(number)}" addrtype="ipv4"/>\n<hostnames>\n<hostname '
            f'name="h{number}.example" type="PTR"/>\n</hostnames>\n<ports><extraports state="closed" count="950">\n'
            '<extrareasons reason="reset" count="950" proto="tcp" ports="'
            f'{_CLOSED}"/>\n'
            f'</extraports>\n{"".join(rows)}</ports>\n<times srtt="1200" rttvar="400" to="100000"/>\n</host>\n'
        ).encode()
    yield (
        f'<runstats><finished time="{STARTED + hosts}" exit="success"/><hosts up="{hosts}" down="0" total="{hosts}"/>\n'
        "</runstats>\n</nmaprun>\n"
    ).encode()


def _port(port: int, rng: random.Random) -> str:
    _, name, product, versions, cpe = rng.choice(_SERVICES)
    version = rng.choice(versions)
    said = f" version={quoteattr(version)}" if version else ""
    part = f":{version.split()[0]}" if version else ""
    return (
        f'<port protocol="tcp" portid="{port}"><state state="open" reason="syn-ack" reason_ttl="63"/><service '
        f'name="{name}" product="{product}"{said} extrainfo="protocol 2.0" ostype="Linux" method="probed" conf="10">'
        f"<cpe>cpe:/a:{cpe}{part}</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service></port>\n"
    )


def masscan_json(ports: int) -> Iterator[bytes]:
    """`masscan -oJ`: a record for each port, and a banner with every fourth."""
    rng = random.Random("masscan")
    yield b"[\n"
    for index in range(ports):
        where, port = address(1 + index // PORTS_OF_A_HOST), 1 + index % PORTS_OF_A_HOST * 20
        at = STARTED + index // 1000
        yield (
            f'{{   "ip": "{where}",   "timestamp": "{at}", "ports": [ {{"port": {port}, "proto": "tcp", "status": '
            f'"open", "reason": "syn-ack", "ttl": 63}} ] }},\n'
        ).encode()
        if index % 4 == 0:
            banner = f"SSH-2.0-OpenSSH_{rng.choice(_SERVICES[0][3]).split()[0]}"
            yield (
                f'{{   "ip": "{where}",   "timestamp": "{at}", "ports": [ {{"port": {port}, "proto": "tcp", '
                f'"service": {{"name": "ssh", "banner": "{banner}"}} }} ] }},\n'
            ).encode()
    yield b"]\n"
