"""Who is asked otherwise than plainly, and what of: from the plan and the rows of the plain scan."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec
import pytest

from scanner.dressing import (
    DETOUR_PROBES,
    MOST_DETOUR_PROBES,
    MOST_PAIRS,
    canary_dressed,
    detours,
    dressed,
    neighbour_of,
    source_port_of,
)
from scanner.model.addresses import AddressSet, addresses_of, ports_of
from scanner.model.network import Knock
from scanner.model.observation import HostSeen, Observation, PortState, Vantage
from scanner.model.site import Authorization, Critical, Scope, Site, Zone
from scanner.plan import Manners, Plan, make_plan
from scanner.ports import Ports

DAY = datetime.date(2026, 11, 22)
SITE = Site(
    client="c",
    site="s",
    zones=(
        Zone("here", ("10.0.0.0/24", "fd00::/64")),
        Zone("far", ("10.1.0.0/28", "fd01::/64")),
        Zone("plant", ("10.2.0.0/28",)),
    ),
    critical=(Critical("Database", ("10.1.0.9",), ("tcp/5432",)),),
    authorization=Authorization("owner", DAY, DAY),
    scope=Scope(fragile=("10.0.0.40", "10.2.0.6"), exclude=("10.0.0.50",)),
)
HERE = Vantage("here", "eth0", "10.0.0.250", "fd00::250")
PORTS = Ports((22, 443), (53,))
THOROUGH = Manners(thorough=True)


def plan(known: tuple[str, ...] = (), manners: Manners = THOROUGH, ports: Ports = PORTS, **more: int) -> Plan:
    return make_plan(SITE, HERE, ports, known, manners, (more and {"10.1.0.3": more["door"]}) or {})


def neighbour(address: str, mac: int, how: str = "arp") -> tuple[str, Observation]:
    return "sweep", HostSeen(address, how, 1.0, mac=f"02:00:00:00:00:{mac:02x}")  # type: ignore[arg-type]


def row(
    address: str, ports: str, state: str, ttl: int | None = 63, via: str = "", source: str | None = None
) -> PortState:
    return PortState(address, "tcp", ports, state, "x", 1.0, ttl, source or address, via=via)  # type: ignore[arg-type]


ROUTER = neighbour("10.0.0.1", 1, "gateway")
NEAR = [ROUTER, neighbour("10.0.0.1", 1), neighbour("10.0.0.7", 7), neighbour("fd00::7", 7, "ndp")]


@pytest.mark.parametrize(
    ("via", "port", "address"),
    [("sport-53", 53, None), ("by-10.0.0.7", None, "10.0.0.7"), ("by-fd00::7", None, "fd00::7"), ("", None, None),
     ("fragments", None, None), ("sport-0", None, None), ("sport-x", None, None), ("by-", None, None)],
)  # fmt: skip
def test_a_dressing_says_what_it_is(via: str, port: int | None, address: str | None) -> None:
    assert (source_port_of(via), neighbour_of(via)) == (port, address)


def test_what_is_settled_plainly_is_not_asked_dressed() -> None:
    rows: list[tuple[str, Observation]] = [
        ("knock-0", row("10.1.0.9", "22", "open")),
        ("knock-0", row("10.1.0.9", "443", "closed")),  # from as far away as its open port: its own
        ("knock-0", row("10.1.0.3", "22", "closed", ttl=64)),  # nearer than whatever it said: a firewall's, maybe
        ("knock-0", row("10.1.0.4", "22", "rejected", source="10.0.0.1")),
        ("via-sport-53-0", row("10.1.0.9", "5432", "open", via="sport-53")),
    ]
    units, left = dressed(plan(), rows)
    assert not left
    assert [name for name, _ in units] == [f"via-{each}-0" for each in (*SPORTS, "fragments")]
    for _, knock in units:
        assert set(addresses_of(knock.addresses)) == {"10.1.0.9", "10.1.0.3"}
        assert knock.known == (("10.1.0.9", "tcp", "22"), ("10.1.0.9", "tcp", "443"))
        assert set(knock.tcp) == {22, 443, 5432}
        assert knock.udp == ((53,) if knock.via in ("sport-53", "sport-123", "fragments") else ())


SPORTS = ("sport-53", "sport-20", "sport-88", "sport-123")


def test_only_a_thorough_scan_dresses_and_a_bound_holds() -> None:
    known = tuple(f"10.1.0.{n}" for n in range(1, 15))
    assert dressed(plan(known, Manners()), []) == ([], AddressSet())
    many = Ports(tuple(range(1, 65536)))
    units, left = dressed(plan(known, ports=many), [])
    asked = AddressSet.of(each for _, knock in units for each in addresses_of(knock.addresses))
    assert len(asked) == MOST_PAIRS // 65535
    assert "10.1.0.9" in asked, "the critical one first"
    assert len(asked) + len(left) == len(known)


def test_a_canary_is_asked_alike_in_each_dressing_and_signed() -> None:
    whole = Knock("10.2.0.3", (1, 2), (3,), echo=True, nonce="abcd")
    units = dict(canary_dressed(plan(), [whole]))
    assert [knock.via for knock in units.values()] == [*SPORTS, "fragments"]
    assert all(name.startswith("canary-via-") for name in units)
    assert all((knock.nonce, knock.tcp, knock.echo) == ("abcd", (1, 2), False) for knock in units.values())
    assert not list(canary_dressed(plan(manners=Manners()), [whole]))


def asked_on(port: int, knocks: Sequence[Knock]) -> set[str]:
    """The addresses that are asked on a port."""
    known = {address for each in knocks for address, _, ports in each.known if port in ports_of(ports)}
    return {a for each in knocks if port in each.tcp for a in addresses_of(each.addresses)} - known


def test_neighbours_are_handed_packets_for_the_critical_first() -> None:
    units = detours(plan(("10.1.0.3",), Manners(), door=22), SITE, NEAR)
    asked = {port: asked_on(port, [knock for _, knock in units]) for port in (5432, 22, 443)}
    assert asked[5432] == {"10.1.0.9"}
    assert asked[22] == {"10.1.0.3"}
    # And where the routers of the other zones usually are, and for whom there is room.
    assert {"10.1.0.1", "10.1.0.14", "10.2.0.1", "10.2.0.14"} < asked[443]
    assert len(units) == 1, "they are waited for together"
    assert {knock.by for _, knock in units} == {("10.0.0.7",)}
    assert all(knock.echo and not knock.udp for _, knock in units)


@pytest.mark.parametrize(
    ("rows", "by"),
    [
        ([ROUTER, neighbour("10.0.0.1", 1), neighbour("10.0.0.9", 1)], set()),
        ([ROUTER, neighbour("10.0.0.40", 40)], set()),
        ([ROUTER, neighbour("10.0.0.50", 50)], set()),
        ([ROUTER, neighbour("10.0.0.41", 41), neighbour("10.0.0.40", 41)], set()),
        ([ROUTER, neighbour("192.0.2.7", 7)], set()),
        ([ROUTER, neighbour("10.0.0.7", 7), neighbour("2001:db8::7", 7, "ndp")], {"10.0.0.7"}),
        ([ROUTER, neighbour("10.0.0.8", 7), neighbour("10.0.0.7", 7)], {"10.0.0.7"}),
        ([ROUTER, neighbour("fe80::7", 7, "ndp")], set()),
        ([ROUTER, neighbour("fe80::7", 7, "ndp"), neighbour("10.0.0.7", 7)], {"10.0.0.7"}),
        ([ROUTER, ("sweep", HostSeen("10.0.0.7", "echo-reply", 1.0))], set()),
        ([ROUTER, neighbour("10.0.0.250", 9, "self"), neighbour("10.0.0.7", 9)], set()),
    ],
    ids=["the router", "fragile", "excluded", "fragile by another address", "out of scope", 
        "out of scope by another address", "once a machine",
         "link-local only", "link-local too", "no MAC", "the laptop itself"],
)  # fmt: skip
def test_who_is_tried_as_a_gateway(rows: list[tuple[str, Observation]], by: set[str]) -> None:
    assert {each for _, knock in detours(plan(), SITE, rows) for each in knock.by} == by


def test_nobody_fragile_is_asked_by_way_of_others() -> None:
    units = detours(plan(("10.2.0.6", "10.2.0.5")), SITE, NEAR)
    asked = AddressSet.of(each for _, knock in units for each in addresses_of(knock.addresses))
    assert "10.2.0.5" in asked
    assert "10.2.0.6" not in asked


@pytest.mark.parametrize(("manners", "limit"), [(Manners(), DETOUR_PROBES), (THOROUGH, MOST_DETOUR_PROBES)])
@pytest.mark.parametrize("count", [1, 100, 252])
def test_the_budget_of_the_detours_holds(manners: Manners, limit: int, count: int) -> None:
    rows = [ROUTER, *(neighbour(f"10.0.0.{n}", n) for n in range(2, count + 2) if n not in (40, 50, 250))]
    known = tuple(f"10.1.0.{n}" for n in range(1, 15))
    units = detours(plan(known, manners), SITE, rows)
    probes = 0
    for _, k in units:
        asked = len(list(addresses_of(k.addresses))) + sum(len(asked_on(port, [k])) for port in k.tcp)
        probes += asked * len(k.by) * k.tries
    assert 0 < probes + len({each for _, k in units for each in k.by}) <= limit


@pytest.mark.parametrize("changed", [{"manners": Manners(polite=True)}, {"ports": Ports()}], ids=["polite", "no ports"])
def test_no_detours_where_nothing_of_that_kind_is_wanted(changed: dict[str, object]) -> None:
    assert not detours(msgspec.structs.replace(plan(), **changed), SITE, NEAR)
