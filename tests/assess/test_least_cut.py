"""The least cut in words: what to deny, what goes through there now, what it closes, and what it leaves."""

from __future__ import annotations

from assess.scene import NOTHING_KNOWN
from assess.test_attack_paths import DB, JUMP, SECOND, flow, linked, machine, net

from scanner.assess.attack.cut import cut_row, least_cut
from scanner.assess.attack.paths import attack_paths
from scanner.assess.findings.gaps import path_findings
from scanner.assess.findings.make import finding
from scanner.model.base import Severity
from scanner.model.report import FindingRow


def gap(from_: str, to: str, port: int, severity: Severity = "high") -> FindingRow:
    return finding(
        "segmentation-gap", severity, f"{from_} → {to} {port}", names=(from_, to, port), knowledge=NOTHING_KNOWN,
        remedy="", replay="", evidence="", from_=from_, to=to, transport="tcp", port=port,
    )  # fmt: skip


def test_one_denial_where_all_paths_meet_instead_of_one_at_each_start() -> None:
    drawn = net(
        [machine(JUMP, 22), machine("10.0.0.5", 22), machine(SECOND, 22)],
        [flow("guest", SECOND, 22), flow("office", SECOND, 22), flow("mgmt", DB, 5432)],
    )
    assert least_cut(drawn.site, drawn.graph()).denials == {("mgmt", "servers")}


def test_an_allowed_step_is_never_cut() -> None:
    drawn = net(
        [machine(JUMP, 22), machine(SECOND, 22)],
        [flow("guest", SECOND, 22), flow("office", SECOND, 22), flow("mgmt", DB, 5432, allowed=True)],
    )
    assert least_cut(drawn.site, drawn.graph()).denials == {("guest", "mgmt"), ("office", "mgmt")}


def test_of_equal_cuts_the_one_that_closes_the_graver_findings() -> None:
    drawn = net(
        [machine(SECOND, 22), machine("10.2.0.5", 22)], [flow("guest", SECOND, 22), flow("mgmt", "10.2.0.5", 22)]
    )
    first, second = ("guest", "mgmt"), ("mgmt", "servers")
    for worth, best in (({first: (0, 2, 0, 0, 0)}, first), ({first: (0, 2, 0, 0, 0), second: (1, 0, 0, 0, 0)}, second)):
        assert least_cut(drawn.site, drawn.graph(), worth).denials == {best}


def test_the_row_says_what_passes_now_and_what_it_closes() -> None:
    flows = [
        flow("guest", JUMP, 22),
        flow("guest", JUMP, 23),
        flow("guest", JUMP, 445),
        flow("office", DB, 5432, allowed=True),
    ]
    ping = flow("guest", JUMP, 8, transport="icmp")
    drawn = net([machine(JUMP, 22, 23, 445)], flows)
    graph = drawn.graph()
    paths = list(attack_paths(drawn.site, graph))
    told = list(path_findings(drawn.site, NOTHING_KNOWN, paths))
    gaps = [gap("guest", "office", 22), gap("guest", "servers", 80)]
    row = cut_row(drawn.site, graph, paths, [*told, *gaps], [*flows[:3], ping])
    assert row is not None
    [denial] = row.denials
    assert (denial.from_, denial.to) == ("guest", "office")
    assert denial.services == ("tcp/22-23", "tcp/445", "icmp")
    assert denial.closes == (told[0].id, gaps[0].id)
    assert (row.least, row.left) == (True, ())


def test_a_path_that_a_bridge_leaves_is_not_closed() -> None:
    drawn = net(
        [machine(JUMP, 22), *linked(machine("10.0.0.5", 22), machine("10.2.0.5"))],
        [flow("guest", JUMP, 22), flow("office", DB, 5432)],
    )
    graph = drawn.graph()
    paths = list(attack_paths(drawn.site, graph))
    told = list(path_findings(drawn.site, NOTHING_KNOWN, paths))
    row = cut_row(drawn.site, graph, paths, told, drawn.flows)
    assert row is not None
    assert [(each.from_, each.to) for each in row.denials] == [("office", "servers")]
    assert told[0].id not in row.denials[0].closes
    assert row.left == ("guest/10.0.0.5 → servers/10.2.0.5: the same machine has a leg in each zone (inferred)",)


def test_where_nothing_forbidden_leads_to_a_critical_system_there_is_no_cut() -> None:
    drawn = net([machine(JUMP, 22)], [flow("guest", JUMP, 22)])
    assert cut_row(drawn.site, drawn.graph(), [], [gap("guest", "office", 22)], drawn.flows) is None


def test_any_open_service_of_a_critical_host_is_to_be_closed() -> None:
    """No path leads on from it, but it is the critical system that is touched."""
    drawn = net([], [flow("mgmt", DB, 80)])
    assert least_cut(drawn.site, drawn.graph()).denials == {("mgmt", "servers")}
