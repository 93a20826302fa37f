"""What a service answers, and the exposure that it is, or is not: truth tables, the negative ones as long."""

from __future__ import annotations

import datetime

import msgspec
import pytest
from assess.exposed import HOST, Said, alone, approving, exposures, report, service, visit
from assess.scene import LAPTOP, OFFICE, SERVERS, TODAY, site
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.assess import assess
from scanner.assess.exposures import rules
from scanner.controls import bundled
from scanner.model.accepted import Exception_
from scanner.model.baseline import Knowledge
from scanner.model.observation import HostSeen
from scanner.model.site import Scope, Site

CLEAR = "PCI DSS 4.0.1 2.2.5"
OPEN = "PCI DSS 4.0.1 2.2.6"
REMOTE = "PCI DSS 4.0.1 8.4.3"
BASIC = b'Basic realm="switch"'
FORM = b'<html><form method=post action="/login"><input name=u><input name=p type="password"></form></html>'
CHECKS = b"if(location.protocol!=='https:'){location.replace(location.href.replace('http:','https:'))}"
REFRESH = b'<meta http-equiv="refresh" content="0; url=https://nas.example/">'
SOCKET = b"<script>var u=(location.protocol==='https:'?'wss:':'ws:')+'//'+location.host</script>"
SEARCH = b'{"name":"n1","cluster_name":"c","version":{"number":"7.10.2"%s},"tagline":"%s"}'
CAPA = b"* OK [CAPABILITY IMAP4rev1 LITERAL+ AUTH=PLAIN] ready"
EHLO = b"250-mail.example\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"

