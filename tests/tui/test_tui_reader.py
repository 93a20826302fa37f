"""The pane that draws its own lines: what a mouse selects in it, and that a step of the cursor lays out nothing."""

from __future__ import annotations

from sample import sample_report
from textual.pilot import Pilot

from tui.app import FencewalkApp
from tui.doc import Doc
from tui.reader import Reader
from tui.table import WideTable


async def gaps(pilot: Pilot[None]) -> Reader:
    await pilot.press("5")
    await pilot.pause()
    return pilot.app.screen.query_one(Reader)


async def drag(pilot: Pilot[None], reader: Reader, start: tuple[int, int], end: tuple[int, int]) -> str | None:
    await pilot.mouse_down(reader, offset=start)
    await pilot.hover(reader, offset=end)
    await pilot.mouse_up(reader, offset=end)
    await pilot.pause()
    return pilot.app.screen.get_selected_text()


async def test_what_a_mouse_selects_is_what_stands_there() -> None:
    async with FencewalkApp(sample_report()).run_test(size=(140, 45)) as pilot:
        reader = await gaps(pilot)
        reader.show(Doc().line("first of two").line("second of two").lines("\n".join(map(str, range(100)))))
        await pilot.pause()
        # A border and a blank stand before the text.
        assert await drag(pilot, reader, (8, 1), (7, 2)) == "of two\nsecond"
        reader.scroll_to(y=10, animate=False)
        await pilot.pause()
        assert await drag(pilot, reader, (2, 1), (3, 3)) == "8\n9\n10", "where it was scrolled to"


async def test_a_step_of_the_cursor_lays_out_nothing() -> None:
    async with FencewalkApp(sample_report()).run_test(size=(140, 45)) as pilot:
        reader = await gaps(pilot)
        table = pilot.app.screen.query_one(WideTable)
        await pilot.press("j", "k")
        layouts: list[object] = []
        pilot.app.screen.screen_layout_refresh_signal.subscribe(table, layouts.append)
        heights, texts = set(), set()
        for _ in range(len(table.rows)):
            heights.add(reader.virtual_size.height > reader.container_size.height)
            texts.add(reader.plain)
            await pilot.press("j")
            await pilot.pause()
        assert heights == {False, True}, "some documents are longer than the pane, some are not"
        assert len(texts) == len(table.rows)
        assert not layouts
