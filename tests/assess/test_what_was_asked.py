"""`tested` counts the pairs of an address and a port that somebody asked, and what coverage says of them is so."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest
from assess.scene import DB, GUEST, LAPTOP, NOTHING_KNOWN, OFFICE, SERVERS, TODAY, echo, port, session, silence, site
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import TWO_ZONES

from scanner import samples
from scanner.assess import assess
from scanner.assess.facts.asked import area
from scanner.importers.document import read_document
from scanner.lab.topology import Topology
from scanner.model.addresses import AddressSet, address, addresses_of, ports_of
from scanner.model.observation import (
    NOT_CAPTURED,
    Alive,
    HostSeen,
    Limitation,
    Observation,
    PortState,
    Refused,
    Session,
    Silence,
)
from scanner.model.report import CoverageRow
from scanner.model.site import Site
from scanner.ports import parse_ports
from scanner.store import Store

Pair = tuple[str, str, int]


def pairs_of(row: Observation) -> set[Pair]:
    """By hand, one by one."""
    if isinstance(row, Alive):
        return set().union(*(pairs_of(each) for each in row.rows()))
    if isinstance(row, PortState):
        return {(address(row.address), row.transport, each) for each in ports_of(row.ports)}
    if isinstance(row, Silence):
        return {(who, row.transport, each) for who in addresses_of(row.addresses) for each in ports_of(row.ports)}
    return set()


def expected(scene: Site, given: tuple[Session, ...]) -> dict[tuple[str, str], int]:
    """Vantage zone and asked zone -> pairs, the laptop's own addresses apart, and what dressed probes ask."""
    own = {a for each in given for a in (each.scan.vantage.address, each.scan.vantage.address6) if a}
    counted: dict[tuple[str, str], set[Pair]] = {}
    for each in given:
        for pair in set().union(*(pairs_of(row) for row in each.observations if not getattr(row, "via", ""))):
            zone = scene.zone_of(pair[0])
            if zone is not None and pair[0] not in own:
                counted.setdefault((each.scan.vantage.zone, zone.name), set()).add(pair)
    return {key: len(each) for key, each in counted.items()}


def judged(*given: Session, to: str = SERVERS) -> tuple[int, CoverageRow]:
    found = assess(site(), given, NOTHING_KNOWN, TODAY)
    cell = next(each for each in found.cells if (each.from_, each.to) == (GUEST, to))
    return cell.tested, next(each for each in found.coverage if (each.from_, each.to) == (GUEST, to))


MANY = "10.0.2.1-10.0.2.100"