PROVEN: list[tuple[str, tuple[Said, ...], str, str]] = [
    (
        "telnet carries passwords in the clear",
        (("telnet", b"User Access Verification\r\n\r\nUsername:"),),
        "medium",
        CLEAR,
    ),
    ("telnet carries", (("telnet", b""), ("telnet.options", b"\xff\xfd\x18")), "medium", CLEAR),
    ("FTP carries passwords in the clear", (("ftp", b"220 (vsFTPd 3.0.3)"),), "low", CLEAR),
    (
        "FTP carries",
        (("ftp", b"220 ProFTPD"), ("ftp.feat", b"211-Features:\r\n MDTM\r\n UTF8\r\n211 End")),
        "low",
        CLEAR,
    ),
    ("rlogin trusts addresses", (("rlogin", b"\0"),), "high", CLEAR),
    ("IMAP offers a login and no TLS", (("imap", CAPA),), "medium", CLEAR),
    ("IMAP offers a login and no TLS", (("imap", CAPA.replace(b" AUTH=PLAIN", b"")),), "medium", CLEAR),
    ("telnet carries", (("telnet", b"\r\nswitch7 login: "),), "medium", CLEAR),
    ("telnet carries", (("telnet", b"Welcome\r\nPassword:\x1b[0m "),), "medium", CLEAR),
    ("POP3 offers a login and no TLS", (("pop3.capa", b"+OK\r\nTOP\r\nUSER\r\nUIDL\r\n."),), "medium", CLEAR),
    ("SMTP offers a login and no TLS", (("smtp.ehlo", EHLO),), "medium", CLEAR),
    ("a page takes passwords over HTTP", (("http.www-authenticate", BASIC),), "low", CLEAR),
    ("a page takes passwords over HTTP", (("http.body", FORM),), "low", CLEAR),
    ("a page takes passwords over HTTP", (("http.body", SOCKET + FORM),), "low", CLEAR),
    ("VNC lets anybody in", (("vnc", b"RFB 003.008"), ("vnc.security", b"\x01\x02")), "high", OPEN),
    ("VNC carries the screen", (("vnc", b"RFB 003.008"), ("vnc.security", b"\x02\x10")), "low", CLEAR),
    ("RDP without Network Level", (("rdp", b"\x03"), ("rdp.security", b"tls")), "medium", REMOTE),
    ("RDP without Network Level", (("rdp.security", b"nla"), ("rdp.nla", b"not-required")), "medium", REMOTE),
    ("SMB signing is not required", (("smb.dialect", b"3.0.2"), ("smb.signing", b"not-required")), "medium", CLEAR),
    ("speaks SMB 1", (("smb.dialect", b"NT LM 0.12"),), "high", CLEAR),
    ("Redis lets anybody in", (("redis", b"redis_version:7.0.15"), ("redis.auth", b"none")), "high", OPEN),
    ("Redis lets anybody in", (("redis", b"redis_version:7.0.15"),), "high", OPEN),
    ("memcached lets anybody in", (("memcached", b"VERSION 1.6.18"),), "medium", OPEN),
    ("MongoDB lets anybody in", (("mongodb.buildinfo", b"..."), ("mongodb.auth", b"none")), "high", OPEN),
    ("Elasticsearch lets", (("http.body", SEARCH % (b"", b"You Know, for Search")),), "high", OPEN),
    ("OpenSearch lets", (("http.body", SEARCH % (b"", b"The OpenSearch Project: https://o.org/")),), "high", OPEN),
    ("the MQTT broker lets", (("mqtt", b"\x20\x02\0\0"), ("mqtt.auth", b"none")), "medium", OPEN),
    ("the MQTT broker lets", (("mqtt.access", b"open"),), "medium", OPEN),
    ("PostgreSQL lets anybody in", (("postgresql.auth", b"trust"),), "high", OPEN),
    ("Cassandra lets anybody in", (("cassandra.auth", b"none"),), "high", OPEN),
    ("the X11 display lets", (("x11.auth", b"none"),), "high", OPEN),
    ("the Docker API lets", (("docker.version", b'{"ApiVersion":"1.41"}'),), "critical", OPEN),
    ("etcd, which holds", (("etcd.version", b'{"etcdserver":"3.4.23"}'),), "high", CLEAR),
    ("the Kubernetes API answers", (("kubernetes.version", b'{"gitVersion":"v1.19.0"}'),), "critical", OPEN),
    ("IPMI lets anybody in", (("ipmi.auth", b"none"),), "high", OPEN),
    ("IPMI offers cipher suite 0", (("ipmi.cipher-zero", b"offered"),), "high", OPEN),
    ("SNMP answers the community", (("snmp.sysdescr", b"Linux ups 4.4"),), "medium", "PCI DSS 4.0.1 2.2.2"),
    ("NFS exports 2 directories", (("nfs.exports", b"/srv *\n/home 10.0.2.0/24\n/pub"),), "high", OPEN),
    (
        "iSCSI lists its disks",
        (("iscsi.auth", b"none"), ("iscsi.targets", b"TargetName=iqn.2026-01.example:disk")),
        "low",
        OPEN,
    ),
    ("NBD lists its disks", (("nbd.exports", b"vm1\nvm2"),), "low", OPEN),
    ("OVSDB", (("ovsdb", b'"result":["_Server"]'), ("ovsdb.auth", b"none")), "high", OPEN),
    ("the Java debugger lets", (("jdwp", b"17.0.21\nOpenJDK"), ("jdwp.auth", b"none")), "critical", OPEN),
    ("Android's debug bridge lets", (("adb", b"OKAY00040029"), ("adb.auth", b"none")), "critical", OPEN),
    ("libvirt, which rules", (("libvirt", b"\0"), ("libvirt.auth", b"none")), "critical", OPEN),
    ("the SOCKS proxy lets", (("socks5", b"\5\0"), ("socks5.auth", b"none")), "medium", OPEN),
    ("AFP lets anybody in", (("afp.guests", b"allowed"),), "low", OPEN),
    ("XDMCP offers", (("xdmcp.access", b"willing"),), "medium", CLEAR),
    (
        "SNMP answers the community",
        (("snmp.sysname", b"ups"), ("snmp.community", b"public")),
        "medium",
        "PCI DSS 4.0.1 2.2.2",
    ),
    ("rsync lists its modules", (("rsync.modules", b"backup\tnightly"),), "low", OPEN),
    (
        "offers TLS 1.0 and TLS 1.1",
        (("tls.versions", b"TLSv1.2=yes TLSv1.1=yes TLSv1=yes"), ("tls.version", b"TLSv1.2")),
        "low",
        CLEAR,
    ),
    ("speaks nothing newer than TLS 1.0", (("tls.version", b"TLSv1"),), "medium", CLEAR),
]

