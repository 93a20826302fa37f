"""What each probe says, and what it reads out of answers written down by hand from the protocols' specifications."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from tables import for_every

from scanner.model.probe import Peer, Read, Reconnect, Send, StartTls
from scanner.probes import probes

PEER = Peer("10.20.30.40", 4242)


def play(
    name: str, answers: Sequence[bytes], peer: Peer = PEER, der: bytes = b""
) -> tuple[dict[str, bytes], list[bytes]]:
    """Carry the probe's steps out with these answers, one a Read; the readings by kind, and all that was sent."""
    left, sent = list(answers), []
    steps = probes()[name].steps(peer)
    step = next(steps)
    for _ in range(32):
        try:
            match step:
                case Send(data):
                    sent.append(data)
                    step = steps.send(b"")
                case Read(enough=enough, limit=limit):
                    data = left.pop(0)[:limit] if left else b""
                    enough(data)
                    step = steps.send(data)
                case StartTls():
                    step = steps.send(der)
                case Reconnect():
                    step = steps.send(b"")
        except StopIteration as done:
            return {reading.kind: reading.raw for reading in done.value}, sent
    raise AssertionError("the probe goes on for ever")


def mysql_packet(body: bytes, number: int = 0) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def ssh_packet(payload: bytes) -> bytes:
    padding = 8 - (5 + len(payload)) % 8 + 8
    return struct.pack("!IB", 1 + len(payload) + padding, padding) + payload + bytes(padding)