@pytest.mark.parametrize(
    ("given", "tested", "says"),
    [
        pytest.param(
            [session(GUEST, silence(MANY, "1-200"), silence(MANY, "8", transport="icmp"))],
            100 * 201, "100 of 254 addresses asked: 200 TCP ports and ping each", id="all the same",
        ),
        pytest.param(
            [session(GUEST, silence(DB, "22"), *(echo(f"10.0.2.{n}") for n in range(20, 60)))],
            41, "41 of 254 addresses asked: 1 TCP port of 1 address, ping of 40 addresses",
            id="discovered, pinged only",
        ),
        pytest.param(
            [session(GUEST, silence(DB, "22"), Alive("10.0.2.20-10.0.2.59", "icmp", 8, "echo-reply", 1.0))],
            41, "ping of 40 addresses", id="pinged only, in one row",
        ),
        pytest.param(
            [session(GUEST, silence(DB, "22"), Alive("10.0.2.20-10.0.2.59", "tcp", 443, "rst", 1.0),
                     HostSeen("10.0.2.70", "tcp", 1.0))],
            1, "1 of 254 addresses asked: 1 TCP port", id="a sign of life is no flow",
        ),
        pytest.param(
            [session(GUEST, silence(MANY, "1-200")), session(GUEST, silence("10.0.2.1-10.0.2.250", "22"), started=9e3)],
            100 * 200 + 150,
            "250 of 254 addresses asked: up to 200 TCP ports of 250 addresses, not of each the same"
            " (20,150 flows in all)", id="narrower",
        ),
        pytest.param(
            [session(GUEST, silence(MANY, "1-200")), session(GUEST, silence(MANY, "22,80,1000"), started=2000)],
            100 * 201, "100 of 254 addresses asked: 201 TCP ports each", id="asked again, and one port more",
        ),
        pytest.param(
            [session(GUEST, silence("10.0.2.1-10.0.2.50", "1-200"), port(DB, "5-7", "open"),
                     port("10.0.2.60", 9, "open"), complete=False)],
            50 * 200 + 1,
            "51 of 254 addresses asked: up to 200 TCP ports of 51 addresses, not of each the same"
            " (10,001 flows in all)", id="cut off",
        ),
        pytest.param(
            [session(GUEST, port(DB, "22", "open"), port(DB, "22,23", "closed"), silence(DB, "23-25"))],
            4, "1 of 254 addresses asked: 4 TCP ports", id="rows that speak of the same ports",
        ),
        pytest.param(
            [session(GUEST, silence(f"{DB},{LAPTOP[SERVERS]}", "22")), session(SERVERS, port(DB, 22, "closed"))],
            1, "1 of 254 addresses asked: 1 TCP port", id="the laptop's own address elsewhere",
        ),
        pytest.param(
            [session(GUEST, silence("10.0.2.1-10.0.2.254", "22")), session(SERVERS, port(DB, 22, "closed"))],
            253, "253 of 254 addresses (all but our laptop's own) asked: 1 TCP port each", id="all but the laptop",
        ),
        pytest.param(
            [session(GUEST, silence("10.0.2.1-10.0.3.9", "22", transport="udp"), silence("fd00:2::1-fd00:2::4", "53"))],
            259, "255 addresses and 4 IPv6 addresses asked: 1 TCP port of 4 addresses, 1 UDP port of 255 addresses",
            id="both families, and rows that reach into another zone",
        ),
        pytest.param(
            [session(GUEST, silence(DB, "22"), Refused(DB, "tcp", "502", "industrial", 1.0))],
            1, "1 of 254 addresses asked: 1 TCP port", id="what was refused was not asked",
        ),
    ],
)  # fmt: skip
def test_the_pairs_that_were_asked(given: list[Session], tested: int, says: str) -> None:
    found, coverage = judged(*given)
    assert found == tested == expected(site(), tuple(given))[GUEST, SERVERS]
    assert coverage.reason.startswith(says) if "ping of 40" not in says else says in coverage.reason


def test_addresses_that_were_only_pinged_are_named_as_not_tested() -> None:
    silent = silence("10.0.2.0/24,fd00:2::1".replace("10.0.2.0/24", "10.0.2.0-10.0.2.59"), "22")
    pings = Alive("10.0.2.40-10.0.2.79", "icmp", 8, "echo-reply", 1.0)
    _, coverage = judged(session(GUEST, silent, pings))
    assert coverage.state == "partial"
    assert "asked no port, only pinged: 10.0.2.60-10.0.2.79" in coverage.reason
    _, elsewhere = judged(session(GUEST, silence("10.0.3.7", "22"), pings), to=OFFICE)
    assert elsewhere.state == "tested"
    _, none = judged(session(GUEST, pings))
    assert "the scan asked no ports" in none.reason


def test_a_capture_that_lacks_packets_is_told_and_leaves_what_was_tested_as_it_is() -> None:
    there = port("10.0.1.0", 22, "closed", ttl=64)
    asked = session(GUEST, there, silence("10.0.3.7", "22"), Limitation(NOT_CAPTURED, "scan.pcap lacks 3 packets", 1.0))
    _, coverage = judged(asked, to=OFFICE)
    assert coverage.state == "tested"
    assert "packets are missing from the capture: scan.pcap lacks 3 packets" in coverage.reason
    _, blind = judged(
        msgspec.structs.replace(asked, observations=(*asked.observations, Limitation("TTL", "x", 1.0))), to=OFFICE
    )
    assert blind.state == "partial"


def test_a_list_of_addresses_that_is_too_long_is_cut_with_their_number() -> None:
    scattered = ",".join(f"10.0.2.{n}" for n in range(2, 242, 2))
    _, coverage = judged(session(GUEST, silence(DB, "22"), Alive(scattered, "icmp", 8, "echo-reply", 1.0)))
    # The database is one of these.
    assert "10.0.2.2, 10.0.2.4, 10.0.2.6" in coverage.reason
    assert "and 79 more" in coverage.reason


