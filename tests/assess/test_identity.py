"""One machine with several legs, or several machines with something in common: a table, and the findings."""

from __future__ import annotations

import datetime
import struct
from functools import cache

import msgspec
import pytest
from assess.scene import DB, GUEST, NOTHING_KNOWN, OFFICE, SERVERS, TODAY, port, session, site, spoke
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.assess import assess
from scanner.assess.machines.identity import Leg, Mark, computer_name, contradiction, links, marks
from scanner.model.observation import HostSeen, Observation, Reading, Session
from scanner.model.report import FindingRow

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())


@cache  # Signatures differ each time; two legs show the same bytes.
def cert(name: str, *names: str, signed_by: str = "") -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, signed_by)]) if signed_by else subject
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(KEY.public_key())
        .serial_number(77)
        .not_valid_before(datetime.datetime(2026, 1, 1))
        .not_valid_after(datetime.datetime(2027, 1, 1))
    )
    if names:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    return built.sign(OTHER if signed_by else KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


OWN = cert("imaging.clinic")
BOUGHT = cert("shop.clinic.org", "shop.clinic.org", signed_by="Big CA")
WILD = cert("*.clinic.org", "*.clinic.org", signed_by="Big CA")
HIDDEN_WILD = cert("clinic.org", "clinic.org", "*.clinic.org", signed_by="Big CA")


DEFAULTS = (
    *("QNAP NAS", "Vigor Router", "192.168.168.168", "10.20.30.40", "172.16.9.1", "fd00::1", "www.hikvision.com"),
    *("SonicWALL", "routerlogin.net", "unifi.local", "Lantronix", "WatchGuard", "DVR", "NAS"),
)


def leg(zone: str, *held: tuple[str, bytes], n: int = 1, said: str = "", router: bool = False) -> Leg:
    lines = (("tcp/22", said.encode()),) if said else ()
    return Leg(f"{zone}/{n}", zone, frozenset(Mark(kind, value) for kind, value in held), lines, router)  # type: ignore[arg-type]


KEY_A, KEY_B = ("ssh.hostkey", b"a"), ("ssh.hostkey", b"b")
MAC, MAC_2 = ("mac", b"00:0c:29:11:22:33"), ("mac", b"00:0c:29:11:22:44")
ED, RSA, RSA_2 = (
    ("ssh.hostkey", len(kind).to_bytes(4, "big") + kind + rest)
    for kind, rest in ((b"ssh-ed25519", b"1"), (b"ssh-rsa", b"2"), (b"ssh-rsa", b"3"))
)
NAS = (("computer", b"nas\\nas"), ("name", b"nas"))


@for_every(
    ("legs", "confidence"),
    [
        pytest.param([leg("a", KEY_A), leg("b", KEY_A)], "high", id="one host key in two zones"),
        pytest.param([leg("a", KEY_A), leg("b", KEY_B)], None, id="two host keys"),
        pytest.param([leg("a", KEY_A), leg("a", KEY_A, n=2)], None, id="two copies in one zone"),
        pytest.param([leg("a", KEY_A), leg("a", KEY_A, n=2), leg("b", KEY_A)], None, id="two copies, and one beyond"),
        pytest.param([leg(z, KEY_A) for z in "abc"], "medium", id="a host key in three zones"),
        pytest.param([leg(z, KEY_A) for z in "abcde"], None, id="a host key in five zones: an image"),
        pytest.param(
            [leg("a", KEY_A, said="SSH-2.0-OpenSSH_9.2p1"), leg("b", KEY_A, said="SSH-2.0-OpenSSH_8.4p1")],
            None,
            id="copies that were updated apart",
        ),
        pytest.param(
            [leg("a", KEY_A, said="SSH-2.0-OpenSSH_9.2p1"), leg("b", KEY_A, said="SSH-2.0-OpenSSH_9.2p1")],
            "high",
            id="the same banner as well",
        ),
        pytest.param([leg("a", KEY_A, router=True), leg("b", KEY_A, router=True)], None, id="the router itself"),
        pytest.param([leg("a", KEY_A, router=True), leg("b", KEY_A)], "high", id="one of them a router's"),
        pytest.param(
            [leg("a", ("tls.cert", OWN)), leg("b", ("tls.cert", OWN))], "medium", id="a certificate of its own"
        ),
        pytest.param([leg(z, ("tls.cert", OWN)) for z in "abc"], "medium", id="the same in three zones"),
        pytest.param([leg("a", ("tls.cert", WILD)), leg("b", ("tls.cert", WILD))], None, id="a wildcard certificate"),
        pytest.param(
            [leg("a", ("tls.cert", HIDDEN_WILD)), leg("b", ("tls.cert", HIDDEN_WILD))], None, id="a wildcard inside"
        ),
        pytest.param(
            [leg("a", ("tls.cert", BOUGHT)), leg("b", ("tls.cert", BOUGHT))], None, id="an authority's: a proxy"
        ),
        pytest.param(
            [leg(z, ("tls.cert", BOUGHT), ("name", b"shop1")) for z in "ab"], "medium", id="an authority's, and a name"
        ),
        pytest.param([leg(z, ("tls.cert", OWN), KEY_A) for z in "ab"], "high", id="a certificate and a host key"),
        pytest.param(
            [leg("a", ("tls.cert", OWN), KEY_A), leg("b", ("tls.cert", OWN), KEY_B)], None, id="one, and two host keys"
        ),
        *(
            pytest.param([leg(z, ("tls.cert", cert(name))) for z in "ab"], None, id=f"a default certificate: {name}")
            for name in ("localhost", "UniFi", "TP-Link Archer", "192.168.1.1", "SSL", "www.example.com", "", *DEFAULTS)
        ),
        pytest.param([leg("a", MAC), leg("b", MAC)], "high", id="a card on a trunk"),
        pytest.param([leg(z, MAC) for z in "abcd"], "high", id="a card on a trunk of four"),
        pytest.param([leg(z, ("mac", b"02:42:ac:11:00:02")) for z in "ab"], "medium", id="a made-up MAC"),
        *(
            pytest.param([leg(z, ("mac", mac)) for z in "ab"], None, id=f"a virtual MAC: {mac.decode()}")
            for mac in (
                b"00:00:5e:00:01:0a",
                b"00:00:5e:00:02:0a",
                b"00:00:0c:07:ac:01",
                b"00:00:0c:9f:f0:01",
                b"00:07:b4:00:01:01",
                b"02:bf:0a:00:00:01",
                b"00:09:0f:09:00:01",
                b"00:1b:17:00:01:02",
                b"00:10:db:ff:10:00",
            )
        ),
        pytest.param([leg("a", MAC, KEY_A), leg("b", MAC, KEY_B)], None, id="a copied MAC on two machines"),
        pytest.param([leg(z, ("tls.cert", cert("pfSense-5f3c1a2b3c4d5"))) for z in "ab"], "medium", id="made on it"),
        pytest.param([leg(z, ("tls.cert", cert("9.9.9.20"))) for z in "ab"], "medium", id="a public address"),
        pytest.param([leg(z, ("mac", b"00:09:0f:0a:00:01")) for z in "ab"], "high", id="a FortiGate's own MAC"),
        pytest.param([leg("a", MAC, ED), leg("b", MAC, RSA)], "high", id="a card, and keys of two types"),
        pytest.param([leg("a", MAC, RSA), leg("b", MAC, RSA_2)], None, id="a card, and two keys of one type"),
        pytest.param([leg("a", MAC, ED, RSA), leg("b", MAC, RSA_2)], None, id="the same, and one more"),
        pytest.param(
            [leg("a", KEY_A, MAC, ("name", b"cam1")), leg("b", KEY_A, MAC_2, ("name", b"cam2"))],
            "medium",
            id="a key of the firmware's",
        ),
        pytest.param(
            [leg("a", KEY_A, MAC, ("name", b"nas.a")), leg("b", KEY_A, MAC_2, ("name", b"nas.b"))],
            "high",
            id="one host's name in two domains",
        ),
        pytest.param([leg("a", KEY_A, MAC), leg("b", KEY_A, MAC_2)], "high", id="two cards of one machine"),
        pytest.param(
            [leg("a", *NAS, MAC, ("tls.cert", OWN)), leg("b", *NAS, MAC_2, ("tls.cert", cert("nas.lan")))],
            None,
            id="two boxes called nas",
        ),
        pytest.param([leg("a", *NAS, MAC), leg("b", *NAS, MAC_2)], "medium", id="a computer name with two cards"),
        pytest.param([leg(z, ("name", b"nas")) for z in "ab"], None, id="a name alone"),
        pytest.param([leg(z, ("name", b"localhost"), ("tls.cert", BOUGHT)) for z in "ab"], None, id="a common name"),
        pytest.param([leg(z, ("computer", b"dc01.corp.example")) for z in "ab"], "medium", id="a computer's full name"),
        pytest.param(
            [leg("a", KEY_A, ("computer", b"a.corp")), leg("b", KEY_A, ("computer", b"b.corp"))],
            None,
            id="one key, two computer names",
        ),
        pytest.param(
            [leg(z, ("snmp.engineid", b"\x80\0\x1f\x88\x80abcdef")) for z in "ab"], "high", id="an SNMP engine"
        ),
        pytest.param([leg(z, ("smb.guid", bytes(range(16)))) for z in "ab"], "high", id="an SMB server GUID"),
        pytest.param([leg("a"), leg("b")], None, id="nothing in common"),
    ],
)
def test_which_legs_are_one_machine(legs: list[Leg], confidence: str | None) -> None:
    found = links(legs)
    assert {each.confidence for each in found} == ({confidence} if confidence else set())
    pairs = len(legs) * (len(legs) - 1) // 2
    assert len(found) == (pairs if confidence else 0)
    assert links(legs[::-1]) == found


def test_what_speaks_against_it_is_said() -> None:
    assert contradiction(leg("a", KEY_A), leg("b", KEY_B)) == "different SSH host keys"
    assert contradiction(leg("a", said="x"), leg("b", said="y")) == "different SSH servers on tcp/22"
    assert contradiction(leg("a", said="x"), leg("b")) == ""


def challenge(**names: str) -> bytes:
    kinds = {"computer": 1, "domain": 2, "fqdn": 3}
    info = b""
    for name, value in names.items():
        text = value.encode("utf-16-le")
        info += struct.pack("<HH", kinds[name], len(text)) + text
    info += bytes(4)
    head = b"NTLMSSP\0\x02\0\0\0" + bytes(28) + struct.pack("<HHI", len(info), len(info), 56) + bytes(8)
    return head + info


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (challenge(domain="CORP", computer="DC01", fqdn="dc01.corp.example"), "dc01.corp.example"),
        (challenge(domain="WORKGROUP", computer="PC-7"), "WORKGROUP\\PC-7"),
        (challenge(domain="X", computer="localhost"), ""),
        (challenge(computer="DC01")[:60], ""),
        (b"NTLMSSP\0", ""),
        (b"", ""),
    ],
)
def test_the_computer_name_of_a_challenge(raw: bytes, name: str) -> None:
    assert computer_name(raw) == name


