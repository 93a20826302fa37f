"""Whether another tool's session can be from the zone that it is said to be from, and as what it is kept."""

from __future__ import annotations

import msgspec
import pytest

from scanner.errors import BadInput
from scanner.importers import Run
from scanner.importers.document import read_document
from scanner.importers.placed import Kept, Placing
from scanner.model.addresses import AddressSet
from scanner.model.observation import HostSeen, Observation, PortState, Silence
from scanner.model.site import Site

SITE = read_document(
    "client: Test\nsite: here\nzones:\n  - {name: users, subnets: [10.0.1.0/28, 'fd01::/126']}\n"
    "  - {name: servers, subnets: [10.0.2.0/28]}\n",
    Site,
    "site.yaml",
)
WHOLE = AddressSet.parse("10.0.2.0/28")
RUN = Run(engine="nmap", targets=WHOLE, finds_all=True, own=("10.0.2.9",))


def near(address: str) -> HostSeen:
    return HostSeen(address, "arp", 1.0, "02:00:00:00:00:05")


def port(address: str, at: float = 1.0) -> PortState:
    return PortState(address, "tcp", "22", "open", "syn-ack", at)


def placed(
    rows: list[Observation], run: Run = RUN, zone: str = "servers", address: str | None = None
) -> tuple[list[Observation], Kept]:
    there = SITE.zone(zone)
    assert there is not None
    placing = Placing(SITE, there, "f.xml")
    kept = list(placing.rows(rows))
    return kept, placing.kept(run, address)


def changed(**what: object) -> Run:
    return msgspec.structs.replace(RUN, **what)


KINDS = [
    ("a whole scan", RUN, ("scan", True)),
    ("cut off", changed(complete=False), ("scan", False)),
    ("targets unknown", changed(targets=None), ("import", False)),
    ("a part of the zone", changed(targets=AddressSet.parse("10.0.2.0/29")), ("import", False)),
    ("all but the ends of the subnet", changed(targets=AddressSet.parse("10.0.2.1-10.0.2.14")), ("scan", True)),
    ("by ping alone", changed(finds_all=False), ("import", False)),
    ("masscan", changed(engine="masscan", targets=None, finds_all=False), ("import", False)),
    ("masscan, cut off", changed(engine="masscan", complete=False), ("import", False)),
]


@pytest.mark.parametrize(("run", "kind"), [each[1:] for each in KINDS], ids=[each[0] for each in KINDS])
def test_only_what_shows_who_is_in_the_zone_is_a_whole_scan(run: Run, kind: tuple[str, bool]) -> None:
    kept = placed([port("10.0.2.1")], run)[1]
    assert (kept.purpose, kept.complete) == kind
    assert (kept.vantage.zone, kept.vantage.address) == ("servers", "10.0.2.9")


def test_a_zone_with_an_ipv6_subnet_is_no_whole_without_it() -> None:
    run = changed(own=("10.0.1.9", "fd01::2"), targets=AddressSet.parse("10.0.1.0/28"))
    kept = placed([port("10.0.1.1")], run, "users")[1]
    assert kept.purpose == "import"
    assert "fd01::" in kept.notes[0]
    assert kept.vantage.address6 == "fd01::2"
    assert placed([port("10.0.1.1")], changed(own=(), targets=AddressSet.parse("10.0.1.0/28,fd01::/126")), "users")[
        1
    ].complete


REFUSED = [
    ("its own address", [port("10.0.1.1")], changed(own=("10.0.1.9",)), "was seen from 10.0.1.9, which is in users"),
    ("neighbours", [near("10.0.1.5"), port("10.0.2.1")], changed(own=()), "10.0.1.5 answered ARP or NDP"),
    ("another network", [port("10.9.9.9")], RUN, "nothing about the site's zones: it has 10.9.9.9"),
    ("nothing", [], RUN, "it names no host that answered"),
    ("a time that is none", [port("10.0.2.1", 1e11)], RUN, "a time that no scan"),
]


@pytest.mark.parametrize(("rows", "run", "said"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_was_seen_from_elsewhere_is_refused(rows: list[Observation], run: Run, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        placed(rows, run)
    assert said in str(caught.value)


def test_a_neighbour_of_the_zone_settles_where_it_stood() -> None:
    """A laptop with a wide mask resolves hosts of other zones, too, where they share its link."""
    kept = placed([near("10.0.1.5"), near("10.0.2.5")], changed(own=()))[1]
    assert kept.vantage.address == ""
    assert "--address" in kept.notes[-1]
    assert placed([port("10.0.2.1")], changed(own=()), address="10.0.2.7")[1].vantage.address == "10.0.2.7"


def test_only_the_sites_addresses_are_kept() -> None:
    quiet = Silence("10.0.2.14-10.0.2.20,10.9.0.0-10.9.0.9", "tcp", "22", 2, 1.0)
    rows, kept = placed([port("10.0.2.1"), port("10.9.9.9"), quiet, near("fe80::5")])
    assert [each.address for each in rows if isinstance(each, HostSeen | PortState)] == ["10.0.2.1", "fe80::5%servers"]
    assert [each.addresses for each in rows if isinstance(each, Silence)] == ["10.0.2.14-10.0.2.15"]
    assert kept.notes == ("left out: 1 address in no zone of the site file (10.9.9.9)",)
