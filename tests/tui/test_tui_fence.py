"""What the screens show of paths, the cut, what falls, and what a canary measured."""

from __future__ import annotations

import msgspec
from fence_sample import fence_report, long_report
from sample import sample_report

from tui import details, overview

REPORT = fence_report()


def test_a_path_is_drawn_with_what_breaks_policy_and_what_cuts_it() -> None:
    row = next(each for each in REPORT.findings if each.kind == "attack-path")
    told = details.finding(row, REPORT).content(60).plain
    drawn = told.split("PATH  p has it in a window of its own\n")[1].split("\n")
    assert drawn[:18] == [
        "╭ guest untrusted ───────────╮",
        "│ ● a foothold in the zone   │",
        "╰─┰──────────────────────────╯",
        "  ┃ tcp/22, from source port 53",
        "┈┈✕┈ against policy ┈┈┈┈┈┈┈┈┈┈",
        "  ┃ logs in over SSH with a password or key",
        "  ▼ port observed",
        "╭ clinical user ─────────────╮",
        "│ ● 10.20.30.15              │",
        "│   imaging                  │",
        "╰─┰──────────────────────────╯",
        "  ┃ tcp/5432",
        "┈┈✕┈ against policy ┈┈┈┈┈┈┈┈┈┈",
        "  ┃ reaches Practice database over PostgreSQL",
        "  ▼ observed",
        "╭ servers critical ──────────╮",
        "│ ◉ 10.20.20.10              │",
        "│   practice-db              │",
    ]
    assert "• deny guest → servers, except what policy allows" in told


def test_an_inferred_step_is_dashed_and_says_so() -> None:
    row = next(each for each in REPORT.findings if each.kind == "attack-path")
    guessed = msgspec.structs.replace(
        REPORT.paths[0],
        hops=tuple(msgspec.structs.replace(hop, observed=False, allowed=True) for hop in REPORT.paths[0].hops),
    )
    told = details.finding(row, msgspec.structs.replace(REPORT, paths=(guessed,))).content(60).plain
    assert "  ╎ tcp/5432\n┈┈┼┈ allowed by policy ┈┈┈┈┈┈┈\n  ╎ reaches Practice database" in told
    assert "▼ inferred" in told
    assert "✕" not in told.split("PATH")[1].split("EVIDENCE")[0]


def test_a_pair_tells_what_the_canary_measured_and_how_flows_were_asked() -> None:
    told = details.cell(REPORT, "guest", "servers").content(120).plain
    assert "tcp 1-21, 23-65535  10.20.20.9  | Nothing arrived  forbidden" in told
    assert "udp 1-65535  10.20.20.9  | No answer comes back  forbidden" in told
    assert "tcp 22  10.20.20.9  → Arrived, no answer back  forbidden" in told
    for words in ("from source port 53", "in fragments", "by way of 10.20.50.7"):
        assert words in told.split("FLOWS")[1]
    assert "more rows in the report" in details.cell(long_report(), "z0", "servers").content(120).plain


def test_what_falls_is_told_of_zones_and_hosts() -> None:
    zone = details.cell(REPORT, "guest", "guest").content(100).plain
    assert "by a breach   Backups" in zone
    blind = details.cell(REPORT, "management", "management").content(100).plain
    assert "Nobody scanned from there" in blind
    host = next(each for each in REPORT.hosts if each.id == "clinical/10.20.30.15")
    assert "WHAT FALLS WITH A FOOTHOLD THERE" in details.host(host, REPORT).content(100).plain


def test_the_first_page_says_the_cut_and_keeps_rules_out_of_its_way() -> None:
    told = overview.first(REPORT).content(100).plain
    assert told.startswith("These 2 denials cut every forbidden path found that a firewall can cut")
    assert "! no rule cuts clinical" in told
    assert "nft insert" not in told
    assert "more that" not in overview.first(sample_report()).content(100).plain


def test_a_canary_is_no_vantage_and_odd_rules_are_told() -> None:
    told = overview.limits(REPORT).content(100).plain
    assert "A canary listened in servers" in told
    assert "canary engine" not in told
    assert "! allow[2]  Covered by another rule" in told
    assert "5 sessions" in overview.verdict(REPORT).content(100).plain
    nobody = {"cells": (), "coverage": (), "hosts": (), "vantages": ()}
    one = msgspec.structs.replace(REPORT, zones=REPORT.zones[:1], **nobody)
    assert "1 zone ·" in overview.verdict(one).content(100).plain


def test_a_what_if_heads_the_first_page() -> None:
    report = msgspec.structs.replace(REPORT, what_if=("guest -> servers any",))
    assert overview.verdict(report).content(200).plain.startswith("? What if: separation fails. Not how the network is")