UNPROVEN: list[tuple[str, tuple[Said, ...]]] = [
    ("an open port that says nothing", ()),
    ("telnet without a byte to show", (("telnet", b""),)),
    ("some text on telnet's port", (("telnet", b"Welcome to the weather service. 12 degrees"),)),
    ("a prompt that asks for nothing", (("telnet", b"OK\r\n>"),)),
    ("a state that is told", (("telnet", b"Scale 7\r\nCurrent user: none\r\n"),)),
    ("telnet inside TLS", (("tls.cert", b"der"), ("telnet", b"login:"))),
    ("FTP that offers TLS", (("ftp", b"220 ready"), ("ftp.feat", b"211-Features:\r\n AUTH TLS\r\n PBSZ\r\n211 End"))),
    ("FTP that says so in its greeting", (("ftp", b"220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------"),)),
    ("FTP whose TLS was seen", (("ftp", b"220 ready"), ("tls.cert", b"der"))),
    ("FTP that takes nobody", (("ftp", b"421 Too many connections"),)),
    ("FTP that refuses this client", (("ftp", b"530 Sorry"),)),
    ("IMAP with STARTTLS", (("imap", CAPA.replace(b"AUTH=PLAIN", b"STARTTLS AUTH=PLAIN")),)),
    ("IMAP that refuses logins yet", (("imap", CAPA.replace(b"AUTH=PLAIN", b"LOGINDISABLED")),)),
    ("IMAP that does not list", (("imap", b"* OK IMAP4 ready"),)),
    ("POP3 with STLS", (("pop3.capa", b"+OK\r\nUSER\r\nSTLS\r\n."),)),
    ("POP3 that does not list", (("pop3", b"+OK ready"),)),
    ("SMTP with STARTTLS", (("smtp.ehlo", EHLO + b"\r\n250 STARTTLS"),)),
    ("SMTP without a login", (("smtp.ehlo", b"250-mail\r\n250 8BITMIME"),)),
    ("a page without a login", (("http.body", b"<title>Camera</title><input type=text>"), ("http.title", b"Camera"))),
    ("digest authentication", (("http.www-authenticate", b'Digest realm="x", nonce="1"'),)),
    ("Windows authentication", (("http.www-authenticate", b"Negotiate"), ("http.www-authenticate", b"NTLM"))),
    ("a form that posts over TLS", (("http.body", FORM.replace(b'"/login"', b'"https://a.example/login"')),)),
    ("a page inside TLS", (("tls.cert", b"der"), ("http.body", FORM))),
    ("a script that leaves for TLS", (("http.body", b"<script>location.href='https://'+h</script>" + FORM),)),
    ("one that checks first", (("http.body", b"<script>" + CHECKS + b"</script>" + FORM),)),
    ("a page that refreshes to TLS", (("http.body", REFRESH + FORM),)),
    ("VNC over TLS only", (("vnc", b"RFB 003.008"), ("vnc.security", b"\x13"))),
    ("VNC with TLS beside its own", (("vnc", b"RFB 003.008"), ("vnc.security", b"\x02\x13"))),
    ("RDP with NLA", (("rdp.security", b"nla"),)),
    ("RDP with NLA, asked twice", (("rdp.security", b"nla"), ("rdp.nla", b"required"))),
    ("RDP that refuses less", (("rdp.security", b"refused-5"),)),
    ("SMB signing required", (("smb.dialect", b"3.0.2"), ("smb.signing", b"required"))),
    ("SMB of which only the dialect is known", (("smb.dialect", b"3.1.1"),)),
    ("Redis with a password", (("redis", b"-NOAUTH Authentication required."), ("redis.auth", b"required"))),
    ("Redis in protected mode", (("redis", b"-DENIED Redis is running in protected mode"),)),
    ("memcached with a login", (("memcached", b"CLIENT_ERROR unauthenticated"), ("memcached.auth", b"required"))),
    ("MongoDB's hello, which it always says", (("mongodb.hello", b"ismaster"), ("mongodb.buildinfo", b"7.0"))),
    ("MongoDB with a login", (("mongodb.hello", b"x"), ("mongodb.auth", b"required"))),
    ("Elasticsearch with a login", (("http.body", b'{"error":{"type":"security_exception"},"status":401}'),)),
    ("CouchDB's welcome, which it always says", (("http.body", b'{"couchdb":"Welcome","version":"3.3.3"}'),)),
    ("MQTT with a login", (("mqtt", b"\x20\x02\0\x05"), ("mqtt.auth", b"required"))),
    ("PostgreSQL with a login", (("postgresql.method", b"scram"), ("postgresql.auth", b"required"))),
    ("an AMQP broker with a login", (("amqp", b"..."), ("amqp.auth", b"required"))),
    ("a camera's stream, which is no database", (("rtsp.auth", b"none"),)),
    ("etcd over TLS", (("tls.cert", b"der"), ("etcd.version", b'{"etcdserver":"3.4.23"}'))),
    (
        "Kubernetes' version, which anybody may read",
        (("tls.cert", b"d"), ("kubernetes.version", b'{"gitVersion":"v1"}')),
    ),
    ("IPMI with a login", (("ipmi.auth", b"required"), ("ipmi.cipher-zero", b"not-offered"))),
    ("NFS for some", (("nfs.exports", b"/srv 10.0.2.0/24\n/home @staff,10.0.2.7"),)),
    ("NFS without exports", (("nfs.exports", b""),)),
    ("rsync that lists nothing", (("rsync", b"@RSYNCD: 31.0"), ("rsync.modules", b"\n"))),
    ("iSCSI of which only discovery is open", (("iscsi.auth", b"none"), ("iscsi.targets", b""))),
    ("NBD without disks", (("nbd.exports", b"(none)"),)),
    ("a proxy with a login", (("socks5.auth", b"required"),)),
    ("AFP without guests", (("afp.guests", b"not-allowed"),)),
    ("XDMCP that is not willing", (("xdmcp.access", b"unwilling"),)),
    ("SNMP by version 3", (("snmp.engineid", b"\x80\0\x1f\x88"),)),
    ("TLS 1.2 and 1.3", (("tls.versions", b"TLSv1.2=yes TLSv1.1=no TLSv1=no"), ("tls.version", b"TLSv1.3"))),
    ("a certificate that cannot be read", (("tls.cert", b"\x30\x82 garbage"),)),
    ("a resolver for its own network", (("dns.recursion", b"available"),)),
    ("a server that does not recurse", (("dns.recursion", b"refused"),)),
    (
        "garbage under every kind",
        tuple((kind, b"\xff\xfe\x1b[2J" * 9) for kind in ("smb.signing", "rdp.nla", "x11.auth")),
    ),
]


