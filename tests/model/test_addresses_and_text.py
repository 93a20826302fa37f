"""Ranges, canonical addresses and visible text."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.model.addresses import addresses_of, addresses_text, network, ports_of, ports_text, usable_hosts
from scanner.model.text import visible

ADDRESSES = st.one_of(
    st.integers(0, 300).map(lambda n: str(ipaddress.IPv4Address(0x0A000000 + n))),
    st.integers(0, 300).map(lambda n: str(ipaddress.IPv6Address((0xFD << 120) + n))),
)


@given(st.sets(st.integers(0, 65535), max_size=60))
def test_ports_as_ranges_and_back(ports: set[int]) -> None:
    assert ports_of(ports_text(ports)) == sorted(ports)


@settings(max_examples=60)
@given(st.sets(ADDRESSES, max_size=40))
def test_addresses_as_ranges_and_back(addresses: set[str]) -> None:
    text = addresses_text(addresses)
    assert set(addresses_of(text)) == addresses
    assert text.count(",") < max(1, len(addresses))


def test_neighbours_are_one_range() -> None:
    assert addresses_text(["10.0.0.255", "10.0.1.0", "10.0.0.254", "fd00::1"]) == "10.0.0.254-10.0.1.0,fd00::1"
    assert ports_text([22, 81, 80, 82]) == "22,80-82"


def test_a_subnet_with_host_bits_is_a_typing_error() -> None:
    with pytest.raises(ValueError, match="host bits"):
        network("10.0.0.1/24")


def test_hosts_leave_out_network_and_broadcast() -> None:
    assert list(usable_hosts("10.0.0.0/30")) == ["10.0.0.1", "10.0.0.2"]


@for_every(
    ("raw", "shown"),
    [
        (b"OpenSSH_9.2p1 Debian-2+deb12u7", "OpenSSH_9.2p1 Debian-2+deb12u7"),
        (b"\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        (b"a\r\nb\x00\x7f", r"a\x0d\x0ab\x00\x7f"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202edef", r"abc\u202edef"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("\u2028line", r"\u2028line"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\ud800", r"\ud800"),
        ("nbsp\xa0", r"nbsp\xa0"),
        ("Zahnärzte Ångström 診療所", "Zahnärzte Ångström 診療所"),
    ],
)
def test_what_does_not_simply_print_becomes_an_escape(raw: str | bytes, shown: str) -> None:
    assert visible(raw) == shown


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_visible_text_only_prints_and_is_bounded(raw: str | bytes) -> None:
    assert visible(raw).isprintable()
    assert len(visible(raw, limit=10)) <= 10 * 10 + 1
