from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.errors import BadInput
from scanner.importers import importers
from scanner.importers.nmap_xml import IMPORTER, observations, read_nmap_xml
from scanner.model.addresses import ports_text
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading, Silence

HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/share/nmap/nmap.xsl" type="text/xsl"?>
<nmaprun scanner="nmap" args="nmap -oX - 10.0.0.1" start="1700000000" version="7.93" xmloutputversion="1.05">
"""
SYN = b'<scaninfo type="syn" protocol="tcp" numservices="4" services="22,23,25,80"/>'
CONNECT = b'<scaninfo type="connect" protocol="tcp" numservices="4" services="22,23,25,80"/>'
TAIL = b'<runstats><finished time="1700000100" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>'

PRINT_SERVER = b"""<host starttime="1700000001" endtime="1700000050">
<status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="10.0.0.1" addrtype="ipv4"/>
<address addr="00:1B:78:0A:0B:0C" addrtype="mac" vendor="Hewlett Packard"/>
<hostnames><hostname name="print.example" type="PTR"/><hostname name="print.example" type="user"/></hostnames>
<ports>
<extraports state="filtered" count="2">
  <extrareasons reason="no-response" count="2" proto="tcp" ports="1000-1001"/>
</extraports>
<port protocol="tcp" portid="22"><state state="open" reason="syn-ack" reason_ttl="64"/>
  <service name="ssh" product="OpenSSH" version="9.2p1 Debian 2+deb12u3" extrainfo="protocol 2.0" method="probed"
   conf="10"><cpe>cpe:/a:openbsd:openssh:9.2p1</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service>
  <script id="x" output="&lt;script&gt;"/></port>
<port protocol="tcp" portid="23"><state state="closed" reason="reset" reason_ttl="64"/>
  <service name="telnet" method="table" conf="3"/></port>
<port protocol="tcp" portid="24"><state state="closed" reason="reset" reason_ttl="64"/></port>
<port protocol="tcp" portid="25"><state state="filtered" reason="admin-prohibited" reason_ttl="63"
  reason_ip="10.0.0.254"/></port>
<port protocol="tcp" portid="443"><state state="open" reason="syn-ack" reason_ttl="64"/>
  <service name="http" product="nginx" tunnel="ssl" method="probed" conf="10"/></port>