def test_the_marks_of_readings() -> None:
    smb = b"\xfeSMB" + bytes(68) + bytes(range(200, 216)) + bytes(20)
    assert [*marks(Reading("smb", smb))] == [Mark("smb.guid", bytes(range(200, 216)))]
    samba = b"\xfeSMB" + bytes(68) + b"fileserver" + bytes(26)
    assert [*marks(Reading("smb", samba))] == []
    assert [*marks(Reading("snmp.engineid", b"\x80\0\0\0\0\0\0\0"))] == []
    assert [*marks(Reading("http.server", b"x"))] == []


@for_every(
    ("raw", "own"),
    [
        ("80001f88017f000101", False),
        ("80001f880100000000", False),
        ("8000000001020304", False),
        ("800007e505ffffffffff", False),
        ("80001f8804736e6d7064", False),  # snmpd
        ("80000009030000000000ff", False),
        ("8000000903ffffffffffff", False),
        ("800000090300000c07ac01", False),
        ("80001f88010a000207", True),
        ("80001f88047377697463682d37", True),  # switch-7
        ("8000000903001122334455", True),
        ("80001f8880e4a51c3f5b2c4d66", True),
        ("000000090200000c29112233", True),
    ],
)
def test_an_engine_id_that_many_have_is_no_mark(raw: str, own: bool) -> None:
    assert [*marks(Reading("snmp.engineid", bytes.fromhex(raw)))] == (
        [Mark("snmp.engineid", bytes.fromhex(raw))] if own else []
    )