@for_every(("what", "said", "severity", "control"), PROVEN, ids=[f"{e[0]}, by {e[1][-1][0]}" for e in PROVEN])
def test_a_proven_exposure_is_one_finding(what: str, said: tuple[Said, ...], severity: str, control: str) -> None:
    [found] = alone(*said)
    assert what in found.title
    assert (found.severity, found.host, found.transport, found.port) == (
        severity,
        f"{SERVERS}/{HOST[SERVERS]}",
        "tcp",
        4000,
    )
    assert control in found.controls
    assert found.remedy
    assert HOST[SERVERS] in found.replay
    assert found.replay.endswith(f"# from {SERVERS}")
    assert f"reached from {SERVERS}" in found.evidence
    assert "tcp/4000" in found.evidence


@for_every("said", [each[1] for each in UNPROVEN], ids=[each[0] for each in UNPROVEN])
def test_what_is_not_proven_is_no_finding(said: tuple[Said, ...]) -> None:
    assert [each.title for each in alone(*said)] == []


@for_every("port", [21, 23, 80, 111, 445, 873, 2049, 2375, 3389, 5900, 6000, 6379, 9200, 10250, 27017])
def test_a_port_s_number_proves_nothing(port: int) -> None:
    assert alone(port=port) == []


def test_every_aspect_of_the_rules_has_its_controls() -> None:
    assert {f"exposure:{each}" for each in ("unauthenticated", "cleartext", "weak-protocol", "certificate")} <= set(
        bundled()
    )
    assert {f"exposure:{each}" for each in ("management", "remote-access", "backup", "default-credentials")} <= set(
        bundled()
    )
    assert len(rules()) >= 8


def test_ids_outlive_the_version_and_the_scan() -> None:
    [old] = alone(("redis", b"redis_version:5.0.7"), port=6379)
    [new] = alone(("redis", b"redis_version:7.2.4"), ("redis.auth", b"none"), port=6379)
    assert old.id == new.id == "expo-029977c8"


def test_two_servers_on_one_host_are_two_findings() -> None:
    seen = [
        *service(HOST[SERVERS], 6379, ("redis.auth", b"none")),
        *service(HOST[SERVERS], 6380, ("redis.auth", b"none")),
    ]
    found = exposures(visit(SERVERS, *seen))
    assert sorted(each.port or 0 for each in found) == [6379, 6380]
    assert len({each.id for each in found}) == 2


def test_one_cause_at_several_ports_and_addresses_is_one_finding() -> None:
    said = (("smb.signing", b"not-required"),)
    six, mac = "fd00:2::20", "02:00:00:00:00:20"
    seen = [*service(HOST[SERVERS], 139, *said), *service(HOST[SERVERS], 445, *said), *service(six, 445, *said)]
    one = (HostSeen(HOST[SERVERS], "arp", 1000.0, mac=mac), HostSeen(six, "ndp", 1000.0, mac=mac))
    [found] = exposures(visit(SERVERS, *one, *seen))
    assert (found.transport, found.port) == ("tcp", None)
    assert "tcp/139, tcp/445" in found.title


