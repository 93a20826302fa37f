"""What others say of a service: what of Nmap's word holds, and whom it is asked about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.identify.second import breakable, nmap_products, unknown
from scanner.model.observation import Conversation, HostSeen, Observation, Outcome, PortState, Reading
from scanner.model.text import visible

CPE = "<cpe>cpe:/a:acme:thing:1.2</cpe>"


def element(version: str = "", product: str = "Acme Thing", cpe: str = CPE) -> bytes:
    return (
        f'<service name="x" product="{product}" version="{version}" method="probed" conf="10">{cpe}</service>'.encode()
    )


@for_every(
    ("version", "said", "kept", "certain"),
    [
        ("1.2.3", (b"Acme 1.2.3 ready",), "1.2.3", True),
        ("1.2.3 Debian 2+deb12u3", (b"Acme 1.2.3 ready",), "1.2.3", True),
        pytest.param("4.6.2", (b"\xfeSMB",), None, False, id="a number that Nmap gives every Samba"),
        pytest.param("1.2.3", (b"Acme 11.2.3 ready",), None, False, id="the end of another number"),
        pytest.param("1.2.3", (b"Acme 1.2.34 ready",), None, False, id="the beginning of another number"),
        pytest.param("2", (b"HTTP/1.1 200 OK",), None, False, id="a digit of a status"),
        ("9.2p1", (b"OpenSSH_9.2p1",), "9.2p1", True),
        pytest.param("2.2.X - 2.3.X", (b"2.2.X - 2.3.X",), None, False, id="a range"),
        pytest.param("5.0 or later", (b"5.0",), None, False, id="or later"),
        pytest.param("2.X", (), None, False, id="a placeholder"),
        pytest.param("1.2.3", (), "1.2.3", False, id="we read nothing there ourselves"),
        ("", (b"Acme",), None, False),
        ("final", (b"final",), None, False),
    ],
)
def test_which_versions_hold(version: str, said: tuple[bytes, ...], kept: str | None, certain: bool) -> None:
    [product] = nmap_products(element(version), said)
    assert (product.vendor, product.name, product.version, product.certain) == ("acme", "thing", kept, certain)
    assert product.cpe == f"cpe:2.3:a:acme:thing:{kept or '*'}:*:*:*:*:*:*:*"
    assert product.rule == "nmap: Acme Thing"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (element(cpe=""), ("acme", "acme_thing")),
        (element(cpe="<cpe>cpe:/o:linux:linux_kernel</cpe><cpe>cpe:/a:x:y</cpe>"), ("x", "y")),
        (element(cpe="<cpe>cpe:/a:::</cpe>"), ("acme", "acme_thing")),
        (element(product=""), None),
        (b"OpenSSH 9.2p1", None),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><service product="&a;"/>', None),
        (b'<service product="x"', None),
        (b'<service product="' + b"x" * 9000 + b'"/>', None),
        (b"", None),
    ],
)
def test_the_words(raw: bytes, words: tuple[str, str] | None) -> None:
    assert [(each.vendor, each.name) for each in nmap_products(raw)] == ([words] if words else [])


@given(st.binary(max_size=200), st.text(max_size=40))
def test_strange_elements(raw: bytes, text: str) -> None:
    nmap_products(raw)
    quoted = text.replace("&", "").replace("<", "").replace('"', "")
    for product in nmap_products(b"<service" + raw) + nmap_products(element(product=quoted, version=quoted)):
        assert visible(product.name) == product.name
        assert visible(product.rule) == product.rule


def talk(
    port: int, outcome: Outcome = "answered", *readings: tuple[str, bytes], address: str = "10.0.0.1"
) -> Conversation:
    return Conversation(address, "tcp", port, "x", outcome, 1.0, tuple(Reading(*each) for each in readings))


def test_who_is_asked() -> None:
    talks = [
        talk(22, "answered", ("ssh", b"SSH-2.0-OpenSSH_9.2p1")),
        talk(23, "answered", ("telnet", b"strange")),
        talk(24, "silent"),
        talk(25, "refused"),
        talk(9100, "withheld"),
        talk(26, "answered", ("nmap.service", element())),
        talk(27, "answered", ("banner", b"x")),
        talk(27, "answered", ("ssh", b"SSH-2.0-OpenSSH_9.2p1")),
        talk(27, "silent"),
        Conversation("10.0.0.1", "udp", 53, "dns", "answered", 1.0),
    ]
    assert unknown(talks) == unknown(talks[::-1]) == [("10.0.0.1", 23), ("10.0.0.1", 24)]


def test_devices_that_break_are_spared() -> None:
    rows: list[Observation] = [
        HostSeen("10.0.0.1", "arp", 1.0, mac="00:80:77:00:00:01", names=("BRW008077000001",)),
        PortState("10.0.0.1", "tcp", "80,515,9100", "open", "syn-ack", 1.0),
        PortState("10.0.0.2", "tcp", "22", "open", "syn-ack", 1.0),
        talk(22, "answered", ("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"), address="10.0.0.2"),
        PortState("10.0.0.3", "tcp", "502", "open", "syn-ack", 1.0),
        PortState("10.0.0.4", "tcp", "9100", "closed", "rst", 1.0),
    ]
    found = breakable(rows, {f"10.0.0.{n}" for n in range(1, 5)}, lambda mac: "Brother Industries, LTD.")
    assert sorted(found) == ["10.0.0.1", "10.0.0.3"]
    assert "printer" in found["10.0.0.1"]
    assert "ot:" in found["10.0.0.3"]
