"""Jumping: some letters, and the cursor is there."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample import sample_report
from test_tui_screens import shown
from textual.widgets import Input

from tui.app import FencewalkApp
from tui.jumping import MOST, Index, Target
from tui.keymap import TABS
from tui.modals.jump import JumpModal, Offers
from tui.screens.base import ReportScreen
from tui.screens.browse import BrowseScreen

SAMPLE = sample_report()


def best(query: str, index: Index | None = None) -> list[Target]:
    *parts, found = list((index or Index(SAMPLE)).find(query))
    assert parts == [None] * len(parts)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("query", "kind", "words"),
    [
        ("gaps", "screen", "Gaps"),
        ("exc", "screen", "Exceptions"),
        ("guest", "zone", "guest"),
        ("10.20.20.10", "host", "10.20.20.10 practice-db servers Practice database 00:50:56:00:00:0a"),
        ("practice-db", "host", "10.20.20.10 practice-db servers Practice database 00:50:56:00:00:0a"),
        ("00:50:56:00:00:0b", "host", "10.20.20.11 files servers Backups 00:50:56:00:00:0b"),
        ("TELNET core switch", "finding", "Telnet on the core switch"),
        ("tcp/3389", "service", "tcp/3389 rdp"),
        ("tlnt swtch", "finding", "Telnet on the core switch"),
    ],
)
def test_the_best_place_comes_first(query: str, kind: str, words: str) -> None:
    first = best(query)[0]
    assert (first.kind, first.words[: len(words)]) == (kind, words)


def test_nothing_typed_offers_the_screens() -> None:
    offered = best("")
    assert [each.words for each in offered[:11]] == [*map(str.capitalize, TABS), "Fixes"]
    assert len(offered) <= MOST


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30))
def test_whatever_is_typed_every_offer_has_its_letters(query: str) -> None:
    for target in best(query, INDEX):
        letters = iter(target.words.lower())
        held = "".join("".join(query.lower().split()))
        strict = all(word in target.words.lower() for word in query.lower().split())
        assert strict or all(each in letters for each in held)


INDEX = Index(SAMPLE)


def test_a_great_many_places_are_gone_through_in_parts() -> None:
    many = tuple(
        msgspec.structs.replace(SAMPLE.findings[at % 20], id=f"f{at:06}", title=f"Finding of number {at:06}")
        if at % 20 < len(SAMPLE.findings)
        else SAMPLE.findings[0]
        for at in range(100_000)
    )
    index = Index(msgspec.structs.replace(SAMPLE, findings=many))
    best("x", index)
    for query in ("number 012345", "fnd012345", "zzzzzzzz", "aeiou" * 12):
        parts, longest, start = 0, 0.0, time.process_time()
        for _ in index.find(query):
            parts += 1
            now = time.process_time()
            longest, start = max(longest, now - start), now
        assert parts >= 6
        assert longest < 0.25, f"{query}: no key is heard for {longest:.3f} s"
    assert best("number 012345", index)[0].finding == "f012345"


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_a_jump_leads_to_the_row(size: tuple[int, int]) -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=size) as pilot:
        for query, tab, key in (
            ("10.20.20.10", "hosts", "servers/10.20.20.10"),
            ("telnet core", "gaps", next(each.id for each in SAMPLE.findings if "Telnet" in each.title)),
            ("tcp/3306", "services", "servers/10.20.20.11 tcp/3306"),
        ):
            await pilot.press("ctrl+o", *query)
            await pilot.pause()
            assert isinstance(app.screen, JumpModal)
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.screen, BrowseScreen)
            assert (app.current_mode, app.screen.place().key) == (tab, key)
        await pilot.press("ctrl+o", *"mariadb below", "enter")
        await pilot.pause()
        assert app.current_mode == "patches"
        found = app.screen.finding() if isinstance(app.screen, ReportScreen) else None
        assert found is not None
        assert found.title.startswith("MariaDB")
        await pilot.press("ctrl+o", *"guest", "enter")
        await pilot.pause()
        assert 'filter: zone="guest"' in shown(app)


async def test_choosing_among_offers_by_keys_and_mouse_and_leaving() -> None:
    app = FencewalkApp(SAMPLE)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+o", "down", "down", "up")
        await pilot.pause()
        assert app.screen.query_one(Offers).cursor == 1
        await pilot.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert app.screen.query_one(Offers).target == best("")[-1]
        await pilot.press("escape")
        await pilot.pause()
        assert app.current_mode == "overview"
        await pilot.press("ctrl+o")
        await pilot.pause()
        await pilot.click(Offers, offset=(5, 3))
        await pilot.pause()
        assert app.current_mode == TABS[3]
        await pilot.press("ctrl+o", *"qqqqqqzz", "enter")
        await pilot.pause()
        assert app.current_mode == TABS[3]
        await pilot.press("ctrl+o")
        await pilot.pause()
        app.screen.query_one(Input).value = "\x1b[31m\u202e"
        await pilot.pause()
        assert app.screen.query_one(Input).value.isprintable()
