"""Attack paths and blast radius: small networks drawn by hand, and what must be said of them."""

from __future__ import annotations

import time

import pytest
from assess.uncollapsed import Net

from scanner.assess.attack.blast import blast
from scanner.assess.attack.cut import least_cut
from scanner.assess.attack.forwarded import forwarded
from scanner.assess.attack.graph import attack_graph
from scanner.assess.attack.paths import attack_paths
from scanner.assess.findings.port_forwards import Forward
from scanner.assess.machines.identity import Link
from scanner.assess.machines.inventory import Machine
from scanner.model.hops import asked
from scanner.model.report import BlastRow, FlowRow
from scanner.model.site import Critical, Site, Trust, Zone

DB = "10.2.0.9"
ZONES: dict[str, Trust] = {"guest": "untrusted", "office": "user", "servers": "critical", "mgmt": "management"}
SUBNET = {name: f"10.{number}." for number, name in enumerate(ZONES)}


def machine(address: str, *ports: int) -> Machine:
    zone = next(name for name, start in SUBNET.items() if address.startswith(start))
    return Machine(zone, [address], services={(address, "tcp", port): None for port in ports})


def flow(from_: str, to: str, port: int, allowed: bool = False, via: str = "", transport: str = "tcp") -> FlowRow:
    zone = machine(to).zone
    return FlowRow(from_, zone, to, transport, port, "REACHED", "answered", allowed, "syn-ack", "open", via)  # type: ignore[arg-type]


def net(
    machines: list[Machine], flows: list[FlowRow], isolated: str = "", services: tuple[str, ...] = ("tcp/5432",)
) -> Net:
    zones = tuple(
        Zone(name, (f"{SUBNET[name]}0.0/16",), trust=trust, isolated=name == isolated) for name, trust in ZONES.items()
    )
    site = Site("c", "s", zones, critical=(Critical("Database", (DB,), services),))
    return Net(site, (*machines, machine(DB, 5432)), tuple(flows))


def linked(left: Machine, right: Machine) -> list[Machine]:
    link = Link(left.id, right.id, "high", ("SSH host key",), frozenset({"ssh.hostkey"}))
    left.links.append(link)
    right.links.append(link)
    return [left, right]


def hops(drawn: Net, start: str = "guest") -> list[tuple[str, str, int | None, str, bool, bool]]:
    """Of the path from there: (from, to, port, how, observed, allowed), hop for hop."""
    rows = [each.row for each in attack_paths(drawn.site, drawn.graph()) if each.source == start]
    return [(h.from_, h.to, h.port, h.how, h.observed, h.allowed) for row in rows for h in row.hops]


def ways(drawn: Net, start: str = "guest") -> tuple[list[str], list[str]]:
    """Of the path from there: what each hop goes through, and each hop in words."""
    [path] = [each for each in attack_paths(drawn.site, drawn.graph()) if each.source == start]
    return [hop.via for hop in path.row.hops], list(path.hops)


JUMP, SECOND = "10.1.0.5", "10.3.0.5"


def test_a_jump_host_makes_two_hops_and_a_second_one_three() -> None:
    two = net([machine(JUMP, 22)], [flow("guest", JUMP, 22), flow("office", DB, 5432, allowed=True)])
    assert hops(two) == [
        ("guest", f"office/{JUMP}", 22, "credential", True, False),
        ("office", f"servers/{DB}", 5432, "data", True, True),
    ]
    three = net(
        [machine(JUMP, 22), machine(SECOND, 8080)],
        [flow("guest", JUMP, 22), flow("office", SECOND, 8080, allowed=True), flow("mgmt", DB, 5432, allowed=True)],
    )
    assert [(to, how) for _, to, _, how, _, _ in hops(three)] == [
        (f"office/{JUMP}", "credential"),
        (f"mgmt/{SECOND}", "exploit: httpd 1.0"),
        (f"servers/{DB}", "data"),
    ]


def test_a_service_that_carries_data_only_is_no_foothold() -> None:
    drawn = net([machine(JUMP, 5432)], [flow("guest", JUMP, 5432), flow("office", DB, 5432, allowed=True)])
    assert hops(drawn) == []


def test_a_path_that_policy_allows_throughout_is_none() -> None:
    drawn = net([machine(JUMP, 22)], [flow("guest", JUMP, 22, allowed=True), flow("office", DB, 5432, allowed=True)])
    assert hops(drawn) == []


