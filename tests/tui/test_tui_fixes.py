"""The firewall rules on the screens, and a what-if that no screen lets pass for a result."""

from __future__ import annotations

import msgspec
import pytest
from fence_sample import RULES, fence_report
from rich.cells import cell_len

from scanner.exporters.words import NOT_MEASURED
from scanner.model.report import Report
from scanner.model.text import visible
from tui import details, fixes, overview
from tui.app import FencewalkApp
from tui.doc import Doc
from tui.facts import pair_verdicts
from tui.screens.base import TABS, Ribbon
from tui.screens.browse import BrowseScreen
from tui.status import cell_look, cell_looks

REPORT = fence_report()


def supposed() -> Report:
    """Two denials supposed: one pair of zones holds by them, another by what was measured."""
    cells = tuple(
        msgspec.structs.replace(each, verdict="AS_POLICY", supposed=True, reason="what if: 3 denials proven")
        if (each.from_, each.to) == ("guest", "servers")
        else each
        for each in REPORT.cells
    )
    return msgspec.structs.replace(REPORT, cells=cells, what_if=("guest -> servers any", "voice -> servers tcp/22"))


def shown(app: FencewalkApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def test_a_change_that_the_cut_and_the_plan_name_is_told_once() -> None:
    found = fixes.fixes(REPORT)
    cut = REPORT.cut
    assert cut is not None
    assert [each.title for each in found[:2]] == [
        "Deny guest → clinical, except what policy allows",
        "Deny guest → servers, except what policy allows",
    ]
    assert len([each for each in found if each.rules]) == len(cut.denials)
    assert {id_ for each in REPORT.remediation for id_ in each.closes} <= {id_ for each in found for id_ in each.closes}


@pytest.mark.parametrize("dialect", fixes.DIALECTS)
def test_a_gap_shows_the_rules_that_close_it(dialect: str) -> None:
    gap = next(each for each in REPORT.findings if (each.from_, each.to) == ("guest", "servers"))
    told = details.finding(gap, REPORT, dialect).content(200).plain
    for line in RULES[dialect].split("\n"):
        assert visible(line.strip()) in told
    others = set(RULES) - {dialect}
    assert not [each for each in others if visible(RULES[each].split("\n")[0]) in told.split("REMEDY")[1]]


def test_rules_that_a_report_lacks_are_not_shown_as_none() -> None:
    fix = msgspec.structs.replace(fixes.fixes(REPORT)[0], rules={"nftables": "nft x"})
    doc = Doc()
    fixes.rules(doc, fix, "cisco")
    assert "The report has no rules for this firewall" in doc.content(80).plain


async def test_a_key_switches_the_firewall_on_every_screen_and_another_copies() -> None:
    app = FencewalkApp(REPORT)
    async with app.run_test(size=(160, 60)) as pilot:
        await pilot.press("f")
        await pilot.pause()
        assert "RULES FOR NFTABLES" in shown(app)
        await pilot.press("d", "d")
        await pilot.pause()
        assert "RULES FOR FORTIGATE" in shown(app)
        assert 'edit "a"' in shown(app)
        await pilot.press("c")
        assert app.clipboard == 'edit "a"\n'
        await pilot.press("5")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, BrowseScreen)
        screen.show_filter("from=guest to=servers")
        await pilot.pause()
        await pilot.press("c")
        assert app.clipboard == 'edit "a"\n'
        await pilot.press("1", "c")
        await pilot.pause()
        assert app.clipboard == 'edit "a"\n'


@pytest.mark.parametrize("size", [(80, 24), (140, 45), (60, 15)])
async def test_a_what_if_says_so_on_every_screen(size: tuple[int, int]) -> None:
    app = FencewalkApp(supposed())
    async with app.run_test(size=size) as pilot:
        for key in range(1, len(TABS) + 1):
            await pilot.press(str(key % 10))
            await pilot.pause()
            assert NOT_MEASURED in shown(app), TABS[key - 1]
            assert app.screen.query_one(Ribbon).size.height == 1
            assert all(cell_len(line) <= size[0] for line in shown(app).split("\n"))
    plain = FencewalkApp(REPORT)
    async with plain.run_test(size=size) as pilot:
        assert NOT_MEASURED not in shown(plain)


def test_a_supposed_pass_looks_like_no_other() -> None:
    report = supposed()
    cell = next(each for each in report.cells if each.supposed)
    look = cell_look(cell)
    measured = {cell_look(each).label: cell_look(each) for each in report.cells if not each.supposed}
    assert look.label == "≈ WOULD BE"
    assert look.label not in measured
    assert look.colour not in {each.colour for each in measured.values()} | {"green"}
    assert pair_verdicts(report)["SUPPOSED"] == 1
    assert pair_verdicts(report)["AS_POLICY"] == pair_verdicts(REPORT)["AS_POLICY"]
    assert list(cell_looks(report)) == [*cell_looks(REPORT), "SUPPOSED"]
    assert "Not measured" in details.cell(report, cell.from_, cell.to).content(100).plain
    assert "≈ WOULD BE 1" in overview.zones(report, 80).content(80).plain


async def test_the_matrix_draws_a_supposed_pass_by_its_own_word() -> None:
    app = FencewalkApp(supposed())
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("4")
        await pilot.pause()
        assert shown(app).count("≈ WOULD BE") >= 2, "the tile and the legend"
