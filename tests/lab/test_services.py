"""What the lab's hosts say: a table of requests and answers, and what every speaker promises whatever it is sent."""

from __future__ import annotations

import itertools
import struct
from collections import deque

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.errors import BadInput
from scanner.lab.services import Conversation, speak, speakers
from scanner.lab.topology import Service

DATAGRAMS = ("dns", "ntp", "sip", "snmp")
TCP = sorted(set(speakers()) - {"ntp", "snmp"})


def service(speaks: str, options: dict[str, object] | None = None, port: str = "tcp/9") -> Service:
    return Service(port=port, speaks=speaks, options=options or {})


def hear(conversation: Conversation, *chunks: bytes) -> tuple[bytes, bool]:
    """All that is said to these chunks, and whether the server closed. It has to come to rest each time."""
    heard = b""
    waiting = deque(chunks)
    try:
        said = next(conversation)
        while True:
            for _ in range(10):
                heard += said
                said = conversation.send(b"")
                if not said:
                    break
            else:
                pytest.fail(f"never quiet: {said[:60]!r}")
            if not waiting:
                return heard, False
            said = conversation.send(waiting.popleft())
    except StopIteration:
        return heard, True


SSH_CLIENT = b"SSH-2.0-test\r\n"
HTTP = b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
STARTUP = bytes.fromhex("00000015 00030000") + b"user\0nobody\0\0"
RDP_CREDSSP = bytes.fromhex("030000130ee000000000000100080003000000")
RDP_OLD = bytes.fromhex("0300000b06e00000000000")
PRELOGIN = bytes.fromhex("1201001a00000000 00000b0006 010011 0001 ff 000000000000 00")
CONNECT = bytes.fromhex("100c 0004 4d515454 04 02 003c 0000")
VERSION_BIND = bytes.fromhex("123401000001000000000000") + b"\x07version\x04bind\0\0\x10\0\x03"
SYS_DESCR = bytes.fromhex("302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500")

SMB2 = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16x", 64, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
SMB2_OFFER = b"\0\0\0\x68" + SMB2 + struct.pack("<HHHHI16x8xHH", 36, 2, 1, 0, 0, 0x0210, 0x0302)
NTLM_FIRST = b"NTLMSSP\0\1\0\0\0" + bytes(20)
SMB2_SETUP = SMB2[:12] + b"\1\0" + SMB2[14:] + struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 88, len(NTLM_FIRST), 0)
SMB2_NTLM = (88 + len(NTLM_FIRST)).to_bytes(4) + SMB2_SETUP + NTLM_FIRST