def test_a_detour_over_a_zone_that_was_left_is_no_path() -> None:
    """The office may read the database, and gets nothing by breaking into guest and coming back."""
    drawn = net(
        [machine("10.0.0.5", 22), machine(JUMP, 22)],
        [flow("office", "10.0.0.5", 22), flow("guest", JUMP, 22), flow("office", DB, 5432, allowed=True)],
    )
    assert hops(drawn, "office") == []
    assert len(hops(drawn, "guest")) == 2


def test_in_its_own_zone_a_service_is_seen_by_its_neighbours_unless_they_are_kept_apart() -> None:
    entry = machine("10.2.0.5", 22)
    flows = [flow("guest", "10.2.0.5", 22)]
    assert [how for *_, how, _, _ in hops(net([entry], flows))] == ["credential", "data"]
    assert hops(net([entry], flows, isolated="servers")) == []


def test_what_only_another_zone_s_vantage_saw_is_inferred() -> None:
    drawn = net([machine("10.2.0.5", 22)], [flow("guest", "10.2.0.5", 22)])
    flows = (*drawn.flows, flow("mgmt", DB, 5432, allowed=True))
    graph = attack_graph(drawn.site, drawn.machines, flows, {}, {}, {})
    [path] = [each.row for each in attack_paths(drawn.site, graph) if each.source == "guest"]
    assert [hop.observed for hop in path.hops] == [True, False]
    assert "no vantage in servers saw this service" in path.hops[1].evidence


def test_a_machine_with_two_legs_is_a_step_that_no_denial_cuts() -> None:
    drawn = net(linked(machine("10.0.0.5", 22), machine("10.2.0.5")), [])
    assert [(to, how, observed) for _, to, _, how, observed, _ in hops(drawn)] == [
        ("guest/10.0.0.5", "credential", True),
        ("servers/10.2.0.5", "bridge", False),
        (f"servers/{DB}", "data", True),
    ]
    vias, told = ways(drawn)
    assert vias == ["", "dual-homed host guest/10.0.0.5", ""]
    assert told == [
        "guest → guest/10.0.0.5 tcp/22: logs in over SSH with a password or key (port observed)",
        "guest/10.0.0.5 → servers/10.2.0.5: the same machine has a leg in each zone (inferred)",
        f"servers → servers/{DB} tcp/5432: reaches Database over PostgreSQL (observed)",
    ]
    cut = least_cut(drawn.site, drawn.graph())
    assert not cut.denials
    assert [step.host for step in cut.left] == ["servers/10.2.0.5"]


def test_who_forwards_for_anybody_is_a_step_without_a_foothold() -> None:
    """One echo by way of the neighbour shows that packets get there: then they get to everything there."""
    forwarder = machine("10.0.0.5")
    drawn = net([forwarder], [flow("guest", "10.2.0.7", 8, via="by-10.0.0.5", transport="icmp")])
    assert [(to, port, how, observed) for _, to, port, how, observed, _ in hops(drawn)] == [
        ("guest/10.0.0.5", None, "forwards", True),
        (f"servers/{DB}", 5432, "data", False),
    ]
    vias, told = ways(drawn)
    assert vias == ["by-10.0.0.5", "by-10.0.0.5"], "what comes after goes through it as well"
    assert told == [
        "guest → guest/10.0.0.5: forwards packets into servers (observed)",
        f"guest → servers/{DB} tcp/5432, by way of 10.0.0.5: reaches Database over PostgreSQL (inferred)",
    ]
    assert blast(drawn.site, drawn.graph())[0] == BlastRow("guest", (), 0, 1, ("Database",), ("Database",))
    itself = net(
        linked(forwarder, machine("10.2.0.7")), [flow("guest", "10.2.0.7", 8, via="by-10.0.0.5", transport="icmp")]
    )
    assert hops(itself) == [], "its own far leg answered: it forwards nothing"


@pytest.mark.parametrize("via", ["sport-53", "fragments"])
def test_a_dressed_flow_is_a_step_as_well_and_a_denial_stops_it(via: str) -> None:
    drawn = net([machine(JUMP, 22)], [flow("guest", JUMP, 22, via=via), flow("office", DB, 5432, allowed=True)])
    [path] = [each for each in attack_paths(drawn.site, drawn.graph()) if each.source == "guest"]
    assert (
        path.hops[0]
        == f"guest → office/{JUMP} tcp/22, {asked(via)}: logs in over SSH with a password or key (port observed)"
    )
    assert least_cut(drawn.site, drawn.graph()).denials == {("guest", "office")}


