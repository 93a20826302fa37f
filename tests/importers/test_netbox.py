from __future__ import annotations

import json
from typing import Any

import pytest

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.importers.netbox import Found, looks_like_netbox, read_netbox
from scanner.importers.site_text import with_zones, zones_text
from scanner.importers.zone_names import guessed_trust, slug
from scanner.model.site import Site, Zone

TEXT = "client: Harbor\nsite: main\nzones:\n  - {name: users, subnets: [10.0.0.0/24]}  # desks\nallow: []\n"
SITE = read_document(TEXT, Site, "site.yaml")


def prefix(text: str, **more: Any) -> dict[str, Any]:
    plain = {"prefix": text, "status": {"value": "active"}, "vrf": None, "vlan": None, "role": None, "description": ""}
    return {**plain, **more}


def vlan(vid: int, name: str) -> dict[str, Any]:
    return {"id": vid + 1000, "vid": vid, "name": name}


def labelled(name: str) -> dict[str, str]:
    return {"name": name, "slug": slug(name)}


def found(*rows: dict[str, Any], chosen: str | None = None, **page: Any) -> Found:
    return read_netbox([(json.dumps({"results": rows, **page}).encode(), "n.json")], SITE, chosen)


GUEST = vlan(50, "Guest Wi-Fi")
KINDS = [
    ("a VLAN with both families", [prefix("10.5.0.0/24", vlan=GUEST), prefix("fd05::/64", vlan=GUEST)],
     [Zone("guest-wi-fi", ("10.5.0.0/24", "fd05::/64"), 50, "untrusted")]),
    ("no VLAN, described", [prefix("10.6.0.0/24", description="Print room", role=labelled("Printers"))],
     [Zone("print-room", ("10.6.0.0/24",), None, "device")]),
    ("nothing but a prefix", [prefix("10.7.0.0/24")], [Zone("net-10-7-0-0-24", ("10.7.0.0/24",))]),
    ("a parent", [prefix("10.0.0.0/8"), prefix("10.8.0.0/24", description="Lab")], [Zone("lab", ("10.8.0.0/24",))]),
    ("a container", [prefix("10.8.0.0/16", status={"value": "container"}), prefix("10.8.0.0/24", description="Lab")],
     [Zone("lab", ("10.8.0.0/24",))]),
    ("a pool of addresses", [prefix("10.8.0.0/24", description="Lab"), prefix("10.8.0.64/27", is_pool=True)],
     [Zone("lab", ("10.8.0.0/24",))]),
    ("single addresses", [prefix("10.8.0.1/32"), prefix("10.8.0.0/31"), prefix("10.8.0.0/24", description="Lab")],
     [Zone("lab", ("10.8.0.0/24",))]),
    ("not in use", [prefix("10.9.0.0/24", status={"value": "deprecated"})], []),
    ("known", [prefix("10.0.0.128/25"), prefix("10.0.0.0/24")], []),
    ("two of one name", [prefix("10.6.0.0/24", vlan=vlan(6, "Lab")), prefix("10.7.0.0/24", vlan=vlan(7, "LAB"))],
     [Zone("lab", ("10.6.0.0/24",), 6), Zone("lab-7", ("10.7.0.0/24",), 7)]),
    ("a name that is taken", [prefix("10.6.0.0/24", vlan=vlan(6, "Users"))],
     [Zone("users-6", ("10.6.0.0/24",), 6)]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "zones"), [each[1:] for each in KINDS], ids=[each[0] for each in KINDS])
def test_prefixes_are_zones(rows: list[dict[str, Any]], zones: list[Zone]) -> None:
    assert list(found(*rows).zones) == zones


def test_vlans_of_their_own_list_name_the_zones() -> None:
    prefixes = (
        b"Prefix,Status,VRF,Site,VLAN,Role\n10.61.0.0/24,Active,,main,61,\n10.62.0.0/24,Active,,main,Doors (62),\n"
    )
    vlans = b"VID,Name,Site,Status\n61,Cameras,main,Active\n70,Voice,main,Active\n"
    assert looks_like_netbox(prefixes)
    assert looks_like_netbox(vlans)
    both = read_netbox([(vlans, "v.csv"), (prefixes, "p.csv")], SITE, None)
    assert both.zones == (
        Zone("cameras", ("10.61.0.0/24",), 61, "device"),
        Zone("doors", ("10.62.0.0/24",), 62),
    )
    assert "1 VLAN without a prefix, and so no zone: 70" in both.notes