SAYS: list[tuple[str, dict[str, object], tuple[bytes, ...], bytes, bool]] = [
    ("silent", {}, (b"hello",), b"", False),
    ("jetdirect", {}, (b"\x1b%-12345X@PJL INFO ID\r\n",), b"", False),
    ("banner", {"text": "hi"}, (), b"hi\r\n", False),
    ("banner", {"hex": "ff00", "close": True}, (), b"\xff\x00", True),
    ("banner", {"text": "late", "wait": True, "raw": True}, (b"x",), b"late", False),
    ("ssh", {"banner": "OpenSSH_5.3"}, (), b"SSH-2.0-OpenSSH_5.3\r\n", False),
    ("ssh", {"banner": "SSH-1.99-Cisco-1.25"}, (b"GET / HTTP/1.0\r\n",), b"Invalid SSH identification string.", True),
    ("ssh", {"kex": ["diffie-hellman-group1-sha1"]}, (SSH_CLIENT,), b"diffie-hellman-group1-sha1", False),
    ("ssh", {"key": "k"}, (SSH_CLIENT,), b"ssh-ed25519", False),
    ("http", {"server": "nginx/1.18.0"}, (HTTP,), b"HTTP/1.1 200 OK\r\nServer: nginx/1.18.0\r\n", False),
    ("http", {"headers": {"X-Powered-By": "PHP/5.6.40"}}, (HTTP,), b"X-Powered-By: PHP/5.6.40\r\n", False),
    ("http", {"title": "Login"}, (b"GET / HTTP/1.0\r\n\r\n",), b"<title>Login</title>", True),
    ("http", {"status": 401, "close": True}, (HTTP,), b"HTTP/1.1 401 Unauthorized", True),
    ("http", {"paths": {"/v": {"body": "1.2"}}}, (b"GET /v?a HTTP/1.1\r\n\r\n",), b"\r\n\r\n1.2", False),
    ("http", {"paths": {"/v": {}}}, (b"GET /w HTTP/1.1\r\n\r\n",), b"404 Not Found", False),
    ("http", {}, (b"SSH-2.0-x\r\n",), b"400 Bad Request", True),
    ("http", {}, (b"BREW / HTTP/1.1\r\n\r\n",), b"501 Not Implemented", False),
    ("smtp", {"greeting": "mx ESMTP Exim 4.94.2"}, (), b"220 mx ESMTP Exim 4.94.2\r\n", False),
    ("smtp", {"name": "mx"}, (b"EHLO a\r\n",), b"250-mx\r\n250-PIPELINING\r\n250 SIZE 10240000\r\n", False),
    ("smtp", {}, (b"STARTTLS\r\n", b"QUIT\r\n"), b"454 4.7.0 TLS not available due to local problem\r\n221 ", True),
    ("ftp", {"greeting": "ProFTPD 1.3.5 Server"}, (b"USER a\r\n", b"PASS b\r\n"), b"530 Login incorrect.", False),
    ("ftp", {"anonymous": True}, (b"USER ftp\r\nPASS a\r\nSYST\r\n",), b"230 Login successful.\r\n215 UNIX", False),
    ("imap", {"id": {"name": "Dovecot"}}, (b"a ID NIL\r\n",), b'* ID ("name" "Dovecot")\r\na OK', False),
    ("imap", {}, (b"a LOGOUT\r\n",), b"* BYE", True),
    ("pop3", {}, (b"CAPA\r\n",), b"+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nUSER\r\n.\r\n", False),
    ("memcached", {"version": "1.4.0"}, (b"version\r\n",), b"VERSION 1.4.0\r\n", False),
    ("redis", {"version": "5.0.7"}, (b"INFO server\r\n",), b"redis_version:5.0.7\r\n", False),
    ("redis", {}, (b"*1\r\n$4\r\nPI", b"NG\r\n*1\r\n$4\r\nQUIT\r\n"), b"+PONG\r\n+OK\r\n", True),
    ("redis", {"auth": True}, (b"INFO\r\n",), b"-NOAUTH Authentication required.\r\n", False),
    ("redis", {"protected": True}, (), b"-DENIED ", True),
    ("redis", {}, (b"*1\r\n$-7\r\n",), b"-ERR Protocol error", True),
    ("telnet", {"banner": "Switch"}, (b"\xff\xfe\x01adm", b"in\r\n"), b"Switch\r\nlogin: Password: ", False),
    ("telnet", {"attempts": 1}, (b"a\r\nb\r\n",), b"Login incorrect", True),
    ("vnc", {}, (b"RFB 003.008\n",), b"RFB 003.008\n\x01\x02", False),
    ("vnc", {"security": [1]}, (b"RFB 003.003\n",), b"\0\0\0\x01", True),
    ("vnc", {"refuse": "Too many"}, (b"RFB 003.008\n",), b"\0\0\0\0\x08Too many", True),
    ("mysql", {"version": "5.5.5-10.6.16-MariaDB"}, (), b"\x0a5.5.5-10.6.16-MariaDB\0", False),
    ("mysql", {}, (b"\x01\0\0\x01x",), b"\xff\x15\x04#28000Access denied", True),
    ("mysql", {"denied": True}, (), b"\xff\x6a\x04Host is not allowed", True),
    ("postgres", {}, (bytes.fromhex("0000000804d2162f"),), b"N", False),
    ("postgres", {}, (STARTUP,), b'no pg_hba.conf entry for host, user "nobody"', True),
    ("postgres", {"line": 999}, (STARTUP,), b"L999\0", True),
    ("postgres", {"auth": "scram"}, (STARTUP,), b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", False),
    ("postgres", {}, (b"GET / HTTP/1.0\r\n",), b"", True),
    ("rdp", {}, (RDP_CREDSSP,), bytes.fromhex("030000130ed000001234000 21f080002000000".replace(" ", "")), False),
    ("rdp", {}, (RDP_OLD,), b"\x03\0\x08\0\x05\0\0\0", False),
    ("rdp", {"nla": False}, (RDP_OLD,), bytes.fromhex("0300000b06d00000123400"), False),
    ("rtsp", {"server": "Hipcam"}, (b"OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n",), b"CSeq: 7\r\nPublic: ", False),
    ("rtsp", {}, (b"DESCRIBE rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\n\r\n",), b"401 Unauthorized", False),
    ("mqtt", {}, (CONNECT, b"\xc0\0"), b"\x20\x02\0\0\xd0\0", False),
    ("mqtt", {"auth": True}, (CONNECT,), b"\x20\x02\0\x05", True),
    ("mssql", {"version": "15.0.2000"}, (PRELOGIN,), bytes.fromhex("ff0f0007d00000"), True),
    ("dns", {"version": "9.18.24"}, (b"\0\x1e" + VERSION_BIND,), b"\x079.18.24", False),
    ("smb", {"signing": "required"}, (SMB2_OFFER,), bytes.fromhex("4100 0300 0203 0000"), False),
    ("smb", {"dialect": "2.1"}, (SMB2_OFFER,), bytes.fromhex("4100 0100 1002 0000"), False),
    ("smb", {"build": "10.0.17763"}, (SMB2_NTLM,), bytes.fromhex("0a00 6345 0000000f"), False),
    ("smb", {}, (b"\0\0\0\x0c\xffSMBr\x02NT LM ",), b"", True),
    ("smb", {}, (b"\0\0\0\x0f\xffSMB\x02SMB 2.???\0",), bytes.fromhex("4100 0100 ff02 0000"), False),
    ("garbage", {"size": 10}, (), b"\x1b[2J\x1b]0;o", False),
]


@for_every(("speaks", "options", "chunks", "expected", "closed"), SAYS)
def test_says(
    speaks: str, options: dict[str, object], chunks: tuple[bytes, ...], expected: bytes, closed: bool
) -> None:
    heard, ended = hear(speak(service(speaks, options)), *chunks)
    assert expected in heard
    assert ended == closed
    if not expected:
        assert heard == b""


DATAGRAM_SAYS: list[tuple[str, dict[str, object], bytes, bytes]] = [
    ("dns", {"version": "9.18.24"}, VERSION_BIND, b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x08\x079.18.24"),
    ("dns", {}, VERSION_BIND, b"\x12\x34\x81\x05"),
    ("dns", {"names": {"a.lab": "10.0.0.1"}}, VERSION_BIND[:12] + b"\1a\3lab\0\0\1\0\1", b"\0\x04\x0a\0\0\1"),
    ("dns", {}, b"\0\1\0\0\0\1", b""),
    ("ntp", {}, b"\x23" + bytes(39) + b"12345678", b"\x24\x02"),
    ("ntp", {"version": "ntpd 4.2.8p15"}, b"\x16\x02\0\x09" + bytes(8), b'version="ntpd 4.2.8p15"'),
    ("ntp", {}, b"\x16\x02\0\x09" + bytes(8), b""),
    ("sip", {"agent": "Asterisk"}, b"OPTIONS sip:a SIP/2.0\r\nVia: v\r\n\r\n", b"SIP/2.0 200 OK\r\nVia: v\r\n"),
    ("sip", {}, b"ACK sip:a SIP/2.0\r\nVia: v\r\n\r\n", b""),
    ("snmp", {"description": "15.2(7)E10"}, SYS_DESCR, b"\x06\x08\x2b\x06\x01\x02\x01\x01\x01\0\x04\x0a15.2(7)E10"),
    ("snmp", {"community": "secret"}, SYS_DESCR, b""),
    ("banner", {"text": "udp"}, b"x", b"udp\r\n"),
]


@for_every(("speaks", "options", "datagram", "expected"), DATAGRAM_SAYS)
def test_answers_datagram(speaks: str, options: dict[str, object], datagram: bytes, expected: bytes) -> None:
    conversation = speak(service(speaks, options, "udp/9"))
    next(conversation)
    answer = conversation.send(datagram)
    assert expected in answer
    assert bool(answer) == bool(expected)


@pytest.mark.parametrize("speaks", TCP)
@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.data())
@example(HTTP + b"SSH-2.0-x\r\n", None)
def test_whatever_comes_in_whatever_pieces(speaks: str, data: bytes, draw: st.DataObject | None) -> None:
    """Garbage never breaks a speaker, and where its pieces were cut makes no difference to what is said."""
    whole = hear(speak(service(speaks)), data) if data else hear(speak(service(speaks)))
    cuts = sorted(draw.draw(st.sets(st.integers(1, 199), max_size=5))) if draw else [1, 2, 20]
    edges = [0, *(each for each in cuts if each < len(data)), len(data)]
    pieces = [data[a:b] for a, b in itertools.pairwise(edges) if a < b]
    assert hear(speak(service(speaks)), *pieces) == whole


@pytest.mark.parametrize("speaks", DATAGRAMS)
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_any_datagram(speaks: str, data: bytes) -> None:
    conversation = speak(service(speaks, port="udp/9"))
    assert next(conversation) == b""
    assert isinstance(conversation.send(data), bytes)


@pytest.mark.parametrize(("speaks", "options", "named"), [("gopher", {}, "gopher"), ("ssh", {"baner": "x"}, "baner")])
def test_refuses_unknown(speaks: str, options: dict[str, object], named: str) -> None:
    with pytest.raises(BadInput, match=named):
        speak(service(speaks, options))


@for_every("speaks", sorted(speakers()))
def test_documents_its_options(speaks: str) -> None:
    import importlib

    documentation = importlib.import_module(f"scanner.lab.services.{speaks}").__doc__ or ""
    for option in speakers()[speaks].options:
        assert f"`{option}`" in documentation