ADDRESSES = st.builds(
    lambda net, low, size: (
        (f"{net}{low:x}" if ":" in net else f"{net}{low}")
        + (f"-{net}{low + size:x}" if ":" in net else f"-{net}{low + size}")
    ),
    st.sampled_from(["10.0.2.", "10.0.3.", "10.9.9.", "fd00:2::a"]),
    st.integers(0, 12),
    st.integers(0, 9),
)
PORTS = st.builds(lambda low, size: f"{low}-{low + size},{low + size + 2}", st.integers(1, 20), st.integers(0, 12))
TRANSPORTS = st.sampled_from(["tcp", "udp", "icmp"])
ROWS = st.one_of(
    st.builds(lambda a, p, t: silence(a, p, transport=t), ADDRESSES, PORTS, TRANSPORTS),
    st.builds(
        lambda a, p, s, t: port(a.partition("-")[0], p, s, transport=t),
        ADDRESSES, PORTS, st.sampled_from(["open", "closed", "silent"]), TRANSPORTS,
    ),
    st.builds(lambda a, r: Alive(a, "icmp", 8, r, 1.0), ADDRESSES, st.sampled_from(["echo-reply", "icmp-3-1"])),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([GUEST, SERVERS]), st.booleans(), st.lists(ROWS, max_size=7)), max_size=4))
def test_whatever_was_asked_it_is_counted_as_by_hand(scans: list[tuple[str, bool, list[Observation]]]) -> None:
    given = tuple(
        session(zone, *rows, started=1000.0 + n, complete=whole) for n, (zone, whole, rows) in enumerate(scans)
    )
    wanted = expected(site(), given)
    for cell in assess(site(), given, NOTHING_KNOWN, TODAY).cells:
        assert cell.tested == wanted.get((cell.from_, cell.to), 0), cell


HOSTS = "".join(f"  - {{name: h{n}, legs: {{core: [10.2.{n % 8}.{n}]}}}}\n" for n in range(20, 60))
NARROW = TWO_ZONES + "  authorization: {by: Owner, from: 2026-11-01, until: 2026-12-01}\n"
WIDE = NARROW.replace("10.2.0.0/24", "10.2.0.0/21").replace("  - {name: pc,", f"{HOSTS}  - {{name: pc,")


@settings(max_examples=5, deadline=None)
@given(
    wide=st.booleans(),
    scans=st.lists(
        st.tuples(
            st.sampled_from(["user", "core"]),
            st.sampled_from(["1-30", "T:22,80,U:53", "22", "none", "20-40,U:53,123"]),
            st.one_of(st.none(), st.integers(1, 400)),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_simulated_scans_cut_off_narrowed_and_resumed_are_counted_as_by_hand(
    tmp_path_factory: pytest.TempPathFactory, wide: bool, scans: list[tuple[str, str, int | None]]
) -> None:
    topology = read_document(WIDE if wide else NARROW, Topology, "inline.yaml")
    with Store(Path(tmp_path_factory.mktemp("asked")) / "s.sqlite") as store:
        for zone, ports, stop in scans:
            events = samples.scan_simulated(topology, zone, parse_ports(ports), store)
            for number, _ in enumerate(events):
                if number == stop:
                    break
            events.close()
        kept = store.sessions(topology.site.client, topology.site.site)
    wanted = expected(topology.site, kept)
    found = assess(topology.site, kept, NOTHING_KNOWN, topology.today)
    assert {(each.from_, each.to): each.tested for each in found.cells} == {
        (each.from_, each.to): wanted.get((each.from_, each.to), 0) for each in found.cells
    }


def test_a_slash_16_with_a_thousand_ports_is_counted_at_once() -> None:
    whole = AddressSet.parse("10.0.0.0-10.0.255.255")
    everybody = list(whole)
    answered = {each: ("1-900", str(900 + n % 60), "22") for n, each in enumerate(everybody[::2])}
    start = time.process_time()
    found = area(answered, [(whole, "800-1000"), (AddressSet.parse("10.0.7.0/24"), "1-1000")])
    assert time.process_time() - start < 2
    assert found.pairs == 65536 * 201 + 32768 * 799 + 128 * 799
    assert (len(found.addresses), found.ports, found.whole) == (65536, 1000, False)
