"""What `--dry-run` says of source ports, fragments and detours, and which flags shut them out."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import Run, sentence

from scanner.cli._dressing import thorough_packets
from scanner.cli._dry_run import Sender, described
from scanner.dressing import DETOUR_PROBES, MOST_DETOUR_PROBES, MOST_PAIRS
from scanner.model.observation import Vantage
from scanner.model.site import Site, Zone
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports

SITE = Site(client="c", site="s", zones=(Zone("guest", ("10.0.1.0/24",)), Zone("servers", ("10.0.2.0/24",))))
HERE = Vantage("guest", "eth0", "10.0.1.250")
RAW = Sender("raw", raw=True, ping=False)
CONNECT = Sender("connect", raw=False, ping=True)
KNOWN = ("10.0.2.7", "10.0.2.8")


def text(manners: Manners, who: Sender = RAW, ports: str = "22,U:53") -> str:
    return described(make_plan(SITE, HERE, parse_ports(ports), KNOWN, manners), SITE, who)


def test_detours_are_said_of_every_scan_that_asks_ports() -> None:
    assert f"about {DETOUR_PROBES:,} probes at most" in text(Manners())
    assert f"about {MOST_DETOUR_PROBES:,} probes at most" in text(Manners(thorough=True))
    assert "not tried as gateways" in text(Manners(), CONNECT)
    for none in (text(Manners(polite=True)), text(Manners(), ports="none")):
        assert "gateway" not in none


def test_a_thorough_scan_names_its_bound() -> None:
    said = text(Manners(thorough=True))
    assert "from source ports 53, 20, 88, 123 and in fragments" in said
    assert "2 addresses of other zones that are named or known" in said
    assert f"({MOST_PAIRS:,} ports" in said
    assert "fragments" not in text(Manners())


def test_the_packets_of_a_thorough_scan_are_counted() -> None:
    plain, more = (
        make_plan(SITE, HERE, parse_ports("22,U:53"), KNOWN, Manners(thorough=each)) for each in (False, True)
    )
    assert thorough_packets(plain) == DETOUR_PROBES
    # Two addresses; four source ports with TCP, two of them with UDP, and both in fragments; each twice.
    assert thorough_packets(more) == MOST_DETOUR_PROBES + 2 * 2 * (4 + 2 + 2 * 4)


def test_thorough_and_polite_forbid_each_other(run: Run, site: Path) -> None:
    code, _, said = run("scan", site, "--from", "loop", "--thorough", "--polite", "--dry-run")
    assert code == 2
    assert "--thorough" in sentence(said)


@pytest.mark.parametrize("flags", [(), ("--thorough",)], ids=["plain", "thorough"])
def test_the_flag_reaches_the_plan(run: Run, site: Path, flags: tuple[str, ...]) -> None:
    _, out, _ = run("scan", site, "--from", "loop", *flags, "--dry-run")
    assert ("source ports 53" in out) is bool(flags)
