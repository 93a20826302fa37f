"""Probes of infrastructure protocols: what real daemons said, what no daemon of the lab says, and what is no answer."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from infrastructure_management import MANAGEMENT
from infrastructure_services import SERVICES
from infrastructure_storage import STORAGE
from tables import for_every
from test_probes_table import play

from scanner.identify import identify
from scanner.model import ber
from scanner.model.probe import Peer
from scanner.probes import probes, rpc_text
from scanner.probes.greeting import classify
from scanner.probes.mdns import services

ANSWERS = STORAGE | MANAGEMENT | SERVICES
PRODUCTS = {
    "clamd": ("clamav", "1.4.6", None, None),
    "git": ("git", None, None, None),
    "munin": ("munin", "2.0.73", None, None),
    "zabbix.agent": ("zabbix", "6.0.14", None, None),
    "mumble": ("mumble", "1.3.4", "1.3.4-4", None),
    "mumble.ping": ("mumble", "1.3.4", None, None),
    "nrpe": ("remote_plugin_executor", "4.1.0", None, None),
    "rpcbind": ("rpcbind", None, None, None),
    "rsync": ("rsync", None, None, None),
    "snmp": ("net-snmp", None, None, None),
    "nbd": ("network_block_device", None, None, None),
    "ntp": ("ntpsec", "1.2.2", None, None),
    "stun": ("coturn", "4.6.1", None, None),
    "libvirt": ("libvirt", "9.0.0", None, None),
    "glusterd": ("glusterfs", None, None, None),
    "sane": ("sane_backends", None, None, None),
    "spamd": ("spamassassin", None, None, None),
    "lirc": ("lirc", "0.10.1", None, None),
    "dns.version": ("bind", "9.18.49", "9.18.49-1~deb12u3", "debian:12"),
    "openvpn-management": ("openvpn", "2.6.14", None, None),
    "nut": ("network_ups_tools", "2.8.0", None, None),
}
MUTE = {"nfs", "mountd", "iscsi", "ipmi", "mdns", "xdmcp", "socks5"}
"""What says nothing of its maker."""


@for_every("name", sorted(ANSWERS))
def test_real_daemons(name: str) -> None:
    answers, expected = ANSWERS[name]
    der = b"DER" if probes()[name].tls else b""
    readings, _ = play(name, answers, Peer("10.66.0.10", 4242), der)
    assert readings.keys() == expected.keys()
    for kind, raw in expected.items():
        assert readings[kind] == raw if raw else readings[kind] in b"".join(answers)


@for_every("name", sorted(ANSWERS))
def test_their_products(name: str) -> None:
    readings, _ = play(name, ANSWERS[name][0], der=b"DER" if probes()[name].tls else b"")
    found = [product for kind, raw in readings.items() for product in identify(kind, raw)]
    said = [(each.name, each.version, each.revision, each.distro) for each in found[:1]]
    assert said == ([PRODUCTS[name]] if name not in MUTE else [])


def test_every_answer_is_accounted_for() -> None:
    assert PRODUCTS.keys() | MUTE == ANSWERS.keys()


@pytest.mark.parametrize("name", sorted(ANSWERS))
@given(at=st.integers(0, 600), byte=st.binary(min_size=1, max_size=1))
@settings(max_examples=30, deadline=None)
def test_a_cut_or_damaged_answer_is_no_error(name: str, at: int, byte: bytes) -> None:
    """And what is still read out of it is bounded, and identifying it is no error either."""
    answers = ANSWERS[name][0]
    for damaged in ([a[:at] for a in answers], [a[:at] + byte + a[at + 1 :] for a in answers]):
        readings, _ = play(name, damaged, Peer("10.66.0.10", 4242), b"DER" if probes()[name].tls else b"")
        for kind, raw in readings.items():
            assert len(raw) <= 16384
            identify(kind, raw)


def chain(*texts: bytes) -> bytes:
    """XDR strings, each behind a mark that one follows."""
    return b"".join(b"\0\0\0\1" + struct.pack("!I", len(t)) + t + bytes(-len(t) % 4) for t in texts)


ACCEPTED = struct.pack("!6I", rpc_text.XID, 1, 0, 0, 0, 0)


def test_exports() -> None:
    everybody = chain(b"/srv/public") + bytes(4)
    some = chain(b"/home") + chain(b"10.0.0.0/8", b"backup") + bytes(4)
    answer = rpc_text.record(ACCEPTED + everybody + some + bytes(4))
    readings, sent = play("mountd", [answer])
    assert readings["nfs.exports"] == b"/srv/public\n/home 10.0.0.0/8 backup"
    assert sent == [rpc_text.record(rpc_text.call(100005, 3, 5))]


def test_a_record_in_fragments() -> None:
    message = ACCEPTED + bytes(4)
    pieces = struct.pack("!I", 10) + message[:10] + struct.pack("!I", 0x80000000 | len(message) - 10) + message[10:]
    assert rpc_text.unfragmented(pieces) == (message, True)
    assert not rpc_text.whole(pieces[:-1])


@pytest.mark.parametrize(
    ("bits", "said"), [(0x80, b"available"), (0x85, b"available"), (0x00, b"refused"), (0x05, b"refused")]
)
def test_an_open_resolver_shows_by_a_bit(bits: int, said: bytes) -> None:
    chaos = b"\x46\x57\x84\x05" + bytes(8)
    local = b"\x46\x59\x84" + bytes([bits]) + bytes(8)
    readings, sent = play("dns.version", [chaos, local, b""])
    assert readings["dns.recursion"] == said
    # RD is not set in any question, so that no server goes and asks anybody.
    assert [question[2] & 1 for question in sent] == [0, 0, 0]


def test_what_is_not_dns_is_not_asked_on() -> None:
    readings, sent = play("dns.version", [b"hello, who is there?"])
    assert readings == {}
    assert len(sent) == 1


def engine(enterprise: int) -> bytes:
    return (0x80000000 | enterprise).to_bytes(4, "big") + b"\x03\x00\x11\x22\x33\x44\x55"


def test_an_agent_that_hides_from_public_still_names_its_engine() -> None:
    head = ber.element(ber.SEQUENCE, ber.integer(1), ber.integer(65507), ber.element(ber.OCTETS, b"\0"), ber.integer(3))
    security = ber.element(ber.SEQUENCE, ber.element(ber.OCTETS, engine(8072)), ber.integer(1), ber.integer(2))
    message = ber.element(
        ber.SEQUENCE, ber.integer(3), head, ber.element(ber.OCTETS, security), ber.element(ber.SEQUENCE)
    )
    readings, _ = play("snmp", [b"", message])
    assert readings == {"snmp.engineid": engine(8072)}
    assert [each.name for each in identify("snmp.engineid", engine(8072))] == ["net-snmp"]
    assert identify("snmp.engineid", engine(9)) == ()


SEARCH_ANSWER = (
    b"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nUSN: uuid:1::upnp:rootdevice\r\nEXT:\r\n"
    b"SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\nLOCATION: http://10.0.0.1:5000/rootDesc.xml\r\n\r\n"
)
SADP = (
    b'<?xml version="1.0" encoding="UTF-8" ?><ProbeMatch><Uuid>1</Uuid><Types>inquiry</Types>'
    b"<DeviceDescription>DS-2CD2042WD-I</DeviceDescription><SoftwareVersion>V5.4.5build 170124</SoftwareVersion>"
    b"<Activated>false</Activated></ProbeMatch>"
)
DHIP = b'{"mac":"1","params":{"deviceInfo":{"DeviceType":"IPC-HDW","Version":"2.800.0000000.16.R","Vendor":"Dahua"}}}'
MATCH = (
    b'<s:Envelope xmlns:s="s"><s:Body><d:ProbeMatches><d:ProbeMatch><d:Types>dn:NetworkVideoTransmitter</d:Types>'
    b"<d:XAddrs>http://10.0.0.5/onvif</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
)


def mndp(*fields: tuple[int, bytes]) -> bytes:
    return bytes(4) + b"".join(struct.pack("!HH", kind, len(value)) + value for kind, value in fields)


def ubiquiti(*fields: tuple[int, bytes]) -> bytes:
    body = b"".join(struct.pack("!BH", kind, len(value)) + value for kind, value in fields)
    return b"\x01\0" + struct.pack("!H", len(body)) + body


XM = b"XM.ar7240.v5.6.3.28591.151130.1749"
MODBUS = bytes.fromhex("465700000026012b0e010100000300125363686e656964657220456c65637472696301044d333430020476322e31")
ORDER = b"6ES7 315-2EH14-0AB0 "
MODULE = (
    b"\3\0\0\x7d\2\xf0\x80\x32\7" + bytes(20) + b"\0\1" + ORDER + bytes(4) + b"\0\x05"
    + b"\0\6" + ORDER + bytes(4) + b"\0\x05" + b"\0\7" + ORDER + b"\xc0\0V\x03\x02\x06"
)  # fmt: skip
S7 = [b"\3\0\0\x07\x02\xd0\0", b"\3\0\0\x1b\2\xf0\x80\x32" + bytes(19), MODULE, b""]
LOGIX = b"1769-L33ER/A LOGIX5333ER"
IDENTITY = (
    b"\x63\0\x40\0" + bytes(20) + b"\1\0\x0c\0\x3a\0" + bytes(18)
    + struct.pack("<HHHBBHI", 1, 14, 166, 30, 11, 0x60, 1) + bytes([len(LOGIX)]) + LOGIX + b"\3"
)  # fmt: skip
APC = b"".join(
    struct.pack("!H", len(line)) + line
    for line in (b"APC      : 001,019\n", b"VERSION  : 3.14.14 (31 May 2016) debian\n")
)
NRPE = b"\0\2\0\2\x34\xfa\x34\x5c\0\0NRPE v4.1.0".ljust(1036, b"\0")
TEAMSPEAK = b"version=3.13.7 build=1655727713 platform=Linux"


def ipp(*attributes: tuple[bytes, bytes]) -> bytes:
    body = b"\1\1\0\0\0\0\x46\x57\4"
    for name, value in attributes:
        body += b"\x41" + struct.pack("!H", len(name)) + name + struct.pack("!H", len(value)) + value
    body += b"\3"
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/ipp\r\nConnection: close\r\n"
        b"Server: HP HTTP Server\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


PRINTER = ipp(
    (b"printer-make-and-model", b"HP LaserJet 400"),
    (b"printer-firmware-string-version", b"20230630"),
    (b"cups-version", b"2.4.2"),
)
SPECIFIED = [
    ("ssdp", [SEARCH_ANSWER], "ssdp.server", b"Debian/12 UPnP/1.1 MiniUPnPd/2.3.1"),
    ("sadp", [SADP], "sadp.version", b"V5.4.5build 170124"),
    ("sadp", [SADP], "sadp.activated", b"false"),
    ("dahua", [b"\x20\0\0\0DHIP" + bytes(24) + DHIP], "dahua.version", b"2.800.0000000.16.R"),
    ("wsd", [MATCH], "wsd.types", b"dn:NetworkVideoTransmitter"),
    ("mndp", [mndp((5, b"gw"), (7, b"6.49.10 (stable)"), (8, b"MikroTik"))], "mndp", b"MikroTik 6.49.10 (stable)"),
    ("ubiquiti", [ubiquiti((2, bytes(10)), (3, XM), (12, b"LB5"))], "ubiquiti.firmware", XM),
    ("modbus", [MODBUS], "modbus.identification", b"Schneider Electric\nM340\nv2.1"),
    ("modbus", [bytes.fromhex("465700000003") + b"\x01\xab\x01"], "modbus", bytes.fromhex("46570000000301ab01")),
    ("socks5", [b"\x05\xff"], "socks5.auth", b"required"),
    ("ident", [b"1 , 1 : ERROR : NO-USER\r\n"], "ident", b"1 , 1 : ERROR : NO-USER"),
    ("afp", [b"\x01\x03\x46\x57" + bytes(4) + b"\0\0\0\x20" + bytes(4)
             + b"\0\x0f\0\x1c\0\x1d\0\0\0\0\x04nas1" + b"\x0cNetatalk3.1.12".ljust(17, b"\0")],
     "afp.name", b"nas1"),
    ("xdmcp", [b"\0\1\0\6\0\2\0\0"], "xdmcp.access", b"unwilling"),
    ("iscsi", [b"\x23\x00" + bytes(34) + b"\x02\x01" + bytes(10)], "iscsi.auth", b"required"),
    ("ipmi", [b"\x06\0\xff\x07" + bytes(9) + b"\x10\x81\x1c\x63\x20\x04\x38\x00\x01\x04\x04\0\0\0\0\0\x3b"],
     "ipmi.auth", b"required"),
    ("apcupsd", [APC + b"\0\0"], "apcupsd", b"APC      : 001,019\nVERSION  : 3.14.14 (31 May 2016) debian\n"),
    ("nrpe.plain", [NRPE], "nrpe", b"NRPE v4.1.0"),
    ("teamspeak", [b"TS3\n\rWelcome\n\r", TEAMSPEAK + b"\n\rerror id=0 msg=ok\n\r"],
     "teamspeak", TEAMSPEAK + b"\n\rerror id=0 msg=ok"),
    ("zabbix.server", [b'ZBXD\1\x15\0\0\0\0\0\0\0{"response":"failed"}'], "zabbix.server", b'{"response":"failed"}'),
    ("dnp3", [b"\x05\x64\x05\x0b\x02\x00\x01\x00\x13\x38"], "dnp3", b"\x05\x64\x05\x0b\x02\x00\x01\x00\x13\x38"),
    ("s7", S7, "s7.module", b"6ES7 315-2EH14-0AB0 V3.2.6"),
    ("ethernet-ip", [IDENTITY], "ethernet-ip.identity", LOGIX + b" revision 30.011 vendor 1 type 14 code 166"),
    ("ipp", [PRINTER], "ipp.model", b"HP LaserJet 400"),
    ("ipp", [PRINTER], "ipp.firmware", b"20230630"),
    ("ipp", [PRINTER], "http.server", b"HP HTTP Server"),
    ("stun.tcp", ANSWERS["stun"][0], "stun.software", b"Coturn-4.6.1 'Gorst'"),
    ("stun.tls", ANSWERS["stun"][0], "stun.software", b"Coturn-4.6.1 'Gorst'"),
    ("bacnet", [b"\x81\x0a\0\x1c\x01\0\x30\x01\x0c\x0c\x02\0\0\x01\x19\x79\x3e\x75\x05\0Acme\x3f", b""],
     "bacnet.device", b"Acme"),
]  # fmt: skip


@for_every(("name", "answers", "kind", "raw"), SPECIFIED)
def test_answers_written_from_the_specifications(name: str, answers: list[bytes], kind: str, raw: bytes) -> None:
    readings, _ = play(name, answers)
    assert readings.get(kind) == raw, readings


GREETINGS = [
    (b"OK MPD 0.23.5\n", 4242, "mpd"),
    (b"# munin node at lab.example\n", 4242, "munin"),
    (b'{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}\r\n', 4242, "gpsd"),
    (b">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n", 4242, "openvpn-management"),
    (b"TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface\n\r", 4242, "teamspeak"),
    (b"Asterisk Call Manager/5.0.2\r\n", 4242, "asterisk"),
    (b"NBDMAGICIHAVEOPT\0\3", 4242, "nbd"),
    (b"\xff\0\0\0\0\0\0\0\1\x7f", 4505, "zmtp"),
    (b"\0\0\0\x64\0\0\0\x18", 7911, "omapi"),
    (bytes(range(128)) + b"\x67\x45\x32\x33", 5667, "nsca"),
    (bytes(range(128)) + b"\x67\x45\x32\x33", 4242, "banner"),
    (b"UNKNOWN COMMAND\n", 4242, "clamd.error"),
]


@for_every(("data", "port", "kind"), GREETINGS)
def test_greetings(data: bytes, port: int, kind: str) -> None:
    assert classify(data, port)[0].kind == kind


@pytest.mark.parametrize(("port", "kind"), [(13, "daytime"), (17, "qotd"), (19, "chargen")])
def test_reflectors(port: int, kind: str) -> None:
    assert play("small-services", [b"some text"], Peer("10.0.0.9", port))[0] == {kind: b"some text"}


def test_an_echo_is_told_from_another_answer() -> None:
    sent = probes()["small-services"].payload
    assert play("small-services", [sent], Peer("10.0.0.9", 7))[0] == {"echo": sent}
    assert play("small-services", [b"other"], Peer("10.0.0.9", 7))[0] == {}
    assert play("small-services", [sent], Peer("10.0.0.9", 19))[0] == {}


def test_names_that_point_at_themselves_end() -> None:
    loop = b"FW\x84\0\0\0\0\1\0\0\0\0" + b"\xc0\x0c" + struct.pack("!HHIH", 12, 1, 9, 2) + b"\xc0\x18"
    assert services(loop) == ()
