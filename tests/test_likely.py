"""Which IPv6 addresses are guessed: their forms, and that they are where they may be."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.likely import MOST_LINKS, SMALL, at_most, guesses, likely, link_local, links, lookalikes, most
from scanner.model.addresses import AddressSet, address
from scanner.model.network import Sweep
from scanner.model.observation import Vantage
from scanner.model.site import Scope, Site, Zone
from scanner.plan import make_plan
from scanner.ports import parse_ports

LINK = AddressSet.parse("fd20:10::/64")
MACS = st.binary(min_size=6, max_size=6).map(lambda raw: raw.hex(":"))
FOURS = st.ip_addresses(v=4).map(str)
SIXES = st.ip_addresses(v=6).map(str)


@pytest.mark.parametrize(
    ("mac", "four", "forms"),
    [
        # The example of RFC 4291, appendix A; and a MAC that somebody made up, whose bit is set already.
        ("34:56:78:9a:bc:de", "10.0.0.53", "3656:78ff:fe9a:bcde 53 a00:35 10:0:0:53 0:53"),
        ("02:00:00:00:00:07", "192.168.1.200", "0:ff:fe00:7 200 c0a8:1c8 192:168:1:200 1:200"),
        ("52:54:00:12:34:56", "10.20.20.7", "5054:ff:fe12:3456 7 a14:1407 10:20:20:7 20:7"),
    ],
)
def test_the_forms_in_which_people_and_systems_make_addresses(mac: str, four: str, forms: str) -> None:
    found = likely(LINK, [mac], [four], small=0)
    assert set(found) == {address(f"fd20:10::{each}") for each in forms.split()}


def test_small_numbers_are_tried_and_the_part_that_another_prefix_shows() -> None:
    assert likely(LINK, (), ()) == AddressSet.parse("fd20:10::1-fd20:10::ff")
    found = likely(LINK, (), ["fe80::dead:beef:1:2", "fd77::1234"], small=0)
    assert set(found) == {"fd20:10::dead:beef:1:2", "fd20:10::1234"}
    assert str(link_local(["34:56:78:9a:bc:de"])) == "fe80::3656:78ff:fe9a:bcde"


@given(
    st.lists(MACS, max_size=40),
    st.lists(st.one_of(FOURS, SIXES), max_size=40),
    st.lists(st.tuples(SIXES, st.integers(60, 128)), max_size=7),
    st.integers(0, 300),
)
@settings(max_examples=80)
def test_guesses_are_canonical_unique_inside_and_bounded(
    macs: list[str], addresses: list[str], nets: list[tuple[str, int]], small: int
) -> None:
    within = AddressSet.parse(",".join(str(ipaddress.ip_network(net, strict=False)) for net in nets))
    found = list(likely(within, macs, addresses, small))
    assert len(found) == len(set(found)) <= MOST_LINKS * most(len(macs))
    assert all(each == str(ipaddress.ip_address(each)) and each in within for each in found)
    assert all(int(ipaddress.ip_address(each)) & (1 << 64) - 1 for each in found), "the routers' anycast address"
    assert len({int(ipaddress.ip_address(each)) >> 64 for each in found}) <= MOST_LINKS
    assert likely(within, macs[::-1], addresses[::-1], small) == AddressSet.of(found), "whatever the order"
    for mac in macs if within.spans and within.spans[0][2] - within.spans[0][1] >= (1 << 64) - 1 else ():
        local = int(ipaddress.ip_address(next(iter(link_local([mac]))))) & (1 << 64) - 1
        assert str(ipaddress.ip_address(links(within)[0] << 64 | local)) in found or not local


def test_of_a_full_segment_the_likeliest_are_asked_and_no_more_than_is_said() -> None:
    macs = [f"52:54:00:00:{n >> 8:02x}:{n & 255:02x}" for n in range(4094)]
    fours = [str(ipaddress.ip_address("10.0.0.1") + n) for n in range(4094)]
    for count in (1, 20, 254, 4094):
        found = likely(LINK, macs[:count], fours[:count])
        assert len(found) <= at_most(LINK, count) <= most(count)
        assert all(each in found for each in likely(LINK, macs[:count], (), small=0)), "those of MACs first of all"
    assert len(likely(LINK, macs[:254], fours[:254])) == 1024


@given(FOURS, st.lists(MACS, max_size=3))
@settings(max_examples=40)
def test_what_an_excluded_host_may_hold_is_not_guessed(four: str, macs: list[str]) -> None:
    spared = lookalikes(AddressSet.of([four]), LINK)
    last = int(four.rpartition(".")[2])
    if last:
        assert {address(f"fd20:10::{last:x}"), address(f"fd20:10::{last}")} <= set(spared)
    assert not likely(LINK - spared, (), [four]) & likely(LINK, (), [four], small=0)
    assert len(spared) <= 6


def test_a_plan_guesses_in_the_64s_of_its_own_zone_alone() -> None:
    zones = (Zone("here", ("10.0.1.0/24", "fd20::/48", "fd30:0:0:1::/64")), Zone("there", ("fd40::/64",)))
    made = Site("c", "s", zones, scope=Scope(exclude=("10.0.1.7", "fd20:0:0:5::9", "10.9.9.8")))
    here = Vantage("here", "eth0", "10.0.1.250", "fd20:0:0:5::fa")
    guessed = AddressSet.parse(make_plan(made, here, parse_ports("22")).sweep.guessed)
    assert links(guessed) == [0xFD20_0000_0000_0005, 0xFD30_0000_0000_0001]
    for spared in ("fd20:0:0:5::7", "fd20:0:0:5::9", "fd30:0:0:1::9", "fd20:0:0:5::a00:107", "fd20:0:0:5::fa"):
        assert spared not in guessed
    assert "fd20:0:0:5::8" in guessed, "what is excluded of other zones is not here"
    without = make_plan(made, Vantage("here", "eth0", "10.0.1.250"), parse_ports("22"))
    assert without.sweep.guessed == "", "nobody is asked from a link without IPv6"


def test_only_who_may_be_asked_and_who_shows_no_other_address_is_guessed_from() -> None:
    request = Sweep(on_link="10.0.0.1-10.0.0.9,fd20:10::1", revealed="fd20:10::/64", guessed="fd20:10::/64")
    seen = {
        "10.0.0.5": "02:00:00:00:00:05",
        "fe80::1234": "02:00:00:00:00:06",
        "fd99::77:1": "02:00:00:00:00:07",
        "fd20:10::5": "02:00:00:00:00:05",
    }
    found = guesses(request, seen)
    assert all(f"fd20:10::{each}" in found for each in ("ff:fe00:5", "ff:fe00:6", "1234", "a00:5"))
    assert not found & AddressSet.of(["fd20:10::ff:fe00:7", "fd20:10::77:1", "fd20:10::1", "fd20:10::5"])
    assert not found & AddressSet.parse("fe80::/10")
    assert len(found) == SMALL - 2 + 5
    near = guesses(Sweep(on_link="10.0.0.5", link_local=True), seen)
    assert list(near) == ["fe80::ff:fe00:5"]
