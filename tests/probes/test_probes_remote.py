"""Remote access: what the probes read out of what real servers said, and out of what they did not say to the end."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every
from test_probes_table import NTLM, RDP_FAILED, RDP_NLA, SMB_CHALLENGED, SMB_NEGOTIATED, framed, play

from scanner.identify import identify
from scanner.model import ber
from scanner.model.probe import Peer
from scanner.probes import ldap_text, msrpc, ntlm_text, ssh_text
from scanner.probes.kerberos_text import AS_REQUEST
from scanner.probes.tls_text import answered, client_hello, server_hello

# slapd 2.5.13, shortened to two of its attributes.
ROOT_DSE = (
    bytes.fromhex("304c020101 6447 0400 3043".replace(" ", ""))
    + bytes.fromhex("3025040b") + b"objectClass" + bytes.fromhex("31160403") + b"top" + b"\x04\x0fOpenLDAProotDSE"
    + bytes.fromhex("301a040d") + b"configContext" + bytes.fromhex("31090407") + b"cn=conf"
)  # fmt: skip
DONE = bytes.fromhex("300c02010165070a010004000400")
KDC_ERROR = bytes.fromhex(
    "7e81aa3081a7a003020105a10302011ea411180f32303236313132323038333833375aa50502030983 45a603020106a7131b11".replace(
        " ", ""
    )
) + (
    b"FENCEWALK.INVALID\xa8\x160\x14\xa0\x03\x02\x01\x01\xa1\r0\x0b\x1b\tfencewalk\xa9\x13\x1b\x11FENCEWALK.INVALID"
    b"\xaa&0$\xa0\x03\x02\x01\x02\xa1\x1d0\x1b\x1b\x06krbtgt\x1b\x11FENCEWALK.INVALID\xab\x12\x1b\x10CLIENT_NOT_FOUND"
)
XVFB = bytes.fromhex(
    "01000b00000053008fa5b80000002000ffff1f00000100001400ffff01060000202008ff0000000054686520582e4f726720466f756e646174696f6e"
)
X_REFUSES = b"\x00-\x0b\x00\x00\x00\x0c\x00Client is not authorized to connect to ServerO\xb8\xfb"
PPTPD = bytes.fromhex("009c00011a2b3c4d00020000010001000000000000000000000100016c6f63616c") + bytes(59) + b"linux"
PPTPD = PPTPD.ljust(156, b"\0")
XL2TPD = bytes.fromhex(
    "c8020067465800000000000180080000000000028008000000020100800a0000000300000003800a00000004000000000008000000060690"
    "800c00000007786c3274706400130000000878656c6572616e63652e636f6d8008000000090fa480080000000a0004"
)
OPENVPN = bytes.fromhex("40a9a6042fe3d14db50100000000") + b"fencewlk" + bytes(4)
IKE_TWO = bytes.fromhex("66656e6365776c6bae7b4ff2adf360f8292022200000000000000024000000080000000e")
IKE_ONE = bytes.fromhex(
    "66656e6365776c6be4b78a98b021800c0110020000000000000000740d00003800000001000000010000002c010100010000002406010000"
    "80010007800e0100800200028004000280030001800b0001800c70800d00000c09002689dfd6b71200000014afcad71368a1f1c96b8696fc"
    "77570100"
)
XRDP = bytes.fromhex("030000130ed000001234000201080001000000")
XRDP_FALLS_BACK = bytes.fromhex("030000130ed000001234000201080000000000")
SAMBA_RPC = bytes.fromhex(
    "05000c03100000003c00000001000000b810b81080c3000004003133350000000100000002000100" + "00" * 20
)
NODE = (
    b"FW\x84\0\0\0\0\x01\0\0\0\0 CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0\0!\0\x01\0\0\0\0\0\x41\x01SAMBA          \0\x04\0"
)
TLS_ALERT = bytes.fromhex("15030200020246")
TLS_12 = bytes.fromhex("16030300370200003303030000") + bytes(30) + bytes.fromhex("00c03000000bff01000100000b00020100")


def bound(result: int) -> bytes:
    """An answer to a bind, with the endpoint `135`, that takes our interface (0) or not (2)."""
    body = struct.pack("<HHIH", 4280, 4280, 1, 4) + b"135\0" + b"\0\0"
    body += struct.pack("<BxHHH", 1, 0, result, 0) + bytes(20)
    return struct.pack("<BBBB4sHHI", 5, 0, 12, 3, b"\x10\0\0\0", 16 + len(body), 0, 1) + body


def alive(*names: str) -> bytes:
    """ServerAlive2's answer."""
    strings = b"".join(struct.pack("<H", 7) + name.encode("utf-16-le") + b"\0\0" for name in names) + b"\0\0"
    body = struct.pack("<IHBxHHIIHH", 0, 0, 0, 5, 7, 1, len(strings) // 2, len(strings) // 2, len(strings) // 2)
    body += strings
    return struct.pack("<BBBB4sHHI", 5, 0, 2, 3, b"\x10\0\0\0", 16 + len(body), 0, 2) + body


CASES: dict[str, tuple[str, list[bytes], dict[str, bytes]]] = {
    "ldap": ("ldap", [ROOT_DSE + DONE], {"ldap": ROOT_DSE, "ldap.rootdse": ROOT_DSE}),
    "ldap that wants TLS first": ("ldap", [DONE], {"ldap": DONE}),
    "ldap in tls": ("ldaps", [ROOT_DSE + DONE], {"tls.cert": b"DER", "ldap": ROOT_DSE, "ldap.rootdse": ROOT_DSE}),
    "ldap in a datagram": ("cldap", [ROOT_DSE + DONE], {"ldap": ROOT_DSE, "ldap.rootdse": ROOT_DSE}),
    "ssh where ldap is expected": ("ldap", [b"SSH-2.0-OpenSSH_9.6\r\n"], {"ssh": b"SSH-2.0-OpenSSH_9.6"}),
    "kerberos": ("kerberos", [struct.pack("!I", len(KDC_ERROR)) + KDC_ERROR], {"kerberos": KDC_ERROR}),
    "kerberos in a datagram": ("kerberos.udp", [KDC_ERROR], {"kerberos": KDC_ERROR}),
    "x11 that lets everybody in": ("x11", [XVFB], {"x11": XVFB, "x11.auth": b"none"}),
    "x11 that does not": ("x11", [X_REFUSES], {"x11": X_REFUSES, "x11.auth": b"required"}),
    "pptp": ("pptp", [PPTPD], {"pptp": PPTPD}),
    "l2tp": ("l2tp", [XL2TPD], {"l2tp": XL2TPD}),
    "openvpn": ("openvpn", [OPENVPN], {"openvpn": OPENVPN}),
    "openvpn over tcp": ("openvpn.tcp", [b"\x00\x1a" + OPENVPN], {"openvpn": OPENVPN}),
    "an echo of our reset": ("openvpn", [bytes([7 << 3]) + b"fencewlk" + bytes(5)], {}),
    "ike of both versions": ("ike", [IKE_TWO, IKE_ONE], {"ike": IKE_ONE}),
    "msrpc without dcom": ("msrpc", [bound(2)], {"msrpc": bound(2)}),
    "msrpc of samba": ("msrpc", [SAMBA_RPC], {"msrpc": SAMBA_RPC}),
    "msrpc that tells the machine's addresses": (
        "msrpc",
        [bound(0), alive("FILES", "10.20.20.10", "10.20.30.10")],
        {"msrpc": bound(0), "msrpc.bindings": b"FILES\n10.20.20.10\n10.20.30.10"},
    ),
    "vnc inside tls only": (
        "vnc",
        [b"RFB 003.008\n", b"\x02\x13\x02", b"\0\x02", bytes.fromhex("00020000010200000002")],
        {
            "vnc": b"RFB 003.008",
            "vnc.security": b"\x13\x02",
            "vnc.vencrypt": bytes.fromhex("0000010200000002"),
            "vnc.auth": b"required",
        },
    ),
    "vnc inside anonymous tls, without a login": (
        "vnc",
        [b"RFB 003.008\n", b"\x01\x13", b"\0\x02", bytes.fromhex("000100000101")],
        {
            "vnc": b"RFB 003.008",
            "vnc.security": b"\x13",
            "vnc.vencrypt": bytes.fromhex("00000101"),
            "vnc.auth": b"none",
        },
    ),
    "vnc that shuts us out": (
        "vnc",
        [b"RFB 003.008\n", b"\0\0\0\0\x1aToo many security failures"],
        {"vnc": b"RFB 003.008", "vnc.refusal": b"Too many security failures"},
    ),
    "vnc whose logins nobody looked into": (
        "vnc",
        [b"RFB 003.008\n", b"\x02\x02\x10"],
        {"vnc": b"RFB 003.008", "vnc.security": b"\x02\x10"},
    ),
    "rdp that insists on a login first": (
        "rdp",
        [RDP_NLA, NTLM, RDP_FAILED],
        {"rdp": RDP_NLA, "rdp.security": b"nla", "tls.cert": b"DER", "ntlm": NTLM, "rdp.nla": b"required"},
    ),
    "rdp that can do without": (
        "rdp",
        [RDP_NLA, b"", XRDP],
        {"rdp": RDP_NLA, "rdp.security": b"nla", "tls.cert": b"DER", "rdp.nla": b"not-required"},
    ),
    "xrdp": (
        "rdp",
        [XRDP, XRDP_FALLS_BACK],
        {
            "rdp": XRDP,
            "rdp.security": b"tls",
            "tls.cert": b"DER",
            "rdp.credssp": XRDP_FALLS_BACK,
            "rdp.nla": b"not-required",
        },
    ),
    "netbios of samba": ("netbios", [NODE + bytes(46)], {"netbios": b"SAMBA<00>", "netbios.statistics": bytes(46)}),
    "netbios of a card": (
        "netbios",
        [NODE + b"\x00\x15\x5d\x01\x02\x03" + bytes(40)],
        {
            "netbios": b"SAMBA<00>",
            "netbios.statistics": b"\x00\x15\x5d\x01\x02\x03" + bytes(40),
            "netbios.mac": b"\x00\x15\x5d\x01\x02\x03",
        },
    ),
    "tls of today": ("tls.versions", [TLS_12, TLS_ALERT], {"tls.versions": b"TLSv1.2=yes TLSv1.1=no TLSv1=no"}),
    "tls that goes down to 1.0": (
        "tls.versions",
        [TLS_12, TLS_12[:9] + b"\x03\x02" + TLS_12[11:], TLS_12[:9] + b"\x03\x01" + TLS_12[11:]],
        {"tls.versions": b"TLSv1.2=yes TLSv1.1=yes TLSv1=yes"},
    ),
    "tls 1.3 alone": ("tls.versions", [TLS_ALERT], {"tls.versions": b"TLSv1.2=no TLSv1.1=no TLSv1=no"}),
    "tls that falls silent": (
        "tls.versions",
        [TLS_12],
        {"tls.versions": b"TLSv1.2=yes TLSv1.1=no-answer TLSv1=no-answer"},
    ),
    "no tls at all": ("tls.versions", [], {}),
}


@for_every("case", CASES)
def test_readings(case: str) -> None:
    name, answers, truth = CASES[case]
    assert play(name, answers, der=b"DER")[0] == truth


@for_every(
    ("kind", "raw", "truth"),
    [
        ("ldap.rootdse", ROOT_DSE, [("openldap", None)]),
        ("kerberos", KDC_ERROR, [("kerberos_5", None)]),
        ("x11", XVFB, [("x_server", "21.1.7")]),
        ("x11", X_REFUSES, []),
        ("pptp", PPTPD, [("poptop_pptp_server", None)]),
        ("l2tp", XL2TPD, [("xl2tpd", None)]),
        ("openvpn", OPENVPN, [("openvpn", None)]),
        ("ike", IKE_ONE, []),
        ("rdp.credssp", XRDP_FALLS_BACK, [("xrdp", None)]),
        ("rdp.credssp", RDP_FAILED, []),
        ("netbios.statistics", bytes(46), [("samba", None)]),
        ("netbios.statistics", b"\x00\x15\x5d\x01\x02\x03" + bytes(40), []),
        ("vnc.security", b"\x01\x10", [("tightvnc", None)]),
        ("vnc.security", b"\x13\x02", []),
        ("vnc.security", b"\x13\x02\x10", []),
        ("vnc.vencrypt", bytes.fromhex("0000010200000002"), [("tigervnc", None)]),
        ("vnc.vencrypt", bytes.fromhex("00000103"), []),
    ],
)
def test_products(kind: str, raw: bytes, truth: list[tuple[str, str | None]]) -> None:
    assert [(product.name, product.version) for product in identify(kind, raw)] == truth


def test_a_session_over_netbios_comes_before_smb_on_its_port_alone() -> None:
    answers = [b"\x82\0\0\0", framed(SMB_NEGOTIATED), framed(SMB_CHALLENGED)]
    found, sent = play("smb", answers, Peer("10.20.30.40", 139))
    assert sent[0][:4] == b"\x81\0\0\x44"
    assert len(sent[0]) == 4 + 0x44
    assert found["ntlm"] == NTLM
    assert play("smb", [b"\x83\0\0\x01\x82"], Peer("10.20.30.40", 139))[0] == {"netbios.session": b"\x83\0\0\x01\x82"}
    assert play("smb", answers[1:])[1][0][4:8] == b"\xfeSMB"


def test_names_of_a_challenge() -> None:
    pairs = [(2, "LAB"), (1, "FILES"), (4, "lab.example"), (3, "files.lab.example"), (0, "")]
    block = b"".join(struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le") for kind, text in pairs)
    message = NTLM[:40] + struct.pack("<HHI", len(block), len(block), 56) + NTLM[48:56] + block
    assert ntlm_text.names(message) == {
        "netbios-domain": b"LAB",
        "netbios-computer": b"FILES",
        "dns-domain": b"lab.example",
        "dns-computer": b"files.lab.example",
    }


LISTS = (
    ("curve25519-sha256", "diffie-hellman-group1-sha1"), ("ssh-ed25519", "ssh-dss"), ("aes128-ctr",),
    ("aes128-ctr", "aes128-cbc", "3des-cbc"), ("hmac-sha1",), ("hmac-sha2-256-etm@openssh.com", "hmac-sha1"),
    ("none",), ("none",), (), (),
)  # fmt: skip


def test_weak_algorithms_of_ssh() -> None:
    assert ssh_text.weaknesses(LISTS) == b"terrapin diffie-hellman-group1-sha1 ssh-dss 3des-cbc"
    strict = (("curve25519-sha256", "kex-strict-s-v00@openssh.com"), ("ssh-ed25519",), *LISTS[2:])
    assert ssh_text.weaknesses(strict) == b"3des-cbc"
    assert ssh_text.weaknesses((*strict[:3], ("aes128-ctr",), *strict[4:])) == b""
    chacha = (("curve25519-sha256",), ("ssh-ed25519",), (), ("chacha20-poly1305@openssh.com",), *LISTS[4:])
    assert ssh_text.weaknesses(chacha) == b"terrapin"


def test_what_is_asked_is_well_formed() -> None:
    assert ber.whole(ldap_text.QUESTION) == len(ldap_text.QUESTION)
    assert ber.whole(AS_REQUEST) == len(AS_REQUEST)
    # A bind would be 0x60; a search of one entry at the root with no name in it is 0x63.
    assert [tag for tag, _ in ber.elements(next(ber.elements(ldap_text.QUESTION))[1])] == [ber.INTEGER, 0x63]
    for version in (0x0301, 0x0302, 0x0303):
        hello = client_hello(version)
        assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
        assert int.from_bytes(hello[6:9], "big") == len(hello) - 9


@given(st.binary(max_size=200), st.integers(0, 120))
@settings(max_examples=100, deadline=None)
def test_damage_is_no_exception(noise: bytes, at: int) -> None:
    for whole in (ROOT_DSE + DONE, KDC_ERROR, XVFB, TLS_12, alive("FILES"), bound(0), NTLM):
        damaged = whole[:at] + noise
        server_hello(damaged)
        answered(damaged)
        msrpc.bindings(damaged)
        msrpc.accepted(damaged)
        ntlm_text.names(damaged)
        for reading in ldap_text.readings(damaged):
            assert reading.raw
        for kind in ("ldap.rootdse", "kerberos", "x11", "pptp", "l2tp", "ike", "tls.cert", "vnc.vencrypt"):
            identify(kind, damaged)
