"""Other tools' scans taken over as sessions: what they prove, and what they never do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typed import Run, sentence

from scanner.store import Store

SITE = """\
client: Test
site: here
authorization: {by: owner, from: 2020-01-01, until: 2099-12-31}
zones:
  - {name: servers, subnets: [127.77.0.0/29], trust: critical}
  - {name: guest, subnets: [127.78.0.0/29], trust: untrusted}
allow: [{from: guest, to: servers, services: [tcp/443]}]
"""
START = 1795000000
END = f'<runstats><finished time="{START + 500}" exit="success"/></runstats></nmaprun>'


def port(number: int, state: str, reason: str, ttl: int, product: str = "") -> str:
    service = f'<service name="x" product="{product}" method="probed"/>' if product else ""
    return (
        f'<port protocol="tcp" portid="{number}"><state state="{state}" reason="{reason}" reason_ttl="{ttl}"/>'
        f"{service}</port>"
    )


def host(address: str, reason: str, *ports: str, mac: str = "") -> str:
    link = f'<address addr="{mac}" addrtype="mac"/>' if mac else ""
    return (
        f'<host endtime="{START + 100}"><status state="up" reason="{reason}"/>'
        f'<address addr="{address}" addrtype="ipv4"/>{link}<ports>{"".join(ports)}</ports></host>'
    )


def run_of(args: str, *hosts: str, end: str = END) -> str:
    return (
        f'<?xml version="1.0"?><!DOCTYPE nmaprun><nmaprun scanner="nmap" args="nmap {args}" start="{START}">'
        f'<scaninfo type="syn" protocol="tcp" numservices="2" services="22,443"/>{"".join(hosts)}{end}'
    )


SERVERS = run_of(
    "-sS -p22,443 127.77.0.0/29",
    host("127.77.0.2", "localhost-response"),
    host("127.77.0.5", "arp-response", port(22, "open", "syn-ack", 64), port(443, "open", "syn-ack", 64, "nginx"),
         mac="02:00:00:00:00:05"),
)  # fmt: skip
DROP, PASS = port(22, "filtered", "no-response", 0), port(443, "open", "syn-ack", 63, "nginx")
GUEST = run_of(
    "-sS -sV -Pn -p22,443 127.77.0.0/29 127.78.0.0/29",
    host("127.78.0.2", "localhost-response"),
    host("127.78.0.1", "arp-response", port(22, "closed", "reset", 64), mac="02:00:00:00:00:11"),
    *(host(f"127.77.0.{n}", "user-set", DROP, PASS if n == 5 else port(443, "filtered", "no-response", 0))
      for n in range(1, 7)),
)  # fmt: skip
PART = GUEST.replace("127.77.0.0/29 127.78.0.0/29", "127.77.0.5 127.78.0.1")
MASSCAN = (
    f'[\n{{ "ip": "127.77.0.5", "timestamp": "{START}", "ports": [ {{"port": 22, "proto": "tcp", "status": "open", '
    '"reason": "syn-ack", "ttl": 63} ] },\n{ "ip": "127.7'
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    for name, text in (("servers.xml", SERVERS), ("guest.xml", GUEST), ("part.xml", PART), ("masscan.json", MASSCAN)):
        (tmp_path / name).write_text(text)
    return path


def taken(run: Run, site: Path, name: str, zone: str, *more: str) -> str:
    code, out, err = run("import", site, site.parent / name, "--from", zone, *more)
    assert (code, out) == (0, ""), err
    return err


def cell(run: Run, site: Path) -> tuple[str, str]:
    code, out, err = run("assess", site, "-o", "json=-", "--today", "2026-11-20")
    assert code == 0, err
    rows = {(each["from"], each["to"]): each for each in json.loads(out)["cells"]}
    return rows["guest", "servers"]["verdict"], rows["guest", "servers"]["reason"]


def test_two_whole_runs_prove_what_a_scan_from_both_zones_proves(run: Run, site: Path) -> None:
    assert "from servers (nmap)" in taken(run, site, "servers.xml", "servers")
    assert "is here already" in taken(run, site, "servers.xml", "servers")
    taken(run, site, "guest.xml", "guest")
    verdict, reason = cell(run, site)
    assert verdict == "AS_POLICY"
    assert "1 dropped" in reason


def test_a_part_proves_no_isolation_and_voids_no_proof(run: Run, site: Path) -> None:
    taken(run, site, "servers.xml", "servers")
    assert "not as a scan: it did not ask all of guest" in taken(run, site, "part.xml", "guest")
    assert cell(run, site) == ("UNPROVEN", "the scan from guest was imported, and asked less than a scan does")
    taken(run, site, "guest.xml", "guest")
    assert cell(run, site)[0] == "AS_POLICY"


def test_a_breach_counts_whoever_found_it_and_wherever_the_file_breaks_off(run: Run, site: Path) -> None:
    said = taken(run, site, "masscan.json", "guest")
    assert "breaks off" in said
    assert "of silence, and so of isolation, it shows nothing" in said
    assert cell(run, site)[0] == "BREACHED"


def test_a_cut_run_is_an_unfinished_scan_that_nothing_of_ours_goes_on_with(run: Run, site: Path) -> None:
    cut = site.parent / "cut.xml"
    cut.write_text(GUEST[: GUEST.index("127.77.0.6")])
    assert "unfinished" in taken(run, site, "cut.xml", "guest")
    assert run("assess", site, "--fail-on", "critical", "--today", "2026-11-20")[0] == 3
    taken(run, site, "servers.xml", "servers")
    assert cell(run, site) == ("UNPROVEN", "the scan from guest did not run to its end")
    with Store(site.with_suffix(".fencewalk.sqlite"), create=False) as store:
        assert not all(each.complete for each in store.scans("Test", "here"))
        assert store.unfinished("Test", "here", "guest") is None


WRONG = [
    (("servers.xml", "guest"), "was seen from 127.77.0.2, which is in servers and not in guest"),
    (("guest.xml", "lobby"), "--from lobby: the site file has no such zone"),
    (("guest.xml", "guest", "--address", "127.77.0.1"), "--address 127.77.0.1: is not in guest"),
    (("guest.xml", "guest", "--address", "x"), "--address x: is no IPv4 or IPv6 address"),
    (("guest.xml", "guest", "--host", "x"), "--host, --distro and --map are for software inventories"),
    (("guest.xml", "guest", "--write"), "--write is for"),
    (("site.yaml", "guest"), "is the site file itself"),
    (("future.xml", "guest"), "is of a time to come"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(each[0]) for each in WRONG])
def test_what_cannot_be_is_refused_and_nothing_is_kept(run: Run, site: Path, words: tuple[str, ...], said: str) -> None:
    (site.parent / "future.xml").write_text(GUEST.replace(str(START), "4000000000"))
    name, zone, *more = words
    code, out, err = run("import", site, site.parent / name, "--from", zone, *more)
    assert (code, out) == (2, "")
    assert said in sentence(err)
    assert run("assess", site)[0] == 2


def test_without_a_zone_nmap_is_an_inventory_and_masscan_is_nothing(run: Run, site: Path) -> None:
    code, _, err = run("import", site, site.parent / "masscan.json")
    assert code == 2
    assert "name the zone with --from" in sentence(err)
    assert "1 machine" in run("import", site, site.parent / "servers.xml")[2]


def test_another_laptops_store_brings_its_imports_along(run: Run, site: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    taken(run, site, "masscan.json", "guest", "--store", str(other))
    code, _, err = run("import", site, other)
    assert code == 0, err
    assert "imported session" in err
    assert cell(run, site)[0] == "BREACHED"
