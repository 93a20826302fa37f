"""Silent flows that are counted in classes give the same cells as silent flows that are judged one by one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess.facts.evidence import Evidence
from scanner.assess.machines.inventory import Inventory
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.cells import Crossings
from scanner.assess.verdicts.flows import Judge
from scanner.model.addresses import addresses_text, ports_text
from scanner.model.observation import (
    Conversation,
    HostSeen,
    Observation,
    PortState,
    Scan,
    Session,
    Silence,
    State,
    Vantage,
)
from scanner.model.report import CellRow
from scanner.model.site import Critical, Rule, Site, Zone

_ZONES = ("left", "right", "third")
_PORTS = (22, 80, 443)
_STATES: tuple[State, ...] = ("open", "closed", "silent")
_DAY = 86_400.0


def _site(rules: tuple[Rule, ...], required: bool) -> Site:
    return Site(
        client="Client",
        site="Site",
        zones=tuple(Zone(name, (f"10.{at}.0.0/24",), isolated=name == "third") for at, name in enumerate(_ZONES)),
        critical=(Critical("Database", ("10.1.0.5",), ("tcp/22",)),),
        allow=rules,
        require=(Rule("left", "right", ("tcp/80",)),) if required else (),
    )


_RULES = st.lists(
    st.builds(
        Rule,
        from_=st.sampled_from((*_ZONES, "*")),
        to=st.sampled_from((*_ZONES, "10.1.0.4", "10.1.0.8/29", "10.0.0.0/29")),
        services=st.sampled_from((("tcp/22",), ("tcp/80", "tcp/443"), ("tcp/any",))),
    ),
    max_size=3,
).map(tuple)


@st.composite
def _session(draw: st.DrawFn, at: int) -> Session:
    """A visit to one zone: its hosts' services up, and of the others' some silent, some open, some never asked."""
    zone = draw(st.integers(0, 2))
    start = 1e9 + at * _DAY * draw(st.sampled_from((1, 1, 40)))
    seen: list[Observation] = [HostSeen(f"10.{zone}.0.1", "gateway", start, mac=f"02:00:00:00:{zone:02x}:01")]
    for host in draw(st.lists(st.integers(4, 12), unique=True, max_size=5)):
        ports = draw(st.lists(st.sampled_from(_PORTS), min_size=1, unique=True))
        seen.append(HostSeen(f"10.{zone}.0.{host}", "arp", start))
        seen.append(PortState(f"10.{zone}.0.{host}", "tcp", ports_text(ports), "open", "syn-ack", start, 64))
    for other in {0, 1, 2} - ({zone} if zone != 2 else set()):
        for _ in range(draw(st.integers(0, 3))):
            hosts = draw(st.lists(st.integers(2, 14), min_size=1, unique=True))
            quiet = addresses_text(f"10.{other}.0.{host}" for host in hosts)
            ports = draw(st.lists(st.sampled_from(_PORTS), min_size=1, unique=True))
            seen.append(Silence(quiet, "tcp", ports_text(ports), draw(st.integers(1, 2)), start + 60))
        for host in draw(st.lists(st.integers(4, 12), unique=True, max_size=2)):
            state: State = draw(st.sampled_from(_STATES))
            reason = {"open": "syn-ack", "closed": "rst", "silent": "no-response"}[state]
            ttl = None if state == "silent" else 63
            seen.append(PortState(f"10.{other}.0.{host}", "tcp", "22", state, reason, start + 70, ttl, tries=2))
            if state == "open" and draw(st.booleans()):
                seen.append(Conversation(f"10.{other}.0.{host}", "tcp", 22, "ssh", "answered", start + 80, received=9))
    if draw(st.booleans()):
        seen.append(HostSeen(f"10.{zone}.0.1", "gateway", start + 90, mac=f"02:00:00:00:{zone:02x}:01"))
    vantage = Vantage(_ZONES[zone], "eth0", f"10.{zone}.0.200")
    return Session(Scan(f"scan-{at}", vantage, "raw", "plan", start, start + 100, True), tuple(seen))


_VISITS = st.integers(1, 4).flatmap(lambda many: st.tuples(*(_session(at) for at in range(many))))


def _cells(site: Site, sessions: tuple[Session, ...], most: int) -> list[CellRow]:
    evidence = Evidence(site, sorted(sessions, key=lambda each: each.scan.started))
    policy = Policy(site)
    pairs = Crossings(evidence, policy, Judge(evidence, policy, Inventory(evidence).two_legged), most)
    return [
        pairs.of(left.name, right.name).cell
        for left in site.zones
        for right in site.zones
        if left is not right or left.isolated
    ]


@settings(max_examples=60, deadline=None)
@given(rules=_RULES, required=st.booleans(), sessions=_VISITS)
def test_classes_give_the_same_cells(rules: tuple[Rule, ...], required: bool, sessions: tuple[Session, ...]) -> None:
    site = _site(rules, required)
    assert _cells(site, sessions, -1) == _cells(site, sessions, 1 << 30)


def _quiet_site() -> tuple[Site, tuple[Session, ...]]:
    """Forty hosts with two services, all silent for the other zone."""
    hosts = [f"10.1.0.{host}" for host in range(2, 42)]
    up = [PortState(each, "tcp", "22,80", "open", "syn-ack", 1e9, 64) for each in hosts]
    router = HostSeen("10.0.0.1", "gateway", 1e9 + 5000, mac="02:00:00:00:00:01")
    right = Scan("right", Vantage("right", "eth0", "10.1.0.200"), "raw", "plan", 1e9, 1e9 + 100, True)
    left = Scan("left", Vantage("left", "eth0", "10.0.0.200"), "raw", "plan", 1e9 + 3600, 1e9 + 6000, True)
    asked = Silence(addresses_text(hosts), "tcp", "22,80", 2, 1e9 + 4000)
    return _site((Rule("left", "10.1.0.9", ("tcp/22",)),), False), (
        Session(right, tuple(up)),
        Session(left, (asked, router)),
    )


@pytest.mark.parametrize(("most", "listed"), [(80, 80), (79, 4)], ids=["few", "more than are listed"])
def test_what_policy_names_is_listed_whatever_the_number(most: int, listed: int) -> None:
    """The critical system's two services, and the two of the one host that a rule names."""
    site, sessions = _quiet_site()
    evidence, policy = Evidence(site, sessions), Policy(site)
    found = Crossings(evidence, policy, Judge(evidence, policy, {}), most).of("left", "right")
    assert len(found.flows) == listed
    assert {flow.verdict for flow in found.flows} == {"DROPPED"}
    assert (found.cell.verdict, found.cell.reason) == (
        "AS_POLICY",
        "79 denials proven (79 dropped); nothing forbidden crossed",
    )


@pytest.mark.parametrize("most", [0, 80], ids=["counted", "listed"])
def test_a_rule_for_a_subnet_parts_the_classes(most: int) -> None:
    """Of forty shells eight are allowed: so many denials less."""
    _, sessions = _quiet_site()
    site = _site((Rule("left", "10.1.0.8/29", ("tcp/22",)),), False)
    evidence, policy = Evidence(site, sessions), Policy(site)
    found = Crossings(evidence, policy, Judge(evidence, policy, {}), most).of("left", "right")
    assert found.cell.reason == "72 denials proven (72 dropped); nothing forbidden crossed"
