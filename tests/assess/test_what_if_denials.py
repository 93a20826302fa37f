"""What if the fence had a rule more: read from text, and judged."""

from __future__ import annotations

import pytest
from assess.scene import (
    DB,
    FW,
    GUEST,
    NOTHING_KNOWN,
    OFFICE,
    SERVERS,
    TODAY,
    at_home,
    port,
    session,
    silence,
    site,
    spoke,
)

from scanner.assess import assess
from scanner.assess.attack.whatif import denials, outcome, stopped_by, written
from scanner.errors import BadInput
from scanner.model.report import FlowRow, Report
from scanner.model.site import Rule, Site

HOME = at_home(5432, 22)
SEEN = session(
    GUEST,
    port(DB, 5432, "open"),
    spoke(DB, 5432),
    port(DB, 22, "open"),
    spoke(DB, 22),
    silence(DB, "8", transport="icmp"),
)


def what_if(scene: Site, *rules: str) -> tuple[Report, Report]:
    before = assess(scene, (SEEN, HOME), NOTHING_KNOWN, TODAY)
    return before, assess(scene, (SEEN, HOME), NOTHING_KNOWN, TODAY, what_if=denials(scene, rules))


def flow(address: str = DB, number: int = 445, via: str = "", from_: str = GUEST) -> FlowRow:
    return FlowRow(from_, SERVERS, address, "tcp", number, "REACHED", "", False, "", "open", via)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("guest -> servers tcp/445", ["guest -> servers tcp/445"]),
        ("guest->servers tcp/445,udp/53 icmp", ["guest -> servers tcp/445 udp/53 icmp"]),
        ("  * → servers ", ["* -> servers any"]),
        ("10.0.1.0/24 -> 10.0.2.10, tcp/1-100", ["10.0.1.0/24 -> 10.0.2.10 tcp/1-100"]),
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str, rules: list[str]) -> None:
    assert list(map(written, denials(site(), [text]))) == rules


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("guest servers tcp/445", 'write "FROM -> TO SERVICE..."'),
        ("", 'write "FROM -> TO SERVICE..."'),
        ("gest -> servers", "did you mean 'guest'?"),
        ("guest -> 10.0.2.300", "is no zone, subnet or address"),
        ("guest -> servers tcp/http", "is no service"),
        ("guest -> servers tcp/0", "is no service"),
    ],
)
def test_a_rule_that_cannot_be_read_is_one_sentence(text: str, because: str) -> None:
    with pytest.raises(BadInput) as error:
        denials(site(), [text])
    assert str(error.value).startswith(f"--deny {text!r}: ")
    assert because in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rule", "row", "stopped"),
    [
        ("guest -> servers tcp/445", flow(), True),
        ("guest -> servers tcp/446", flow(), False),
        ("office -> servers tcp/445", flow(), False),
        ("* -> * any", flow(), True),
        ("10.0.0.0/8 -> 10.0.2.0/28 tcp/any", flow(), True),
        ("10.0.1.0/25 -> servers any", flow(), False),
        ("10.0.1.0/24 -> servers any", flow("fd00:2::9"), False),
        ("guest -> 10.0.2.11 any", flow(), False),
        ("guest -> servers any", flow(via="sport-53"), True),
        ("guest -> servers any", flow(via="by-10.0.1.7"), False),
    ],
    ids=[
        "as written", "another port", "from elsewhere", "everything", "a subnet that holds the zone", "half the zone",
        "no address of that family", "another host", "dressed", "past the fence",
    ],
)  # fmt: skip
def test_a_rule_stops_what_it_says_for_all_of_a_zone(rule: str, row: FlowRow, stopped: bool) -> None:
    assert (stopped_by(site(), denials(site(), [rule]), row) is not None) is stopped


def test_what_the_rule_stops_is_judged_as_dropped_and_its_findings_vanish() -> None:
    before, after = what_if(site(), "guest -> servers tcp/5432")
    assert after.what_if == ("guest -> servers tcp/5432",)
    assert before.what_if == ()
    rows = {each.port: each for each in after.reachability if each.transport == "tcp"}
    assert rows[5432].verdict == "DROPPED"
    assert rows[5432].reason.startswith("what if: denied by guest -> servers tcp/5432; as it is, REACHED: ")
    assert rows[22].verdict == "REACHED"
    [cell] = [each for each in after.cells if (each.from_, each.to) == (GUEST, SERVERS)]
    assert (cell.verdict, cell.forbidden_reached, cell.reason[:8]) == ("BREACHED", 1, "what if:")
    found = outcome(before, after)
    assert [each.port for each in found.vanish] == [5432]
    assert [each.port for each in found.stay] == [22]
    assert not found.broken
    assert not found.paths_vanish, "ssh still leads to the database"


def test_the_whole_cut_leaves_no_path() -> None:
    before = assess(site(), (SEEN, HOME), NOTHING_KNOWN, TODAY)
    assert before.cut is not None
    rules = [f"{each.from_} -> {each.to} {' '.join(each.services)}" for each in before.cut.denials]
    _, after = what_if(site(), *rules)
    assert (after.paths, after.cut) == ((), None)
    assert [each.from_ for each in outcome(before, after).paths_vanish] == [GUEST]


def test_an_allowed_flow_that_would_break_is_named_and_a_required_one_is_a_finding() -> None:
    scene = site(allow=(Rule(GUEST, SERVERS, ("tcp/22",)),), require=(Rule(GUEST, SERVERS, ("tcp/5432",)),))
    before, after = what_if(scene, "guest -> servers any")
    found = outcome(before, after)
    assert sorted(each.port for each in found.broken) == [22, 5432]
    assert [(each.kind, each.port) for each in found.appear] == [("required-flow-blocked", 5432)]


def test_what_the_firewall_answers_itself_no_rule_of_the_fence_stops() -> None:
    seen = session(GUEST, port(FW[SERVERS], 443, "open", ttl=64), silence(DB, "5432"))
    home = session(OFFICE, silence(DB, "5432"))
    after = assess(site(), (seen, home, HOME), NOTHING_KNOWN, TODAY, what_if=denials(site(), ["* -> *"]))
    assert [each.kind for each in after.findings] == ["exposure"]


def test_inside_of_a_zone_there_is_nothing_to_deny() -> None:
    with pytest.raises(BadInput, match=f"no fence stands inside of {GUEST}"):
        denials(site(), [f"{GUEST} -> {GUEST}"])