def test_a_port_forward_leads_whoever_reaches_it_to_the_host_behind() -> None:
    """Its own zone, and the office, from which the forwarded port was reached."""
    forward = Forward("guest/10.0.0.1", "tcp/2222", f"servers/{DB}", "tcp/22", ("SSH host key",), "it is the router")
    ahead = flow("office", "10.0.0.1", 2222)
    rows = list(forwarded([forward], [ahead], lambda zone, key: (zone, key) == ("office", (DB, "tcp", 22))))
    assert [(each.from_, each.allowed) for each in rows] == [("guest", False), ("office", True)]
    drawn = net([], rows)
    assert hops(drawn, "office") == []
    assert hops(drawn) == [("guest", f"servers/{DB}", 22, "credential", True, False)]
    [path] = attack_paths(drawn.site, drawn.graph())
    assert "tcp/2222 of guest/10.0.0.1 leads there" in path.row.hops[0].evidence
    assert path.row.hops[0].via == "port forward of 10.0.0.1"
    assert path.hops[0] == (
        f"guest → servers/{DB} tcp/22, through the port forward of 10.0.0.1: "
        "logs in to Database over SSH with a password or key (port observed)"
    )
    assert least_cut(drawn.site, drawn.graph()).denials == {("guest", "servers")}


def test_the_plain_and_observed_way_is_told_before_others_as_long() -> None:
    drawn = net(
        [machine(JUMP, 22), machine("10.1.0.4", 22)],
        [
            flow("guest", "10.1.0.4", 22, via="fragments"),
            flow("guest", JUMP, 22),
            flow("office", DB, 5432, allowed=True),
        ],
    )
    assert hops(drawn)[0][1] == f"office/{JUMP}"


def test_the_blast_radius_counts_what_falls_and_what_is_reached() -> None:
    drawn = net(
        [machine(JUMP, 22), machine("10.1.0.6", 80), machine("10.0.0.6", 80)],
        [flow("guest", JUMP, 22), flow("office", DB, 5432, allowed=True)],
    )
    rows = {row.start: row for row in blast(drawn.site, drawn.graph())}
    assert rows["guest"] == BlastRow("guest", ("office",), 1, 4, ("Database",), ("Database",))
    assert rows["office"] == BlastRow("office", ("office",), 1, 3, ("Database",), ())
    assert rows["servers"].critical == ("Database",)
    assert rows[f"servers/{DB}"] == BlastRow(f"servers/{DB}", (), 0, 0, (), ())
    assert rows["mgmt"] == BlastRow("mgmt", (), 0, 0, (), ())


def test_only_the_hosts_from_which_most_falls_get_a_row() -> None:
    many = [machine(f"10.1.{n // 250}.{n % 250 + 1}", 8080) for n in range(300)]
    drawn = net(many, [])
    rows = blast(drawn.site, drawn.graph())
    assert len(rows) == len(ZONES) + 100
    assert {row.hosts for row in rows if row.start.startswith("office/")} == {299}


def test_a_large_network_takes_no_time() -> None:
    """65,536 hosts with 262,144 services in 16 zones, in processor time."""
    zones = tuple(Zone(f"z{i}", (f"10.{i}.0.0/16",), trust="critical" if i == 0 else "user") for i in range(16))
    site = Site("c", "s", zones, critical=(Critical("Database", ("10.0.0.9",), ("tcp/22",)),))
    machines = [
        Machine(f"z{i}", [a], services={(a, "tcp", port): None for port in (22, 80, 443, 445)})
        for i in range(16)
        for k in range(4096)
        for a in (f"10.{i}.{k >> 8}.{k & 255}",)
    ]
    home = {f"z{i}": {key for m in machines[i * 4096 : i * 4096 + 4096] for key in m.services} for i in range(16)}
    flows = [
        FlowRow(f"z{i}", f"z{(i + 1) % 16}", f"10.{(i + 1) % 16}.0.{k}", "tcp", 22, "REACHED", "", False, "", "open")
        for i in range(16)
        for k in range(250)
    ]
    names = {
        key: {22: "ssh", 80: "http", 443: "https", 445: "microsoft-ds"}[key[2]] for m in machines for key in m.services
    }
    started = time.process_time()
    graph = attack_graph(site, machines, flows, names, {}, home)
    paths = list(attack_paths(site, graph))
    rows, cut = blast(site, graph), least_cut(site, graph)
    assert time.process_time() - started < 1.5
    assert len(graph.classes) <= 16 * 3
    assert sorted(len(each.steps) for each in paths) == list(range(1, 16))
    assert rows[1].hosts == 65536
    assert (set(cut.denials), cut.least) == ({("z15", "z0")}, True)
