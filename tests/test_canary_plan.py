"""What a canary on the far side adds to a scan's plan, and what can be none."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
import pytest

from scanner.canary_plan import PROOFS, canary_knocks, every_port, proofs, with_canary
from scanner.errors import BadInput
from scanner.model.addresses import AddressSet
from scanner.model.observation import PortState, Vantage
from scanner.model.site import Critical, Scope, Site, Zone
from scanner.plan import Plan, make_plan
from scanner.ports import Ports, parse_ports

HERE = Vantage("guest", "eth0", "10.0.1.250")
ZONES = (Zone("guest", ("10.0.1.0/24",)), Zone("servers", ("10.0.2.0/24", "fd00:2::/64")))
PORTS = Ports((22, 80), (53,))


def site(**changes: object) -> Site:
    return msgspec.structs.replace(Site(client="c", site="s", zones=ZONES), **changes)


def planned(*addresses: str, where: Site | None = None, here: Vantage = HERE) -> Plan:
    where = where or site()
    return with_canary(make_plan(where, here, parse_ports("443")), where, addresses, PORTS, "beef")


def test_a_canary_is_asked_signed_and_by_nothing_else() -> None:
    named = site(critical=(Critical("DB", ("10.0.2.9",), ("tcp/5432",)),))
    plan = planned("10.0.2.9", where=named)
    (knock,) = canary_knocks(plan)
    assert (knock.addresses, knock.tcp, knock.udp, knock.echo, knock.nonce) == (
        "10.0.2.9",
        (22, 80),
        (53,),
        True,
        "beef",
    )
    texts = (plan.other, plan.own_named, plan.landmarks, plan.sweep.on_link, plan.sweep.routed, plan.sweep.discover)
    assert all("10.0.2.9" not in AddressSet.parse(each) for each in texts)
    assert all("10.0.2.9" not in AddressSet.parse(each.addresses) for each in plan.knocks(AddressSet()))
    assert "10.0.2.9" not in plan.worth
    assert len(AddressSet.parse(plan.other)) == 253
    # Two TCP ports, a UDP port and an echo request, twice each.
    assert plan.packets() - msgspec.structs.replace(plan, canary="").packets() == 8


def test_without_a_canary_the_plan_is_the_same() -> None:
    plain = make_plan(site(), HERE, parse_ports("443"))
    assert with_canary(plain, site(), (), PORTS, "beef") == plain
    assert canary_knocks(plain) == []


def test_each_address_is_a_unit_of_its_own() -> None:
    here = Vantage("guest", "eth0", "10.0.1.250", "fd00:1::5")
    plan = planned("fd00:2::9", "10.0.2.9", "10.0.2.9", here=here)
    assert [each.addresses for each in canary_knocks(plan)] == ["10.0.2.9", "fd00:2::9"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("servers", "no IP address"),
        ("10.0.3.9", "in no zone"),
        ("10.0.2.77", "scope does not hold it"),
        ("10.0.2.8", "fragile"),
        ("10.0.1.9", "no fence lies between"),
        ("10.0.1.250", "sent from that address"),
        ("fd00:2::9", "no routable IPv6 address"),
    ],
)
def test_what_can_be_no_canary_is_refused_with_the_reason(address: str, why: str) -> None:
    where = site(scope=Scope(exclude=("10.0.2.77",), fragile=("10.0.2.8",)))
    with pytest.raises(BadInput, match=why) as caught:
        planned(address, where=where)
    assert str(caught.value).startswith(f"--canary {address}: ")
    assert caught.value.exit_code == 2


def test_inside_an_isolated_zone_there_is_something_to_measure() -> None:
    alone = site(zones=(msgspec.structs.replace(ZONES[0], isolated=True), ZONES[1]))
    assert planned("10.0.1.9", where=alone).canary == "10.0.1.9"


@pytest.mark.parametrize(("spec", "count"), [(None, (65535, 65535)), ("all", (65535, 65535)), ("22,U:53", (1, 1))])
def test_every_port_of_both_transports_is_the_default(spec: str | None, count: tuple[int, int]) -> None:
    ports = every_port(spec, "--canary-ports")
    assert (len(ports.tcp), len(ports.udp)) == count


@pytest.mark.parametrize("spec", ["none", "0", "nonsense!"])
def test_ports_that_are_none_name_their_own_flag(spec: str) -> None:
    with pytest.raises(BadInput, match=r"^--canary-ports"):
        every_port(spec, "--canary-ports")


def answers(ports: str, state: str = "open", reason: str = "syn-ack") -> Iterator[PortState]:
    yield PortState("10.0.2.9", "tcp", ports, state, reason, 1.0)  # type: ignore[arg-type]


def test_some_of_many_syn_acks_are_followed_by_a_whole_connection() -> None:
    plan = planned("10.0.2.9")
    few = proofs(plan, answers("22,80,443"))
    assert [each.port for each in few.talks] == [22, 80, 443]
    assert few.nonce == "beef"
    many = [each.port for each in proofs(plan, answers("1-65535")).talks]
    assert len(many) == len(set(many)) == PROOFS
    assert (many[0], many[-1]) == (1, 65535)
    assert max(after - before for before, after in itertools.pairwise(many)) < 1100


def test_no_whole_connection_is_made_where_it_proves_nothing_or_something_may_be_printed() -> None:
    plan = planned("10.0.2.9")
    assert proofs(plan, answers("515,9100-9107,502")).talks == ()
    assert proofs(plan, answers("22", "closed", "rst")).talks == ()
    assert proofs(plan, answers("22", "open", "connected")).talks == ()
