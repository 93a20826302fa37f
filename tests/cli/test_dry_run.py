"""What `scan --dry-run` says: the plan of the engine that would be used, from the site file alone if need be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typed import SITE, Run, sentence

from scanner.cli._dry_run import Sender, asked, described, out_of_scope, stand_in
from scanner.errors import OutOfScope
from scanner.model.observation import Vantage
from scanner.model.site import Critical, Rule, Scope, Site, Zone
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports

HERE = Vantage("guest", "eth0", "10.0.1.250")
TWO = (Zone("guest", ("10.0.1.0/24",)), Zone("servers", ("10.0.2.0/24",)))
RAW = Sender("raw", raw=True, ping=False)
CONNECT = Sender("connect", raw=False, ping=True)


def small(**changes: object) -> Site:
    return msgspec.structs.replace(Site(client="c", site="s", zones=TWO), **changes)


def text_of(who: Sender, ports: str, named: Site | None = None) -> dict[str, str]:
    """The lines by their heads."""
    named = named or small()
    lines = described(make_plan(named, HERE, parse_ports(ports)), named, who).splitlines()
    found: dict[str, str] = {}
    head = ""
    for line in lines:
        head = line[:12].strip() or head
        found[head] = f"{found.get(head, '')} {line[13:]}".strip()
    return found


def test_targets_ports_and_counts_are_named() -> None:
    scoped = small(scope=Scope(fragile=("10.0.2.0/28",), exclude=("10.0.2.99",)))
    said = text_of(RAW, "22,502", scoped)
    assert "10.0.2.1-10.0.2.98,10.0.2.100-10.0.2.254" in said["other zones"]
    assert said["tcp ports"] == "2: 22,502"
    assert said["udp ports"] == "none"
    assert "tcp 502: industrial" in said["refused"]
    assert said["fragile"].endswith("10.0.2.1-10.0.2.15")


def test_every_reason_for_which_a_port_is_not_asked_is_named() -> None:
    assert text_of(RAW, "U:53,161")["refused"].startswith("udp 161: SNMP")
    assert "refused" not in text_of(RAW, "U:53,161", small(scope=Scope(snmp_public=True)))


@pytest.mark.parametrize(
    ("who", "engine", "own", "packets"),
    [
        (RAW, "packets of our own", "by ARP, NDP and echo, and asked for their names", "about "),
        (Sender("raw", raw=False, ping=True), "without it a scan is refused", "by ARP", "about "),
        (CONNECT, "ordinary connections;", "by echo, and those that", "at most 507 connections and about "),
        (Sender("connect", False, False), "ordinary connections;", "not looked for", "at most 507 connections"),
        (Sender("connect", True, True), "hosts found by raw packets", "by ARP", "at most 507 connections"),
        (Sender("nmap", True, True), "ports asked by Nmap, hosts found by raw packets", "by ARP", "about "),
        (Sender("nmap", False, True), "no UDP port", "by echo", "at most 507 connections"),
    ],
    ids=["raw", "raw without the right", "connect", "connect without ping", "connect as root", "nmap", "nmap as user"],
)
def test_each_engine_says_what_it_would_do(who: Sender, engine: str, own: str, packets: str) -> None:
    said = text_of(who, "22")
    assert engine in said["engine"]
    assert own in said["own zone"]
    assert said["packets"].startswith(packets)


def test_without_raw_packets_nothing_is_said_of_raw_packets() -> None:
    wide = small(zones=(TWO[0], Zone("servers", ("10.9.0.0/16",))))
    raw, connect = (" ".join(text_of(who, "22", wide).values()) for who in (RAW, CONNECT))
    for word in ("ARP", "timestamp", "ack asks"):
        assert word in raw
        assert word not in connect
    assert "syn connects to tcp 22,80,443,445,3389" in connect


def test_ports_that_only_the_policy_names_are_told_apart() -> None:
    policy = small(
        critical=(Critical("DB", ("10.0.2.10",), ("tcp/5432",)),), require=(Rule("*", "servers", ("udp/514",)),)
    )
    said = text_of(RAW, "U:53", policy)
    assert said["tcp ports"].startswith("none and 1 port that the policy (critical, allow, require) names")
    assert said["tcp ports"].endswith(": 5432")
    assert said["udp ports"].startswith("1: 53 and 1 port that")
    plan = make_plan(policy, HERE, parse_ports("U:53"))
    assert asked(plan) == "1 UDP port, and 2 ports that the policy names: tcp 5432, udp 514"
    assert asked(make_plan(policy, HERE, parse_ports("none"))).startswith("no ports")
    assert asked(make_plan(small(), HERE, parse_ports("22,80,U:53"))) == "2 TCP ports and 1 UDP port"
    assert text_of(RAW, "none", policy)["ports"].startswith("none")


def test_the_dns_server_is_named() -> None:
    plan = make_plan(small(), HERE, parse_ports("22"), manners=Manners(resolver="10.0.2.53"))
    assert "asked of the DNS server 10.0.2.53" in described(plan, small(), RAW)
    assert "names  " not in described(make_plan(small(), HERE, parse_ports("22")), small(), RAW)


def test_a_zone_is_planned_whole_without_standing_in_it() -> None:
    six = (Zone("guest", ("10.0.1.0/24", "fd01::/64")), Zone("servers", ("10.0.2.0/24", "fd02::/64")))
    named = small(zones=six, critical=(Critical("DB", ("fd02::10",), ("tcp/5432",)),))
    plan = make_plan(named, stand_in(six[0]), parse_ports("22"))
    assert plan.sweep.on_link == "10.0.1.1-10.0.1.254"
    assert "fd02::10" in plan.other
    assert "the laptop is not there now" in described(plan, named, RAW, here=False)
    assert stand_in(TWO[0]).address6 is None


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(include=("10.99.0.0/16",)), "scope.include (10.99.0.0/16) holds no address of any zone"),
        (Scope(exclude=("10.0.0.0/8",)), "without scope.exclude (10.0.0.0/8) holds no address of any zone"),
    ],
)
def test_a_scope_that_misses_every_zone_is_named_with_the_zones(scope: Scope, words: str) -> None:
    with pytest.raises(OutOfScope) as caught:
        out_of_scope(small(scope=scope), Path("s.yaml"))
    assert str(caught.value).startswith("s.yaml: ")
    assert words in str(caught.value)
    assert "(guest 10.0.1.0/24, servers 10.0.2.0/24)" in str(caught.value)


def test_a_scope_that_misses_one_zone_says_which() -> None:
    [said] = out_of_scope(small(scope=Scope(include=("10.0.2.0/24",))), Path("s.yaml"))
    assert said == "nothing is asked in guest: scope.include (10.0.2.0/24) holds none of its addresses"
    assert out_of_scope(small(), Path("s.yaml")) == []


def test_the_cable_need_not_be_in(run: Run, site: Path) -> None:
    code, out, err = run("scan", site, "--from", "far", "--dry-run")
    assert code == run("scan", site, "--from", "far")[0] == 2, "the plan is shown, and the scan's own answer given"
    assert "far: the laptop is not there now" in out
    assert "127.77.0.1-127.77.0.6" in out
    assert "a scan would be refused: no interface is in zone 'far'" in sentence(err)


def test_the_engine_that_is_named_is_the_one_that_is_planned(run: Run, site: Path) -> None:
    _, out, _ = run("scan", site, "--from", "loop", "--interface", "lo", "--dry-run", "--engine", "connect")
    assert "connect: ports asked by ordinary connections" in out


def test_a_scope_beside_the_zones_sends_nothing(run: Run, site: Path) -> None:
    site.write_text(f"{SITE}scope: {{include: [10.99.0.0/16]}}\n")
    for dry in ([], ["--dry-run"]):
        code, out, err = run("scan", site, "--from", "loop", "--interface", "lo", *dry)
        assert (code, out) == (2, "")
        assert "(loop 127.0.0.0/29, far 127.77.0.0/29)" in sentence(err)


def test_a_capture_that_cannot_be_made_is_refused_at_once(run: Run, site: Path) -> None:
    code, out, err = run("scan", site, "--from", "loop", "--capture", site.parent / "none" / "x.pcap", "--dry-run")
    assert (code, out) == (2, "")
    assert "there is no folder" in sentence(err)