SITES = [
    ("the site's own", None, "10.5.0.0/24"),
    ("another one that is named", "Branch", "10.6.0.0/24"),
    ("a tenant that is named", "Acme, Inc.", "10.6.0.0/24"),
]


@pytest.mark.parametrize(("chosen", "subnet"), [each[1:] for each in SITES], ids=[each[0] for each in SITES])
def test_a_netbox_of_several_sites_gives_one(chosen: str | None, subnet: str) -> None:
    rows = (
        prefix("10.5.0.0/24", scope=labelled("Main"), tenant=labelled("Harbor")),
        prefix("10.6.0.0/24", site=labelled("Branch"), tenant=labelled("Acme, Inc.")),
    )
    assert [each.subnets for each in found(*rows, chosen=chosen).zones] == [(subnet,)]


BAD = [
    ("no JSON", b'{"results": [', "n.json:1: no JSON that can be read"),
    ("no list", b'{"prefix": 7}', "has no list of results"),
    ("no object", b'{"results": [7]}', "results[0]: expected an object"),
    ("no subnet", json.dumps([prefix("10.0.0.1/8")]).encode(), "results[0]: prefix: '10.0.0.1/8' is no subnet"),
    ("VLANs alone", json.dumps([vlan(7, "x")]).encode(), "VLANs alone are no zones"),
    ("no UTF-8", b'{"results": "\xff"}', "is not UTF-8"),
    ("a quotation mark", b'prefix,vlan\n"10.0.0.0/8,', "no CSV that can be read"),
    ("deep", b"[" * 100_000, "no JSON that can be read"),
    ("other sites", json.dumps([prefix("10.1.0.0/24", site=labelled(n)) for n in "ab"]).encode(), "--client: a, b"),
]


@pytest.mark.parametrize(("raw", "said"), [each[1:] for each in BAD], ids=[each[0] for each in BAD])
def test_what_cannot_be_read_says_so(raw: bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_netbox([(raw, "n.json")], SITE, None)
    assert said in str(caught.value)
    assert str(caught.value).startswith("n.json")


def test_a_page_of_several_is_no_whole_list() -> None:
    assert "is one page of several (1 of 90)" in found(prefix("10.5.0.0/24"), next="http://x", count=90).notes[0]


def test_what_overlaps_a_zone_is_left_out_and_told() -> None:
    both = found(prefix("10.0.0.0/16"), prefix("10.5.0.0/24"))
    assert [each.subnets for each in both.zones] == [("10.5.0.0/24",)]
    assert any("10.0.0.0/16 overlaps 10.0.0.0/24 of users" in each for each in both.notes)


def test_zones_go_into_the_text_and_all_else_stays() -> None:
    added = (Zone("lab", ("10.6.0.0/24", "fd06::/64"), 6, "device"),)
    text = with_zones(TEXT, added, "site.yaml")
    assert read_document(text, Site, "site.yaml").zones == (*SITE.zones, *added)
    assert text.replace(zones_text(added).partition("\n")[2], "") == TEXT
    with pytest.raises(BadInput, match="overlaps"):
        with_zones(TEXT, (Zone("x", ("10.0.0.0/25",)),), "site.yaml")
    with pytest.raises(BadInput, match="in brackets"):
        with_zones("client: a\nsite: b\nzones: [{name: c, subnets: [10.9.0.0/24]}]\n", added, "site.yaml")


def test_trust_by_name() -> None:
    names = {
        "Guest servers": "untrusted",
        "MGMT": "management",
        "srv-01": "critical",
        "VoIP": "device",
        "sales": "user",
    }
    assert {each: guessed_trust(each) for each in names} == names
    assert slug("  Büro / 2. Étage ") == "buro-2-etage"