<port protocol="udp" portid="53"><state state="open|filtered" reason="no-response" reason_ttl="0"/></port>
<port protocol="sctp" portid="9"><state state="open" reason="init-ack" reason_ttl="64"/></port>
</ports></host>
"""

OPENSSH = (
    b'<service name="ssh" product="OpenSSH" version="9.2p1 Debian 2+deb12u3" extrainfo="protocol 2.0" method="probed"'
    b' conf="10"><cpe>cpe:/a:openbsd:openssh:9.2p1</cpe><cpe>cpe:/o:linux:linux_kernel</cpe></service>'
)
NGINX = b'<service name="http" product="nginx" tunnel="ssl" method="probed" conf="10" />'


def rows(body: bytes, kind: bytes = SYN) -> list[Observation]:
    return list(observations(read_nmap_xml(HEAD + kind + body + TAIL, "scan.xml")))


def host(ports: str, address: str = "10.0.0.9", family: str = "ipv4", status: str = "user-set") -> bytes:
    return (
        f'<host endtime="5"><status state="up" reason="{status}" reason_ttl="0"/>'
        f'<address addr="{address}" addrtype="{family}"/><ports>{ports}</ports></host>'
    ).encode()


def port(number: int, state: str, reason: str, more: str = 'reason_ttl="63"', transport: str = "tcp") -> str:
    return f'<port protocol="{transport}" portid="{number}"><state state="{state}" reason="{reason}" {more}/></port>'


def test_a_whole_host() -> None:
    at = 1700000050.0
    assert rows(PRINT_SERVER) == [
        HostSeen("10.0.0.1", "arp", at, "00:1b:78:0a:0b:0c", names=("print.example",)),
        PortState("10.0.0.1", "tcp", "22", "open", "syn-ack", at, 64, "10.0.0.1"),
        PortState("10.0.0.1", "tcp", "443", "open", "syn-ack", at, 64, "10.0.0.1"),
        PortState("10.0.0.1", "tcp", "23-24", "closed", "rst", at, 64, "10.0.0.1"),
        PortState("10.0.0.1", "tcp", "25", "rejected", "icmp-3-13", at, 63, "10.0.0.254"),
        PortState("10.0.0.1", "tcp", "1000-1001", "silent", "no-response", at),
        Conversation(
            "10.0.0.1",
            "tcp",
            22,
            "nmap",
            "answered",
            at,
            (
                Reading("nmap.service", OPENSSH),
                Reading("nmap.cpe", b"cpe:/a:openbsd:openssh:9.2p1"),
                Reading("nmap.cpe", b"cpe:/o:linux:linux_kernel"),
            ),
            detail="ssh",
        ),
        Conversation("10.0.0.1", "tcp", 443, "nmap", "answered", at, (Reading("nmap.service", NGINX),), True, "http"),
        Silence("10.0.0.1", "udp", "53", 1, 1700000100.0),
    ]


@for_every(
    ("words", "address", "expected"),
    [
        (("open", "syn-ack"), "10.0.0.9", ("open", "syn-ack")),
        (("closed", "reset"), "10.0.0.9", ("closed", "rst")),
        (("filtered", "port-unreach"), "10.0.0.9", ("closed", "icmp-3-3")),
        (("filtered", "port-unreach"), "fd00::9", ("closed", "icmp6-1-4")),
        (("filtered", "host-unreach"), "10.0.0.9", ("unreachable", "icmp-3-1")),
        (("filtered", "host-unreach"), "fd00::9", ("unreachable", "icmp6-1-3")),
        (("filtered", "net-unreach"), "10.0.0.9", ("unreachable", "icmp-3-0")),
        (("filtered", "no-route"), "fd00::9", ("unreachable", "icmp6-1-0")),
        (("filtered", "host-prohibited"), "10.0.0.9", ("rejected", "icmp-3-10")),
        (("filtered", "net-prohibited"), "10.0.0.9", ("rejected", "icmp-3-9")),
        (("filtered", "admin-prohibited"), "fd00::9", ("rejected", "icmp6-1-1")),
        (("filtered", "reject-route"), "fd00::9", ("rejected", "icmp6-1-6")),
        (("filtered", "time-exceeded"), "10.0.0.9", ("unreachable", "icmp-11-0")),
        (("open", "script-set"), "10.0.0.9", ("open", "script-set")),
    ],
)
def test_reasons_become_the_packets_they_stand_for(
    words: tuple[str, str], address: str, expected: tuple[str, str]
) -> None:
    family = "ipv6" if ":" in address else "ipv4"
    (found,) = rows(host(port(80, *words), address, family))
    assert isinstance(found, PortState)
    assert (found.state, found.reason, found.ttl, found.source) == (*expected, 63, address)


def test_a_connect_scan_names_no_packet() -> None:
    found = rows(
        host(
            port(22, "open", "syn-ack", 'reason_ttl="0"')
            + port(23, "closed", "conn-refused", 'reason_ttl="0"')
            + port(25, "filtered", "host-unreach", 'reason_ttl="0"')
        ),
        CONNECT,
    )
    assert [(p.state, p.reason, p.ttl, p.source) for p in found if isinstance(p, PortState)] == [
        ("open", "connected", None, None),
        ("closed", "refused", None, None),
        ("unreachable", "host-unreach", None, None),
    ]


def test_silent_hosts_are_one_row() -> None:
    silent = port(22, "filtered", "no-response", 'reason_ttl="0"') + port(80, "filtered", "no-response", "")
    body = host(silent, "10.0.0.7") + host(silent, "10.0.0.8") + host(port(22, "closed", "reset") + silent, "10.0.0.9")
    found = rows(body)
    assert [each for each in found if isinstance(each, Silence)] == [
        Silence("10.0.0.7-10.0.0.8", "tcp", "22,80", 1, 1700000100.0)
    ]


def test_a_host_called_down_is_no_statement_about_its_ports() -> None:
    down = b'<host><status state="down" reason="no-response"/><address addr="10.0.0.3" addrtype="ipv4"/></host>'
    assert rows(down) == []


def test_old_versions_only_count_the_rest() -> None:
    extra = '<extraports state="closed" count="998"><extrareasons reason="resets" count="998"/></extraports>'
    run = read_nmap_xml(HEAD + SYN + host(extra + port(22, "open", "syn-ack")) + TAIL, "old.xml")
    assert run.hosts[0].unlisted == 998
    assert [each.ports for each in run.hosts[0].ports] == ["22"]


def test_a_file_that_breaks_off_gives_what_was_whole() -> None:
    whole = HEAD + SYN + PRINT_SERVER
    for cut in (b"", b"<host", b"<host><address addr='10.", host(port(1, "open", "syn-ack"))[:-12]):
        run = read_nmap_xml(whole + cut, "cut.xml")
        assert not run.complete
        assert [each.address for each in run.hosts] == ["10.0.0.1"]
    assert read_nmap_xml(whole + TAIL, "whole.xml").complete


def test_an_error_of_nmap_is_kept() -> None:
    text = HEAD + b'<runstats><finished time="1" exit="error" errormsg="no such device"/></runstats></nmaprun>'
    run = read_nmap_xml(text, "x.xml")
    assert (run.complete, run.error) == (False, "no such device")


BOMB = b'<!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><nmaprun args="&b;"></nmaprun>'
EXTERNAL = b'<!DOCTYPE nmaprun [<!ENTITY x SYSTEM "file:///etc/hostname">]><nmaprun><host>&x;</host></nmaprun>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "scan.xml"),
        (b"\x00\x01garbage", "scan.xml:1: not XML"),
        (b"10.0.0.1 is up", "scan.xml:1: not XML"),
        (b"<html><body/></html>", "not Nmap's: it begins with <html>"),
        (HEAD + b"<host></hosts></nmaprun>", "scan.xml:5: not XML"),
        (BOMB, "entities"),
        (EXTERNAL, "entities"),
        (b'<?xml version="1.0" encoding="no-such"?><nmaprun/>', "scan.xml"),
    ],
)
def test_what_is_no_nmap_xml_says_so(text: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as caught:
        read_nmap_xml(text, "scan.xml")
    assert str(caught.value).startswith("scan.xml")


def test_remote_text_is_made_visible() -> None:
    body = (
        '<host><status state="up" reason="echo-reply" reason_ttl="64"/><address addr="10.0.0.4" addrtype="ipv4"/>'
        '<hostnames><hostname name="a\u202eb&#x9b;"/></hostnames></host>'
    ).encode()
    (found,) = rows(body)
    assert found == HostSeen("10.0.0.4", "echo-reply", 1700000100.0, ttl=64, names=("a\\u202eb\\x9b",))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_raises_anything_but_bad_input(data: st.DataObject) -> None:
    text = bytearray(HEAD + SYN + PRINT_SERVER + TAIL)
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(text) - 1))
        text[where : where + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6))
    with contextlib.suppress(BadInput):
        for found in observations(read_nmap_xml(bytes(text), "damaged.xml")):
            assert not isinstance(found, HostSeen) or all(name.isprintable() for name in found.names)


def test_many_ports_are_read_in_seconds() -> None:
    ports = "".join(port(number, "closed", "reset") for number in range(1, 10001))
    body = b"".join(host(ports, f"10.0.1.{number}") for number in range(1, 5))
    start = time.process_time()
    found = rows(body)
    assert [each.ports for each in found if isinstance(each, PortState)] == ["1-10000"] * 4
    assert time.process_time() - start < 5


def test_the_importer_is_found_and_knows_its_files() -> None:
    assert importers()["nmap-xml"] is IMPORTER
    assert IMPORTER.recognises(HEAD)
    assert not IMPORTER.recognises(b'[{"ip": "10.0.0.1"}]')
    imported = IMPORTER.read([HEAD + SYN, PRINT_SERVER, TAIL], "scan.xml")
    assert len(list(imported.observations)) == 9
    run = imported.run()
    assert run.complete
    assert (run.started, run.ended) == (1700000000.0, 1700000100.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 120), st.integers(0, 8)), min_size=1, max_size=8), st.booleans())
def test_summaries_of_ports_are_told_once_each_and_in_order(spans: list[tuple[int, int]], single: bool) -> None:
    """However a file lists them: unordered, overlapping, one by one, with zeros before."""
    texts = [
        f"{low:03d}" if not more and single else f"{low}-{low + more}" if more else f"{low}" for low, more in spans
    ]
    ports = ",".join(texts)
    count = sum(more + 1 for _, more in spans)
    raw = (
        f'<nmaprun scanner="nmap" args="nmap -sS 10.0.0.1" start="1"><scaninfo type="syn" protocol="tcp"/><host>'
        f'<status state="up" reason="arp-response"/><address addr="10.0.0.1" addrtype="ipv4"/><ports><extraports '
        f'state="closed" count="{count}"><extrareasons reason="reset" count="{count}" proto="tcp" ports="{ports}"/>'
        "</extraports></ports></host></nmaprun>"
    ).encode()
    told = [row.ports for row in observations(read_nmap_xml(raw, "f.xml")) if isinstance(row, PortState)]
    assert told == [ports_text(port for low, more in spans for port in range(low, low + more + 1))]
