"""Nmap's XML: valid against Nmap's own DTD, read by libnmap, and read back by our importer with nothing lost."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from libnmap.parser import NmapParser
from lxml import etree
from patch_sample import patch_report
from sample import HOSTILE, sample_report

from scanner.errors import BadInput
from scanner.exporters import exporters
from scanner.exporters.nmap_xml import cpe_uri
from scanner.identify import cpe
from scanner.importers.inventory import Hints
from scanner.importers.nmap_args import told
from scanner.importers.nmap_inventory import INVENTORY
from scanner.importers.nmap_run import NmapHost, NmapRun, NmapService, read_nmap_xml
from scanner.model.report import FlowRow, FlowVerdict, HostRow, Report, ServiceRow, VantageRow
from scanner.model.text import visible

DTD = Path("/usr/share/nmap/nmap.dtd")
REPORTS = {"sample": sample_report(), "patches": patch_report(), "fence": fence_report()}


def _flow(verdict: FlowVerdict, port: int, state: str, evidence: str, via: str = "", from_: str = "guest") -> FlowRow:
    return FlowRow(from_, "servers", "10.20.20.9", "tcp", port, verdict, "why", False, evidence, state, via)


RICH = msgspec.structs.replace(
    sample_report(),
    hosts=(
        HostRow(
            "servers/10.20.20.9", "servers", ("10.20.20.9", "fd20:0:0:20::9"), "aa:bb:cc:00:11:22", "VMware, Inc.",
            ("db", "db.example"), "Debian 12",
            (
                ServiceRow("tcp", 22, "open", "ssh", "openssh", "9.2p1", "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*",
                    "SSH-2.0-OpenSSH_9.2p1", "9.2p1-2+deb12u2", "debian:12", False, "OpenSSH"),
                ServiceRow("tcp", 443, "open", "https", "http_server", "2.4.57", None, "Server: Apache", tls=True),
                ServiceRow("udp", 161, "open", "snmp", None, None, None, "silent"),
                ServiceRow("tcp", 9000, "open", None, None, None, None, ""),
            ),
            (), os_confidence="high",
        ),
        HostRow("guest/10.20.20.9", "guest", ("10.20.20.9",), None, None, (), None, (), ()),
        HostRow("voice/2001:db8::7", "voice", ("2001:db8::7",), "aa:bb:cc:00:11:23", None, (), None, (), ()),
        HostRow("voice/none", "voice", (), None, None, (), None, (), ()),
    ),
    reachability=(
        _flow("REACHED", 22, "open", "syn-ack, from 10.20.20.9, TTL 63, 0.1 ms"),
        _flow("REACHED", 8080, "closed", "rst, from 10.20.20.9, TTL 62, 0.1 ms"),
        _flow("REJECTED", 8081, "closed", "rst, from 10.20.20.1, TTL 64, 0.1 ms"),
        _flow("REACHED", 8082, "closed", "rst, TTL 62", via="sport-53"),
        _flow("DROPPED", 443, "silent", "no answer to 2 tries", from_="voice"),
    ),
)  # fmt: skip


def written(report: Report) -> bytes:
    return exporters()["nmap-xml"].render(report)


def read(report: Report) -> NmapRun:
    return read_nmap_xml(written(report), "export.xml")


@pytest.mark.skipif(not DTD.exists(), reason="Nmap's DTD is not there; Debian's package nmap has it")
@pytest.mark.parametrize("report", [*REPORTS.values(), RICH], ids=[*REPORTS, "rich"])
def test_it_is_valid_against_nmaps_dtd(report: Report) -> None:
    with DTD.open("rb") as file:
        dtd = etree.DTD(file)
    assert dtd.validate(etree.fromstring(written(report))), dtd.error_log.filter_from_errors()


@pytest.mark.parametrize("report", [*REPORTS.values(), RICH], ids=[*REPORTS, "rich"])
def test_our_importer_reads_all_of_it_back(report: Report) -> None:
    hosts = [each for each in report.hosts if each.addresses]
    found = read(report).hosts
    assert len(found) == len(hosts)
    for host, back in zip(hosts, found, strict=True):
        assert (back.address, *back.others) == host.addresses
        assert (back.mac, back.vendor or "") == (host.mac, visible(host.vendor or ""))
        assert back.names == tuple(map(visible, host.names))
        assert back.system == visible(host.os or "")
        assert back.status == "up"
        services = {(str(row.transport), int(row.ports)): row for row in back.ports if row.state == "open"}
        assert set(services) == {(each.transport, each.port) for each in host.services}
        for each in host.services:
            _same(each, services[each.transport, each.port].service)


def _same(row: ServiceRow, back: NmapService | None) -> None:
    if row.service is None and row.product is None:
        assert back is None
        return
    assert back is not None
    assert back.name == visible(row.service or "unknown")
    assert back.product == visible(row.title or row.product or "")
    assert back.version == visible(row.version or "")
    assert back.extra == visible(" ".join(filter(None, (row.revision, row.distro))))
    assert back.tunnel == ("ssl" if row.tls else "")
    assert list(back.cpes) == list(filter(None, [cpe_uri(row.cpe or "")]))


def test_a_port_has_the_state_reason_and_ttl_that_the_report_has() -> None:
    host = read(RICH).hosts[0]
    ports = {(row.transport, row.ports): (row.state, row.reason, row.ttl) for row in host.ports}
    assert ports == {
        ("tcp", "22"): ("open", "syn-ack", 63),
        ("tcp", "443"): ("open", "syn-ack", None),
        ("udp", "161"): ("open", "udp-response", None),
        ("tcp", "9000"): ("open", "syn-ack", None),
        ("tcp", "8080"): ("closed", "reset", 62),
    }, "a reset of the firewall's is no port of the host's, nor is what only a dressed probe met"
    assert [each.reason for each in read(RICH).hosts] == ["arp-response", "unknown-response", "nd-response"]


def test_who_else_reaches_a_port_stands_beside_it() -> None:
    root = etree.fromstring(written(RICH))
    flows = root.xpath('host[1]/ports/port[@portid="22"]/script[@id="fencewalk-flows"]/@output')
    assert flows == ["from guest: REACHED, why"]
    assert root.xpath('host[1]/ports/port[@portid="443"]/script[@id="fencewalk-flows"]/@output') == [
        "from voice: DROPPED, why"
    ]
    assert root.xpath("host/@comment") == ["zone servers", "zone guest", "zone voice"]


@pytest.mark.parametrize("report", [*REPORTS.values(), RICH], ids=[*REPORTS, "rich"])
def test_what_nmap_has_no_place_for_stands_in_scripts_word_for_word(report: Report) -> None:
    root = etree.fromstring(written(report))
    hosts = [each for each in report.hosts if each.addresses]
    for host, element in zip(hosts, root.findall("host"), strict=True):
        told_ = {each.get("key"): each.text for each in element.iterfind("hostscript/script/elem")}
        assert told_["id"] == visible(host.id)
        assert (told_["zone"], told_["device"], told_.get("critical")) == (host.zone, host.device, host.critical)
        for row in host.services:
            path = f'ports/port[@protocol="{row.transport}"][@portid="{row.port}"]/script[@id="fencewalk-service"]/elem'
            found = {each.get("key"): each.text for each in element.iterfind(path)}
            want = {name: getattr(row, name) for name in ("product", "title", "version", "revision", "distro", "cpe")}
            want["evidence"] = row.evidence
            assert found == {name: visible(value) for name, value in want.items() if value}


def test_libnmap_reads_it() -> None:
    run = NmapParser.parse(written(RICH).decode())
    host = run.hosts[0]
    assert (host.address, host.mac, host.hostnames) == ("10.20.20.9", "AA:BB:CC:00:11:22", ["db", "db.example"])
    assert set(host.get_open_ports()) == {(22, "tcp"), (443, "tcp"), (161, "udp"), (9000, "tcp")}
    ssh = host.get_service(22)
    assert (ssh.service, ssh.service_dict["product"], ssh.service_dict["version"]) == ("ssh", "OpenSSH", "9.2p1")
    assert [(each.get_vendor(), each.get_product()) for each in ssh.cpelist] == [("openbsd", "openssh")]
    assert [each.name for each in host.os.osmatches] == ["Debian 12"]
    assert (run.hosts_up, run.hosts_total) == (3, 3)


def test_imported_as_an_inventory_it_names_the_same_products() -> None:
    machines = INVENTORY.read(written(RICH), "export.xml", Hints()).machines
    assert [(each.transport, each.port) for each in machines[0].shown] == [("tcp", 22), ("tcp", 443)]
    assert b'product="OpenSSH"' in machines[0].shown[0].raw


def test_what_was_gathered_from_several_zones_is_taken_for_no_scan_from_one() -> None:
    with pytest.raises(BadInput, match="no scan from one"):
        told(read(RICH).args, "export.xml")


def test_a_scan_that_was_cut_off_is_not_complete() -> None:
    vantage = VantageRow("guest", "eth0", "10.20.50.9", "2026-11-05T09:00:00Z", None, False, "raw")
    cut = msgspec.structs.replace(RICH, vantages=(vantage,))
    run = read(cut)
    assert not run.complete
    assert run.error == "the scan from guest did not finish"
    whole = read(msgspec.structs.replace(RICH, vantages=(msgspec.structs.replace(vantage, complete=True),)))
    assert (whole.complete, whole.started) == (True, 1793869200.0)


@settings(max_examples=60)
@given(st.text(max_size=40), st.sampled_from(HOSTILE))
def test_no_name_leaves_its_place(name: str, hostile: str) -> None:
    row = ServiceRow("tcp", 80, "open", name, hostile, name, name, hostile + name, name, name, True, name)
    host = HostRow("guest/10.0.0.1", "guest", ("10.0.0.1",), None, name, (name,) if name else (), hostile, (row,), ())
    report = msgspec.structs.replace(RICH, hosts=(host,), reachability=(), client=name, site=hostile)
    back: NmapHost = read(report).hosts[0]
    assert back.names == ((visible(name)[:512],) if name else ())
    assert [each.service.product for each in back.ports if each.service] == [visible(name or hostile)]


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*", "cpe:/a:openbsd:openssh:9.2:p1"),
        ("cpe:2.3:o:microsoft:windows_server_2019:*:*:*:*:*:*:*:*", "cpe:/o:microsoft:windows_server_2019"),
        (r"cpe:2.3:o:cisco:ios:15.2\(7\)e4:*:*:*:*:*:*:*", "cpe:/o:cisco:ios:15.2%287%29e4"),
        (r"cpe:2.3:a:x:a\:b:1:*:*:*:*:*:*:*", "cpe:/a:x:a%3ab:1"),
        (r"cpe:2.3:a:x:y:-:*:*:*:*:*:*:*", "cpe:/a:x:y:-"),
        (r"cpe:2.3:a:x:y:\-:*:*:*:*:*:*:*", "cpe:/a:x:y:%2d"),
        ("cpe:2.3:a:hp:insight:7.4:-:*:en:online:win2003:x64:*", "cpe:/a:hp:insight:7.4:-:~~online~win2003~x64~:en"),
        ("=cmd|' /C calc'!A0", ""),
    ],
)  # fmt: skip
def test_a_cpe_is_written_as_nmap_writes_it(name: str, uri: str) -> None:
    assert cpe_uri(name) == uri


@pytest.mark.parametrize(
    ("vendor", "name", "version"),
    [("openbsd", "openssh", "9.2p1"), ("cisco", "ios", "15.2(7)E10"), ("a-b", "c:d", "1~rc+2"), ("x", "y", None)],
)
def test_a_cpe_of_our_own_comes_back_the_same(vendor: str, name: str, version: str | None) -> None:
    ours = cpe("a", vendor, name, version, "")
    assert ours is not None
    words = cpe_uri(ours).removeprefix("cpe:/").split(":")
    escaped = [_unbound(word) for word in words]
    assert "cpe:2.3:" + ":".join([*escaped, *["*"] * (11 - len(escaped))]) == ours


def _unbound(word: str) -> str:
    out, at = "", 0
    while at < len(word):
        if word[at] == "%":
            out += "\\" + chr(int(word[at + 1 : at + 3], 16))
            at += 3
        else:
            out += word[at]
            at += 1
    return out or "*"