@given(st.sampled_from(["ntlm", "smb", "snmp.engineid", "ssh.hostkey", "tls.cert"]), st.binary(max_size=300))
def test_strange_readings(kind: str, raw: bytes) -> None:
    for start in (b"", b"NTLMSSP\0", b"\xfeSMB"):
        links(Leg(f"{zone}/1", zone, frozenset(marks(Reading(kind, start + raw)))) for zone in "ab")


# -- in a report -------------------------------------------------------------------------------------------------------


def bridges(*sessions: Session) -> list[FindingRow]:
    return [f for f in assess(site(), sessions, NOTHING_KNOWN, TODAY).findings if f.kind == "dual-homed"]


def here(zone: str, address: str, mac: str, *rows: Observation) -> Session:
    return session(zone, HostSeen(address, "arp", 1000.0, mac=mac), *rows)


def test_the_evidence_names_what_is_the_same_and_how_sure_that_is() -> None:
    rows = [(port(a, 22, "open", ttl=64), spoke(a, 22, b"key", "ssh.hostkey")) for a in ("10.0.3.9", "10.0.2.9")]
    [found] = bridges(
        here(OFFICE, "10.0.3.9", "00:0c:29:00:00:01", *rows[0]),
        here(SERVERS, "10.0.2.9", "00:0c:29:00:00:02", *rows[1]),
    )
    assert found.title == "One machine stands in office and servers: office/10.0.3.9, servers/10.0.2.9"
    assert found.evidence == "the same SSH host key on office/10.0.3.9, servers/10.0.2.9 (high confidence)"
    assert found.replay == ("ssh-keyscan -T 5 10.0.3.9 10.0.2.9  # from office, then from servers: the same comes back")


