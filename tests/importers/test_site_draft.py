from __future__ import annotations

import datetime

import pytest

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.importers.site_draft import parse_zones, site_draft
from scanner.model.site import Site, Zone
from scanner.model.surroundings import Link, Surroundings

DAY = datetime.date(2026, 11, 20)
CARD = Link("eth0", ("10.20.10.5/24", "fe80::1/64"), True, gateways=("10.20.10.1",),
            neighbours=(("10.20.10.1", "00:1b:78:0a:0b:0c"), ("10.20.10.7", "02:00:00:00:00:07")))  # fmt: skip


def drafted(*links: Link, zones: tuple[Zone, ...] = (), client: str = "Harbor", blind: str = "") -> tuple[Site, str]:
    around = Surroundings(links, ("10.20.10.53",), blind)
    text = site_draft(around, client, "main", zones, DAY, lambda mac: "Maker" if mac.startswith("00:1b") else None)
    return read_document(text, Site, "site.yaml"), text


SEEN = [
    ("one card", [CARD], [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("a VLAN", [Link("eth0.7", ("10.7.0.5/23",), True, vlan=7)], [Zone("vlan-7", ("10.7.0.0/23",), 7)]),
    ("both families", [Link("eth0", ("10.1.0.5/16", "fd01::5/64"), True)],
     [Zone("net-10-1", ("10.1.0.0/16", "fd01::/64"))]),
    ("two cards in one segment", [CARD, Link("wlan0", ("10.20.10.9/24",), True)],
     [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("overlapping masks", [CARD, Link("wlan0", ("10.20.11.9/16",), True)], [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("containers and tunnels", [CARD, Link("docker0", ("172.17.0.1/16",), True, virtual="containers of this laptop"),
                                Link("wg0", ("10.99.0.2/24",), True, virtual="a tunnel to somewhere else")],
     [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("a public address", [CARD, Link("ppp0", ("8.8.4.4/24",), True)], [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("a cable that hangs loose", [CARD, Link("eth1", ("10.30.0.5/24",), False)],
     [Zone("net-10-20-10", ("10.20.10.0/24",))]),
    ("one address alone", [CARD, Link("tun0", ("10.8.0.2/32",), True)], [Zone("net-10-20-10", ("10.20.10.0/24",))]),
]  # fmt: skip


@pytest.mark.parametrize(("links", "zones"), [each[1:] for each in SEEN], ids=[each[0] for each in SEEN])
def test_a_zone_is_a_segment_that_the_laptop_is_plugged_into(links: list[Link], zones: list[Zone]) -> None:
    site, text = drafted(*links)
    assert list(site.zones) == zones
    assert site.authorization is None
    assert all(each.name in text or not each.up or each.addresses[0].endswith("/32") for each in links)


def test_what_is_known_stands_in_comments() -> None:
    _, text = drafted(CARD, blind="this system tells little")
    assert "gateway 10.20.10.1 (00:1b:78:0a:0b:0c, Maker); 1 neighbour known" in text
    assert "# The laptop asks the DNS server 10.20.10.53." in text
    assert "this system tells little" in text


def test_routes_are_left_to_be_taken() -> None:
    link = Link("eth0", CARD.addresses, True, routes=(("10.30.0.0/16", "10.20.10.1"), ("10.20.10.0/25", "10.20.10.1")))
    site, text = drafted(link)
    assert len(site.zones) == 1
    line = next(each for each in text.splitlines() if "10.30.0.0/16" in each)
    taken = read_document(text.replace(line, line.replace("# -", "-", 1)), Site, "site.yaml")
    assert taken.zones[1] == Zone("net-10-30", ("10.30.0.0/16",))
    assert "10.20.10.0/25" not in text


def test_every_comment_is_a_key_when_its_sign_is_taken_away() -> None:
    _, text = drafted(CARD, zones=(Zone("servers", ("10.20.20.0/24",)),))
    lines = [each for each in text.splitlines() if ":" in each]
    keys = ("# authorization", "#   ", "#   - {", "# critical:", "# allow:", "# require:", "  # include", "  # exclude")
    plain = [each.replace("# ", "", 1) if each.startswith(keys) else each for each in lines]
    site = read_document("\n".join(each for each in plain if not each.startswith("#")), Site, "site.yaml")
    assert site.authorization is not None
    assert (len(site.critical), len(site.allow), bool(site.require)) == (1, 1, True)
    assert site.scope.include == ("10.20.20.0/24",)


@pytest.mark.parametrize("client", ["a: b", "#1 Dental", 'O\'Brien, "Dr"', "日本", "{x}", "- y", "yes", "12"])
def test_any_name_of_a_client_is_a_text(client: str) -> None:
    assert drafted(CARD, client=client)[0].client == client


def test_an_interface_cannot_write_into_the_file() -> None:
    site, _ = drafted(Link("e\nclient: x\x1b", ("10.20.10.5/24",), True))
    assert site.client == "Harbor"


def test_without_a_network_there_is_nothing_to_begin_from() -> None:
    with pytest.raises(BadInput, match="--zone NAME=SUBNET"):
        drafted(Link("eth0", ("169.254.0.1/32",), True))
    assert drafted(zones=(Zone("servers", ("10.0.0.0/24",)),))[0].zones[0].name == "servers"


def test_known_zones_come_first_and_are_not_repeated() -> None:
    zones = tuple(parse_zones(["front-desk=10.20.10.0/24", "guest_2=10.50.0.0/24,fd50::/64"]))
    site, text = drafted(CARD, zones=zones)
    assert site.zones == zones
    assert zones[1].trust == "untrusted"
    assert "eth0 is in front-desk, too" in text


@pytest.mark.parametrize("text", ["x", "=10.0.0.0/8", "a b=10.0.0.0/8", "x=10.0.0.1/8", "x=", "x=lan"])
def test_a_zone_that_is_none_says_so(text: str) -> None:
    with pytest.raises(BadInput, match=r"^--zone "):
        tuple(drafted(CARD, zones=tuple(parse_zones([text]))))