def ssh_string(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


SSH_LISTS = (b"curve25519-sha256,none-such", b"ssh-ed25519", b"aes128-ctr", b"aes128-ctr", b"hmac-sha1", b"hmac-sha1")
KEXINIT = b"\x14" + bytes(16) + b"".join(map(ssh_string, (*SSH_LISTS, b"none", b"none", b"", b""))) + bytes(5)
HOST_KEY = ssh_string(b"ssh-ed25519") + ssh_string(bytes(range(32)))
KEX_REPLY = b"\x1f" + ssh_string(HOST_KEY) + ssh_string(bytes(32)) + ssh_string(b"signature")

DNS_ANSWER = (
    b"\x46\x57\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03"
    b"\xc0\x0c\x00\x10\x00\x03\x00\x00\x00\x00\x00\x0d\x0cdnsmasq-2.89"
)
SNMP_ANSWER = bytes.fromhex(
    "302d020101 0406 7075626c6963 a220 0202 4657 020100 020100 3014 3012 06082b06010201010100 0406".replace(" ", "")
) + (b"RouOS7")
RDP_NLA = bytes.fromhex("030000130ed000001234000209080002000000")
RDP_OLD = bytes.fromhex("0300000b06d00000123400")
RDP_FAILED = bytes.fromhex("030000130ed000001234000300080005000000")
PRELOGIN = struct.pack("!BBHHBB", 4, 1, 8 + 17 + 1, 0, 1, 0) + bytes.fromhex(
    "00000b0006 01 0011 0001 ff 0f0007d00000 02".replace(" ", "")
)
NTLM = (
    b"NTLMSSP\0" + struct.pack("<IIIIQQII", 2, 0, 56, 0x02000000, 0, 0, 0, 0) + struct.pack("<BBHI", 10, 0, 20348, 15)
)
SMB_HEADER = b"\xfeSMB" + struct.pack("<HHI", 64, 0, 0) + bytes(52)
SMB_NEGOTIATED = SMB_HEADER + struct.pack("<HHH", 65, 3, 0x0302) + bytes(60)
SMB_CHALLENGED = SMB_HEADER + bytes(8) + NTLM


def framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message


CASES: dict[str, tuple[str, list[bytes], dict[str, bytes]]] = {
    "ssh, as far as the host key": (
        "ssh",
        [b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n", ssh_packet(KEXINIT), ssh_packet(KEX_REPLY)],
        {
            "ssh": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7",
            "ssh.kex": KEXINIT,
            "ssh.algorithms": b"curve25519-sha256,none-such;aes128-ctr;hmac-sha1;none;ssh-ed25519",
            "ssh.hostkey": HOST_KEY,
        },
    ),
    "ssh, all in one piece, a notice before it": (
        "ssh",
        [
            b"Keep out\r\nSSH-2.0-dropbear_2022.83\r\n" + ssh_packet(KEXINIT),
            ssh_packet(b"\x02xx") + ssh_packet(KEX_REPLY),
        ],
        {
            "ssh": b"SSH-2.0-dropbear_2022.83",
            "ssh.kex": KEXINIT,
            "ssh.algorithms": b"curve25519-sha256,none-such;aes128-ctr;hmac-sha1;none;ssh-ed25519",
            "ssh.hostkey": HOST_KEY,
        },
    ),
    "ssh 1 gets no answer from us": ("ssh", [b"SSH-1.5-Cisco-1.25\n"], {"ssh": b"SSH-1.5-Cisco-1.25"}),
    "ftp where ssh is expected": ("ssh", [b"220 (vsFTPd 3.0.3)\r\n"], {"ftp": b"220 (vsFTPd 3.0.3)"}),
    "http": (
        "http",
        [b"HTTP/1.1 200 OK\r\nServer: nginx/1.25.3\r\nX-Powered-By: PHP/8.2.7\r\n\r\n<title>\n A  b </title>"],
        {
            "http.response": b"HTTP/1.1 200 OK\r\nServer: nginx/1.25.3\r\nX-Powered-By: PHP/8.2.7",
            "http.server": b"nginx/1.25.3",
            "http.powered-by": b"PHP/8.2.7",
            "http.title": b"A b",
            "http.body": b"<title>\n A  b </title>",
        },
    ),
    "http with bare line feeds, and a cookie whose value stays out": (
        "http",
        [b"HTTP/1.0 302 Found\nLocation: /owa/\nX-OWA-Version: 15.1.2507.35\nSet-Cookie: PHPSESSID=secret; path=/\n\n"],
        {
            "http.response": b"HTTP/1.0 302 Found\nLocation: /owa/\nX-OWA-Version: 15.1.2507.35\n"
            b"Set-Cookie: PHPSESSID=(withheld)",
            "http.location": b"/owa/",
            "http.x-owa-version": b"15.1.2507.35",
            "http.cookie": b"PHPSESSID",
        },
    ),
    "an ssh server asked for a page": ("http", [b"SSH-2.0-OpenSSH_9.6\r\n"], {"ssh": b"SSH-2.0-OpenSSH_9.6"}),
    "a tls server asked for a page": ("http", [b"\x15\x03\x01\x00\x02\x02\x46"], {}),
    "https": (
        "https",
        [b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"],
        {
            "tls.cert": b"DER",
            "http.response": b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0",
            "http.www-authenticate": b"Basic realm=x",
        },
    ),
    "imap in tls": ("tls", [b"* OK Dovecot ready.\r\n"], {"tls.cert": b"DER", "imap": b"* OK Dovecot ready."}),
    "ftp of several lines": ("ftp", [b"220-Hello\r\n220 ready\r\n"], {"ftp": b"220-Hello\r\n220 ready"}),
    "smtp on ftp's port": ("ftp", [b"220 mx ESMTP Postfix\r\n"], {"smtp": b"220 mx ESMTP Postfix"}),
    "pop3": ("pop3", [b"+OK Dovecot ready.\r\n"], {"pop3": b"+OK Dovecot ready."}),
    "mysql": (
        "mysql",
        [mysql_packet(b"\x0a8.0.36-0ubuntu0.22.04.1\0" + bytes(60))],
        {"mysql": b"8.0.36-0ubuntu0.22.04.1", "mysql.tls": b"not-offered"},
    ),
    "mysql that lets nobody in": (
        "mysql",
        [mysql_packet(b"\xff\x6a\x04Host '10.0.0.9' is not allowed to connect to this MariaDB server")],
        {"mysql.error": b"Host '10.0.0.9' is not allowed to connect to this MariaDB server"},
    ),
    "redis": (
        "redis",
        [b"$40\r\n# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n\r\n"],
        {"redis": b"# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n\r\n", "redis.auth": b"none"},
    ),
    "redis with a password": (
        "redis",
        [b"-NOAUTH Authentication required.\r\n"],
        {"redis": b"-NOAUTH Authentication required.", "redis.auth": b"required"},
    ),
    "memcached": ("memcached", [b"VERSION 1.6.18\r\n"], {"memcached": b"VERSION 1.6.18", "memcached.auth": b"none"}),
    "postgresql without tls": (
        "postgresql",
        [b"N", b"E\x00\x00\x00\x10SFATAL\0C28000\0\0"],
        {"postgresql": b"E\x00\x00\x00\x10SFATAL\0C28000\0\0", "postgresql.tls": b"not-offered"},
    ),
    "postgresql with tls": (
        "postgresql",
        [b"S", b"R\x00\x00\x00\x08\x00\x00\x00\x0a"],
        {
            "tls.cert": b"DER",
            "postgresql": b"R\x00\x00\x00\x08\x00\x00\x00\x0a",
            "postgresql.auth": b"required",
            "postgresql.method": b"scram",
            "postgresql.tls": b"offered",
        },
    ),
    "postgresql that trusts everybody": (
        "postgresql",
        [b"N", b"R\0\0\0\x08\0\0\0\0E\0\0\0\x10SFATAL\0C28000\0\0"],
        {
            "postgresql": b"E\0\0\0\x10SFATAL\0C28000\0\0",
            "postgresql.auth": b"none",
            "postgresql.method": b"trust",
            "postgresql.tls": b"not-offered",
        },
    ),
    "dns over udp": ("dns.version", [DNS_ANSWER], {"dns.version": b"dnsmasq-2.89"}),
    "dns over udp, refused": ("dns.version", [b"\x46\x57\x80\x05" + bytes(8)], {"dns": b"\x46\x57\x80\x05" + bytes(8)}),
    "dns over tcp": ("dns.version.tcp", [b"\x00\x37" + DNS_ANSWER], {"dns.version": b"dnsmasq-2.89"}),
    "snmp": ("snmp", [SNMP_ANSWER], {"snmp.sysdescr": b"RouOS7", "snmp.community": b"public"}),
    "ntp with its variables": (
        "ntp",
        [b"\x24\x02" + bytes(46), b"\x16\x82\0\x01" + bytes(8) + b'version="ntpd 4.2.8p15"\r\n\0'],
        {"ntp": b"\x24\x02" + bytes(46), "ntp.readvar": b'version="ntpd 4.2.8p15"\r\n'},
    ),
    "sip": (
        "sip",
        [b"SIP/2.0 200 OK\r\nServer: Asterisk PBX 18.10.0\r\n\r\n"],
        {"sip": b"SIP/2.0 200 OK\r\nServer: Asterisk PBX 18.10.0\r\n\r\n", "sip.server": b"Asterisk PBX 18.10.0"},
    ),
    "rtsp": (
        "rtsp",
        [b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\n\r\n"],
        {
            "rtsp": b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nServer: GStreamer RTSP server\r\n\r\n",
            "rtsp.server": b"GStreamer RTSP server",
        },
    ),
    "rdp that wants a login first": (
        "rdp",
        [RDP_NLA],
        {"rdp": RDP_NLA, "rdp.security": b"nla", "tls.cert": b"DER"},
    ),
    "rdp with its own encryption": ("rdp", [RDP_OLD], {"rdp": RDP_OLD, "rdp.security": b"rdp"}),
    "rdp that refuses": ("rdp", [RDP_FAILED], {"rdp": RDP_FAILED, "rdp.security": b"refused-5"}),
    "vnc": (
        "vnc",
        [b"RFB 003.008\n", b"\x02\x01\x02"],
        {"vnc": b"RFB 003.008", "vnc.security": b"\x01\x02", "vnc.auth": b"none"},
    ),
    "vnc of old": (
        "vnc",
        [b"RFB 003.003\n", b"\0\0\0\x02"],
        {"vnc": b"RFB 003.003", "vnc.security": b"\x02", "vnc.auth": b"required"},
    ),
    "mqtt open to all": ("mqtt", [b"\x20\x02\0\0"], {"mqtt": b"\x20\x02\0\0", "mqtt.auth": b"none"}),
    "mqtt with a password": ("mqtt", [b"\x20\x02\0\x05"], {"mqtt": b"\x20\x02\0\x05", "mqtt.auth": b"required"}),
    "sql server": ("mssql", [PRELOGIN], {"mssql": b"15.0.2000.0", "mssql.tls": b"not-offered"}),
    "netbios": (
        "netbios",
        [
            b"\x46\x57\x84\0"
            + bytes(8)
            + b"\x20CK"
            + b"A" * 30
            + b"\0\0\x21\0\x01"
            + bytes(6)
            + b"\x01FILES          \x20\x04\0"
        ],
        {"netbios": b"FILES<20>"},
    ),
    "smb, with the build of Windows": (
        "smb",
        [framed(SMB_NEGOTIATED), framed(SMB_CHALLENGED)],
        {"smb": SMB_NEGOTIATED, "smb.dialect": b"3.0.2", "smb.signing": b"required", "ntlm": NTLM},
    ),
    "telnet": (
        "telnet",
        [b"\xff\xfd\x18\xff\xfb\x01", b"MikroTik v6.49.7 (stable)\r\nLogin: "],
        {"telnet": b"MikroTik v6.49.7 (stable)\r\nLogin:", "telnet.options": b"\xff\xfd\x18\xff\xfb\x01"},
    ),
    "banner of nothing known": ("banner", [b"hello there\r\n"], {"banner": b"hello there"}),
    "banner of telnet": (
        "banner",
        [b"\xff\xfd\x18\r\nrouter login: "],
        {"telnet": b"router login:", "telnet.options": b"\xff\xfd\x18"},
    ),
    "sip over tcp": (
        "sip.tcp",
        [b"SIP/2.0 200 OK\r\nServer: kamailio (5.6.3 (x86_64/linux))\r\n\r\n"],
        {
            "sip": b"SIP/2.0 200 OK\r\nServer: kamailio (5.6.3 (x86_64/linux))\r\n\r\n",
            "sip.server": b"kamailio (5.6.3 (x86_64/linux))",
        },
    ),
    "sip inside tls": (
        "sips",
        [b"SIP/2.0 404 Not Found\r\nUser-Agent: Asterisk PBX 18.10.0\r\n\r\n"],
        {
            "tls.cert": b"DER",
            "sip": b"SIP/2.0 404 Not Found\r\nUser-Agent: Asterisk PBX 18.10.0\r\n\r\n",
            "sip.server": b"Asterisk PBX 18.10.0",
        },
    ),
}


@for_every("case", CASES)
def test_readings(case: str) -> None:
    name, answers, truth = CASES[case]
    assert play(name, answers, der=b"DER")[0] == truth


def test_every_probe_stands_in_a_table() -> None:
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    # What asks the same over another transport (`dns.version.tls`) is tested by its sibling.
    names = {name: (name, name.rpartition(".")[0]) for name in probes()}
    assert [name for name, either in names.items() if not any(f'"{each}"' in written for each in either)] == []


def test_redirects_are_not_followed() -> None:
    _, sent = play("http", [b"HTTP/1.1 301 Moved\r\nLocation: http://10.0.0.1/elsewhere\r\n\r\n"])
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("address", "port", "host"),
    [("10.1.2.3", 80, "10.1.2.3"), ("10.1.2.3", 8080, "10.1.2.3:8080"), ("fd20::1", 443, "[fd20::1]")],
)
def test_the_host_header_is_the_peer(address: str, port: int, host: str) -> None:
    _, sent = play("http", [], Peer(address, port))
    assert f"\r\nHost: {host}\r\n".encode() in sent[0]


def test_options_of_telnet_are_refused_and_nothing_else_is_said() -> None:
    _, sent = play("telnet", [b"\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0", b"\xff\xfe\x05login: "])
    assert sent == [b"\xff\xfc\x18\xff\xfe\x01"]


def test_no_password_is_ever_written() -> None:
    """Not even an empty one: what is sent to each service that was seen to ask for a login ends there."""
    assert play("postgresql", [b"N", b"R\0\0\0\x08\0\0\0\x03"])[1][1].endswith(
        b"user\0fencewalk\0database\0fencewalk\0fencewalk.probe\x001\0\0"
    )
    assert play("postgresql", [b"N", b"R\0\0\0\x08\0\0\0\x03", b"E"])[1][2:] == [b"X\0\0\0\x04"]
    assert len(play("redis", [b"-NOAUTH Authentication required.\r\n"])[1]) == 1
    assert len(play("telnet", [b"Password: "])[1]) == 0
    assert len(play("vnc", [b"RFB 003.008\n", b"\x01\x02"])[1]) == 1


def test_who_must_not_write_sends_nothing() -> None:
    for name, probe in probes().items():
        if not probe.writes:
            assert play(name, [b"220 x\r\n", b"y"])[1] == []


def test_the_half_of_the_key_exchange_is_a_point_on_its_curve() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

    lists = KEXINIT.replace(ssh_string(SSH_LISTS[0]), ssh_string(b"ecdh-sha2-nistp256"))
    _, sent = play("ssh", [b"SSH-2.0-x\r\n", ssh_packet(lists), b""])
    assert EllipticCurvePublicKey.from_encoded_point(
        SECP256R1(), sent[1][sent[1].index(b"\x1e\0\0\0\x41\x04") + 5 :][:65]
    )