def test_the_laptop_s_own_services_and_those_out_of_scope_are_nobody_s() -> None:
    said = (("redis.auth", b"none"),)
    scene = msgspec.structs.replace(site(critical=()), scope=Scope(exclude=("10.0.2.66",)))
    seen = visit(SERVERS, *service(LAPTOP[SERVERS], 6379, *said), *service("10.0.2.66", 6379, *said))
    assert not exposures(seen, scene=scene)


KINDS = sorted({kind for each in PROVEN for kind, _ in each[1]} | {kind for each in UNPROVEN for kind, _ in each[1]})


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=200)), max_size=6))
def test_no_answer_whatever_breaks_a_rule(said: list[Said]) -> None:
    for found in alone(*said):
        assert found.title.isprintable()
        assert found.evidence.isprintable()


def test_an_open_door_is_told_once_and_not_as_cleartext_too() -> None:
    [found] = alone(("vnc", b"RFB 003.008"), ("vnc.security", b"\x01"), port=5900)
    assert found.severity == "high"


def test_one_cause_on_many_hosts_is_one_line_of_work() -> None:
    seen = [each for last in (20, 21, 22) for each in service(f"10.0.2.{last}", 445, ("smb.signing", b"not-required"))]
    found = report(visit(SERVERS, *seen))
    assert len(found.findings) == 3
    [work] = found.remediation
    assert work.title.startswith("Require SMB signing")
    assert len(work.closes) == 3
    assert "servers/10.0.2.20, servers/10.0.2.21, servers/10.0.2.22" in work.change


def test_signing_of_a_workstation_weighs_less_than_a_server_s() -> None:
    said = (("smb.signing", b"not-required"),)
    assert [each.severity for each in (*alone(*said, zone=OFFICE), *alone(*said, zone=SERVERS))] == ["low", "medium"]


def test_the_evidence_is_the_answer_made_visible() -> None:
    [found] = alone(("telnet", b"\x1b[2J\xe2\x80\xaelogin:"), port=23)
    assert r"\x1b[2J\u202elogin:" in found.evidence


def test_the_evidence_of_rdp_begins_with_what_it_does_without() -> None:
    [found] = alone(("rdp", b"\x03"), ("rdp.security", b"nla"), ("rdp.nla", b"not-required"), port=3389)
    assert found.evidence.startswith("tcp/3389 rdp.nla: not-required")
    assert "rdp.security" not in found.evidence


def test_an_accepted_exposure_stays_and_does_not_count() -> None:
    seen = visit(SERVERS, *service(HOST[SERVERS], 23, ("telnet", b"login:")))
    [found] = exposures(seen)
    accepted = Exception_(found.id, "J. Ortiz", "until the move", TODAY + datetime.timedelta(days=9))
    told = assess(site(critical=()), [seen], Knowledge(baselines=()), TODAY, [accepted])
    assert [each.exception is not None for each in told.findings] == [True]
    assert told.summary is not None
    assert not told.summary.findings
    assert not told.remediation


# -- remote-access tools -----------------------------------------------------------------------------------------------

VNC = (("vnc", b"RFB 003.008"), ("vnc.security", b"\x13"))
SCREEN = (("http.server", b"ScreenConnect/23.9.8.8811-1234567890 Microsoft-HTTPAPI/2.0"),)


@pytest.mark.parametrize(
    ("scene", "said", "expected"),
    [
        (site(critical=()), VNC, ["low"]),
        (approving(), VNC, ["medium"]),
        (approving("ScreenConnect"), VNC, ["medium"]),
        (approving("vnc"), VNC, []),
        (site(critical=()), SCREEN, ["low"]),
        (approving("AnyDesk"), SCREEN, ["medium"]),
        (approving("Screen Connect", "VNC"), SCREEN, []),
        (approving("ScreenConnect"), (("ssh", b"SSH-2.0-OpenSSH_9.2p1"),), []),
    ],
    ids=["no list", "empty list", "not on it", "on it", "by product", "not on it, by product", "spelt apart", "SSH"],
)  # fmt: skip
def test_a_remote_access_tool_wants_approval(scene: Site, said: tuple[Said, ...], expected: list[str]) -> None:
    found = exposures(visit(OFFICE, *service(HOST[OFFICE], 5901, *said)), scene=scene)
    assert [each.severity for each in found] == expected
    assert all("approved.remote_access" in each.remedy and REMOTE in each.controls for each in found)
