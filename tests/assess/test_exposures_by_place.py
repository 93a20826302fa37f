"""Exposures that depend on where a host stands and who reaches it: management, backups, resolvers, a router's legs."""

from __future__ import annotations

import msgspec
import pytest
from assess.exposed import HOST, KNOWN, Said, exposures, service, visit
from assess.scene import FW, GUEST, OFFICE, SERVERS, TODAY, port, session, site

from scanner.assess import assess
from scanner.model.observation import HostSeen
from scanner.model.report import FindingRow
from scanner.model.site import Rule, Site, Zone

ROUTEROS = (("ftp", b"220 MikroTik FTP server (MikroTik 6.49) ready"),)
ILO = (("ssh", b"SSH-2.0-mpSSH_0.2.1"),)
OPENSSH = (("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"),)
FORM = (("http.response", b"HTTP/1.1 200 OK"), ("http.body", b'<input type="password" name="p">'))
PLAIN = (("http.response", b"HTTP/1.1 200 OK"), ("http.body", b"<title>Welcome</title>"))
MANAGEMENT, BACKUP = "CIS Controls 8.1 12.3", "CIS Controls 8.1 11.4"


def placed(found: list[FindingRow]) -> list[FindingRow]:
    return [each for each in found if "within reach of" in each.title]


@pytest.mark.parametrize(
    ("said", "number", "control"),
    [((("ssh", b"SSH-2.0-ROSSSH"),), 22, MANAGEMENT), (ILO, 22, MANAGEMENT), ((("iscsi", b"\x3f"),), 3260, BACKUP)],
    ids=["a router", "a management controller", "a disk store"],
)
def test_a_device_among_the_users_is_within_their_reach(said: tuple[Said, ...], number: int, control: str) -> None:
    [found] = placed(exposures(visit(OFFICE, *service(HOST[OFFICE], number, *said))))
    assert (found.severity, found.port) == ("medium", number)
    assert found.title.endswith(f"within reach of {OFFICE}")
    assert control in found.controls


def test_among_the_guests_it_is_worse() -> None:
    [found] = placed(exposures(visit(GUEST, *service("10.0.1.20", 22, *ILO))))
    assert found.severity == "high"


def test_every_interface_of_a_device_is_one_finding() -> None:
    seen = [each for number in (22, 2222) for each in service(HOST[OFFICE], number, *OPENSSH)]
    seen += service(HOST[OFFICE], 21, *ROUTEROS)
    [found] = placed(exposures(visit(OFFICE, *seen)))
    assert "tcp/22, tcp/2222" in found.title
    assert found.port is None


def test_a_port_whose_passwords_go_in_the_clear_is_told_once() -> None:
    """And weighs as much as the management that they open."""
    seen = [*service(HOST[OFFICE], 21, *ROUTEROS), *service(HOST[OFFICE], 23, ("telnet", b"Login: "))]
    found = exposures(visit(OFFICE, *seen))
    assert sorted((each.port, each.severity, each.title.partition(": ")[2]) for each in found) == [
        (21, "medium", "FTP carries passwords in the clear"),
        (23, "medium", "telnet carries passwords in the clear"),
    ]
    worse = exposures(visit(GUEST, *service("10.0.1.20", 21, *ROUTEROS)))
    assert [(each.port, each.severity) for each in worse] == [(21, "high")]


@pytest.mark.parametrize(
    ("zone", "said", "number"),
    [
        (OFFICE, OPENSSH, 22),
        (OFFICE, (("rdp.security", b"nla"), ("rdp", b"x")), 3389),
        (OFFICE, FORM, 8080),
        (OFFICE, (), 3260),
        (OFFICE, (), 8291),
        (OFFICE, (("rsync", b"@RSYNCD: 31.0"), ("rsync.modules", b"pub")), 873),
        (OFFICE, (("rmcp", b"\x06"),), 623),
        (SERVERS, ROUTEROS, 21),
        (SERVERS, ILO, 22),
        (SERVERS, (("iscsi", b"\x3f"),), 3260),
    ],
    ids=[
        "a PC's SSH", "a PC's RDP", "some page with a login", "a port that says nothing", "winbox by number only",
        "rsync of files", "a PC that answers RMCP",
        "a router outside of the users' zones", "a controller there", "a store there",
    ],
)  # fmt: skip
def test_what_is_no_device_or_stands_elsewhere_is_no_matter(zone: str, said: tuple[Said, ...], number: int) -> None:
    assert not placed(exposures(visit(zone, *service(HOST[zone], number, *said))))


# -- across zones ------------------------------------------------------------------------------------------------------


def across(scene: Site, *said: Said, number: int = 22) -> list[FindingRow]:
    """Seen from its own zone, and reached from the office."""
    home = visit(SERVERS, *service(HOST[SERVERS], number, *said))
    there = session(OFFICE, *service(HOST[SERVERS], number, *said))
    return list(assess(scene, [home, there], KNOWN, TODAY).findings)