def test_a_certificate_alone_is_called_probable() -> None:
    rows = [(port(a, 443, "open", ttl=64), spoke(a, 443, OWN, "tls.cert", tls=True)) for a in ("10.0.3.9", "10.0.2.9")]
    [found] = bridges(session(OFFICE, *rows[0]), session(SERVERS, *rows[1]))
    assert found.title.startswith("What is probably one machine stands in")
    assert "TLS certificate" in found.evidence
    assert "medium confidence" in found.evidence
    assert "openssl" in found.replay


def test_a_card_in_two_vlans_is_one_machine() -> None:
    mac = "00:0c:29:00:00:07"
    [found] = bridges(here(OFFICE, "10.0.3.9", mac), here(SERVERS, "10.0.2.9", mac))
    assert mac in found.evidence


def test_a_router_is_in_every_zone_by_design() -> None:
    """Each leg answers with the same host key, and it is the next hop of each zone."""
    rows = {a: (port(a, 22, "open", ttl=64), spoke(a, 22, b"key", "ssh.hostkey")) for a in ("10.0.1.1", "10.0.2.1")}
    assert not bridges(session(GUEST, *rows["10.0.1.1"]), session(SERVERS, *rows["10.0.2.1"]))


def test_a_router_that_answers_for_a_whole_segment_is_not_its_hosts() -> None:
    """Proxy ARP: a /24 looks like one machine with 200 addresses."""
    mac = "00:0c:29:00:00:01"
    rows = [HostSeen(f"10.0.2.{n}", "arp", 1000.0, mac=mac) for n in range(20, 60)]
    found = assess(site(), [session(SERVERS, *rows)], NOTHING_KNOWN, TODAY)
    assert len([each for each in found.hosts if each.mac == mac]) == 40
    assert not bridges(session(SERVERS, *rows), here(GUEST, "10.0.1.77", mac))


def test_a_host_with_a_few_addresses_is_one() -> None:
    mac = "00:0c:29:00:00:05"
    rows = [HostSeen(a, "arp", 1000.0, mac=mac) for a in (DB, "10.0.2.11", "fd00:2::10")]
    [host] = [e for e in assess(site(), [session(SERVERS, *rows)], NOTHING_KNOWN, TODAY).hosts if e.mac == mac]
    assert host.addresses == (DB, "10.0.2.11", "fd00:2::10")


def test_the_row_of_a_host_says_what_it_is_and_why() -> None:
    address = "10.0.3.20"
    rows = (port(address, "80,9100,515", "open", ttl=64), spoke(address, 80, b"HP LaserJet M404", "http.title"))
    report = assess(site(), [session(OFFICE, *rows)], NOTHING_KNOWN, TODAY, vendor=lambda mac: None)
    [host] = [each for each in report.hosts if each.addresses == (address,)]
    assert (host.device, host.device_confidence) == ("printer", "high")
    assert any("LaserJet" in each for each in host.device_evidence)
    assert msgspec.json.decode(msgspec.json.encode(host))["device"] == "printer"
