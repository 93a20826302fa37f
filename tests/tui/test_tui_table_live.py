"""Marks, columns, rows that come, and work beside the screen: the table as a user meets it."""

from __future__ import annotations

import asyncio

import pytest
from test_tui_table import COLUMNS, Stage, rows

from tui import listed
from tui.listing import TableView
from tui.modals.columns import ColumnsModal
from tui.query import QueryError


async def test_space_marks_and_goes_on_and_v_marks_a_range() -> None:
    app = Stage(rows(30))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        await pilot.press("space", "space", "j", "space")
        assert list(table.marked) == [0, 1, 3]
        assert table.row == 4
        assert [line[1] for line in app.lines()[1:6]] == ["■", "■", " ", "■", " "]
        await pilot.press("space", "k", "space")
        assert list(table.marked) == [0, 1, 3], "a second time it is unmarked"
        await pilot.press("G", "v", "k", "k")
        assert table.ranging
        assert list(table.targets) == [0, 1, 3, 27, 28, 29], "a range that is begun is acted on with what is marked"
        assert [line[1] for line in app.lines()[-3:]] == ["■"] * 3
        await pilot.press("escape")
        assert not table.ranging
        assert list(table.marked) == [0, 1, 3]
        await pilot.press("v", "j", "v")
        assert list(table.marked) == [0, 1, 3, 27, 28]
        await pilot.press("u")
        assert (table.marked, table.targets) == ((), (28,))


async def test_what_the_filter_hides_is_marked_and_left_alone() -> None:
    app = Stage(rows(30))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        table.filter("zone:zone-3")
        await pilot.press("V")
        assert list(table.marked) == [3, 10, 17, 24]
        assert table.hidden == 0
        table.filter("host-1")
        assert table.hidden == 2
        table.sort(0)
        assert table.hidden == 2
        table.sort(None)
        assert list(table.targets) == [10, 17]
        table.filter("host-5")
        assert list(table.targets) == [5], "none that is marked is in sight: the one under the cursor"
        table.filter("")
        assert list(table.targets) == list(table.marked) == [3, 10, 17, 24]
        await pilot.press("g", "v")
        table.filter("zone:zone-3")
        assert list(table.targets) == [3, 10, 17, 24], "where a range began is hidden"


async def test_the_mouse_marks() -> None:
    app = Stage(rows(30))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("#table", offset=(0, 3))
        assert list(app.table.marked) == [2]
        await pilot.click("#table", offset=(20, 6), control=True)
        assert list(app.table.marked) == [2, 5]
        await pilot.click("#table", offset=(20, 9), shift=True)
        assert list(app.table.marked) == [2, 5, 6, 7, 8]
        assert app.chosen == []


async def test_columns_are_chosen_ordered_and_kept() -> None:
    app = Stage(rows(30))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        await pilot.press("w")
        assert isinstance(app.screen, ColumnsModal)
        await pilot.press("j", "space", "G", "space", "left", "left", "enter")
        assert list(table.shown) == ["host", "port", "name", "sev"]
        assert app.lines()[0].split() == ["ADDRESS", "NAME", "WORST"], "a column without a title"
        await pilot.press("w", "g", "space", "escape")
        assert list(table.shown) == ["host", "port", "name", "sev"], "Esc changes nothing"
        await pilot.press("s", "S")
        table.filter("zone-3 sev=high")
        kept = table.looked_at()
        assert kept == TableView("zone-3 sev=high", "host", True, ("host", "port", "name", "sev"))
        shown = list(table.view)
        table.look(TableView())
        assert list(table.shown) == ["host", "zone", "name", "sev"]
        assert list(table.view) == list(range(30))
        table.look(kept)
        assert list(table.view) == shown
        with pytest.raises(QueryError):
            table.look(TableView("sev>=awful"))
        assert table.looked_at() == kept
        table.show_columns(["nonsense", "zone", "zone"])
        assert list(table.shown) == ["zone"]
        await pilot.press("w", "space", "enter")
        assert list(table.shown) == ["zone"], "one column stays"
        await pilot.press("w", "u")
        assert list(table.shown) == ["host", "zone", "name", "sev"]


@pytest.mark.parametrize(("text", "sort"), [("", None), ("zone:zone-3", None), ("", 0), ("sev=high", 0)])
async def test_rows_that_come_leave_the_cursor_and_its_line_where_they_are(text: str, sort: int | None) -> None:
    many = rows(500)
    app = Stage(many[::2])
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        table.filter(text)
        table.sort(sort, down=sort is not None)
        await pilot.press(*["pagedown"] * 2)
        cells, line = table.rows[table.row or 0], table.cursor - table.scroll_offset.y
        seen = len(table.view)
        for start in range(1, 500, 100):
            table.extend(many[start : start + 100 : 2])
            await pilot.pause()
            assert table.rows[table.row or 0] == cells
            assert table.cursor - table.scroll_offset.y == line
            assert app.lines()[line + 1].startswith("▌")
        assert len(table.view) > seen
        assert table.virtual_size.height == len(table.view) + 1
        table.filter("")
        assert len(table.view) == 500


async def test_the_first_row_to_come_is_told() -> None:
    app = Stage([])
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.table.row is None
        app.table.extend(rows(1))
        await pilot.press("enter")
        assert app.chosen == [0]


async def test_other_rows_keep_cursor_marks_filter_and_order() -> None:
    app = Stage(rows(60))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        table.filter("zone:zone-3")
        table.sort(2, down=True)
        await pilot.press("j", "space")
        at = table.row
        table.replace(COLUMNS, rows(40))
        assert table.query_text == "zone:zone-3"
        assert table.sorted_by == 2
        assert all(table.rows[row][1] == "zone-3" for row in table.view)
        assert table.row == (at if at is not None and at < 40 else table.row)


async def settled(app: Stage) -> None:
    async with asyncio.timeout(20):
        while app.table.busy:
            await asyncio.sleep(0.01)


async def test_very_many_rows_are_filtered_and_sorted_beside_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a limit, here a low one, a thread does it: the newest wish is the one that comes true."""
    monkeypatch.setattr(listed, "FILTERED_AT_ONCE", 1000)
    monkeypatch.setattr(listed, "SORTED_AT_ONCE", 1000)
    app = Stage(rows(60_000))
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.table
        await pilot.press("j", "j", "j")
        table.filter("host-4")
        assert table.busy
        assert len(table.view) == 60_000, "until then the rows of before are shown"
        table.sort(0, down=True)
        table.filter("sev=high zone:zone-3")
        table.extend([("10.99.0.1", "zone-3", "late", "▲ high", "1"), ("10.99.0.2", "zone-1", "late", "▲ high", "1")])
        await settled(app)
        plain = [at for at, row in enumerate(table.rows) if (row[1], row[3]) == ("zone-3", "▲ high")]
        assert sorted(table.view) == plain
        assert table.rows[table.view[0]][0] == "10.99.0.1"
        assert (table.query_text, table.sorted_by, table.row) == ("sev=high zone:zone-3", 0, 3)
        table.filter("zone:zone-2")
        table.filter("")
        table.sort(None)
        await settled(app)
        assert len(table.view) == 60_002


async def test_leaving_while_a_thread_still_looks_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "FILTERED_AT_ONCE", 1000)
    app = Stage(rows(60_000))
    async with app.run_test(size=(80, 24)):
        app.table.filter("host-4")
        assert app.table.busy