@pytest.mark.parametrize(
    ("services", "severities"),
    [(("tcp/22",), []), (("tcp/20-30",), []), (("any",), ["medium"]), (("tcp/any",), ["medium"]), ((), [])],
    ids=["a rule names it", "a narrow range", "a rule of any", "a rule of all TCP", "no rule: a gap instead"],
)
def test_a_server_s_shell_is_the_users_only_by_a_rule_that_names_it(
    services: tuple[str, ...], severities: list[str]
) -> None:
    rules = (Rule(OFFICE, SERVERS, services, "needed"),) if services else ()
    found = across(site(allow=rules, critical=()), *OPENSSH)
    assert [each.severity for each in placed(found)] == severities
    assert [each.kind for each in found if each.kind == "segmentation-gap"] == (
        [] if services else ["segmentation-gap"]
    )


def test_a_web_page_under_a_rule_of_any_is_no_management() -> None:
    assert not placed(across(site(allow=(Rule(OFFICE, SERVERS, ("any",)),), critical=()), *FORM, number=443))


def test_evidence_names_every_zone_that_reaches_it() -> None:
    rules = (Rule(OFFICE, SERVERS, ("tcp/6379",)),)
    [found] = across(site(allow=rules, critical=()), ("redis.auth", b"none"), number=6379)
    assert f"reached from {SERVERS}, {OFFICE}" in found.evidence


@pytest.mark.parametrize(
    ("trust", "services", "expected"),
    [("untrusted", ("any",), 1), ("untrusted", ("udp/53",), 0), ("user", ("any",), 0)],
    ids=["guests by a rule of any", "guests by name", "users"],
)
def test_a_resolver_is_open_where_strangers_use_it(trust: str, services: tuple[str, ...], expected: int) -> None:
    plain = site(critical=())
    zones = tuple(msgspec.structs.replace(z, trust=trust) if z.name == OFFICE else z for z in plain.zones)
    scene = msgspec.structs.replace(plain, zones=zones, allow=(Rule(OFFICE, SERVERS, services),))
    said = (("dns.recursion", b"available"),)
    home = visit(SERVERS, *service(HOST[SERVERS], 53, *said, transport="udp"))
    there = session(OFFICE, *service(HOST[SERVERS], 53, *said, transport="udp"))
    found = [each for each in assess(scene, [home, there], KNOWN, TODAY).findings if each.kind == "exposure"]
    assert len(found) == expected
    assert all("resolves any name" in each.title for each in found)


def test_a_resolver_at_a_public_address_is_open() -> None:
    scene = Site(client="c", site="s", zones=(Zone(OFFICE, ("9.9.9.0/24",), trust="user"),))
    seen = visit(OFFICE, *service("9.9.9.20", 53, ("dns.recursion", b"available")), address="9.9.9.250")
    [found] = exposures(seen, scene=scene)
    assert "for anybody" in found.title


# -- routers -----------------------------------------------------------------------------------------------------------


def test_a_gateway_s_login_page_is_the_users_to_try() -> None:
    own = session(OFFICE, HostSeen(FW[OFFICE], "arp", 1000.0), *service(FW[OFFICE], 80, *FORM))
    found = exposures(own)
    assert sorted(each.title.partition(": ")[2] for each in found) == [
        "a management page takes passwords over HTTP without TLS",
    ]
    assert {each.severity for each in found} == {"medium"}


@pytest.mark.parametrize(
    ("said", "number"),
    [(PLAIN, 80), ((("dns.version", b"dnsmasq-2.89"),), 53), ((), 22)],
    ids=["a page without a login", "its DNS", "a port that says nothing"],
)
def test_a_gateway_may_serve_its_own_zone(said: tuple[Said, ...], number: int) -> None:
    own = session(OFFICE, HostSeen(FW[OFFICE], "arp", 1000.0), *service(FW[OFFICE], number, *said))
    assert not exposures(own)


def test_a_router_with_many_legs_is_one_finding_a_port() -> None:
    legs = [port(FW[zone], each, "open", ttl=64) for zone in (SERVERS, OFFICE) for each in (22, 443)]
    found = exposures(session(GUEST, *legs), session(SERVERS), session(OFFICE))
    assert sorted((each.severity, each.port or 0) for each in found) == [("high", 22), ("high", 443)]
    assert all(FW[SERVERS] in each.title and FW[OFFICE] in each.title for each in found)


def test_a_router_s_dns_on_another_leg_is_untidy_and_no_more() -> None:
    [found] = exposures(session(GUEST, *service(FW[SERVERS], 53, ("dns.version", b"dnsmasq-2.89"))), session(SERVERS))
    assert found.severity == "low"


def test_a_leg_that_policy_allows_is_no_finding() -> None:
    scene = site(allow=(Rule(GUEST, SERVERS, ("tcp/443",)),), critical=())
    assert not exposures(session(GUEST, port(FW[SERVERS], 443, "open", ttl=64)), session(SERVERS), scene=scene)
