"""Boxes of drawings lead somewhere: by a click, and by the keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fence_sample import fence_report
from scenes import press, until
from textual.pilot import Pilot

from tui import ways
from tui.app import FencewalkApp
from tui.draw import zones
from tui.modals.path import PathModal
from tui.modals.zones import ZonesModal
from tui.pairs import pair_key
from tui.screens.base import ReportScreen
from tui.spots import Spot, hosts_of, place_of, spot_in

REPORT = fence_report()
PATH = next(each for each in REPORT.findings if each.kind == "attack-path")
HOST = REPORT.hosts[-1]


def cells(app: FencewalkApp) -> Iterator[tuple[Spot, tuple[int, int]]]:
    """What each cell of the screen stands for, where it stands for something."""
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        x = 0
        for segment in strip:
            spot = spot_in(segment.style.meta) if segment.style else None
            if spot is not None:
                yield spot, (x, y)
            x += segment.cell_length


async def click(pilot: Pilot[None], spot: Spot) -> None:
    app = pilot.app
    assert isinstance(app, FencewalkApp)
    places = [at for each, at in cells(app) if each == spot]
    assert places, (spot, {each for each, _ in cells(app)})
    await pilot.click(offset=places[len(places) // 2])
    await pilot.pause()


async def arrived(pilot: Pilot[None], tab: str) -> ReportScreen:
    app = pilot.app
    assert isinstance(app, FencewalkApp)
    assert await until(pilot, lambda: app.current_mode == tab and len(app.screen_stack) == 1), app.screen
    screen = app.screen
    assert isinstance(screen, ReportScreen)
    return screen


async def test_a_click_on_the_overviews_map_is_the_zones_worst_boundary() -> None:
    async with FencewalkApp(REPORT).run_test(size=(140, 60)) as pilot:
        await pilot.pause()
        await click(pilot, Spot("zone", "guest"))
        screen = await arrived(pilot, "matrix")
        place = place_of(Spot("zone", "guest"), REPORT)
        assert screen.place() == place
        assert place is not None
        assert place.key is not None
        assert "guest" in place.key.split("\t")


async def test_the_window_of_zones_is_clicked_through_and_left_for_the_hosts() -> None:
    async with FencewalkApp(REPORT).run_test(size=(140, 45)) as pilot:
        await press(pilot, ("4", "m"))
        window = pilot.app.screen
        assert isinstance(window, ZonesModal)
        await click(pilot, Spot("zone", "servers"))
        assert (window.near, window.names[window.at]) == (True, "servers")
        await click(pilot, Spot("pair", "guest", "servers"))
        screen = await arrived(pilot, "matrix")
        assert screen.place().key == pair_key("guest", "servers")
        await press(pilot, ("m", "2"))
        screen = await arrived(pilot, "hosts")
        assert screen.place().filter == hosts_of("guest").filter
        assert {row[1] for row in screen._table.rows[: len(REPORT.hosts)]} > {"guest"}  # type: ignore[attr-defined]
        assert {screen._table.rows[at][1] for at in screen._table.view} == {"guest"}  # type: ignore[attr-defined]
        await press(pilot, ("4", "m", "4"))
        assert (await arrived(pilot, "matrix")).place() == place_of(Spot("zone", "guest"), REPORT)


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_the_path_is_walked_box_by_box(size: tuple[int, int]) -> None:
    async with FencewalkApp(REPORT).run_test(size=size) as pilot:
        await press(pilot, ("5",))
        screen = await arrived(pilot, "gaps")
        assert screen.point_at(PATH.id)
        await press(pilot, ("p",))
        window = pilot.app.screen
        assert isinstance(window, PathModal)
        *_, last = window.spots
        assert last.kind == "host"
        await press(pilot, ("left",))
        assert window.at == len(window.spots) - 1
        await press(pilot, ("enter",))
        screen = await arrived(pilot, "hosts")
        assert screen.place().key == last.name
        # `[` leads back to the finding, and Enter on where it starts leads to the boundary that it breaks.
        await press(pilot, ("left_square_bracket", "p", "enter"))
        screen = await arrived(pilot, "matrix")
        assert PATH.from_ is not None
        assert (screen.place().key or "").startswith(PATH.from_)


async def at_rest(pilot: Pilot[None]) -> Spot:
    """The first host on the screen, once what is beside the list has followed the cursor."""
    app = pilot.app
    assert isinstance(app, FencewalkApp)
    before: list[tuple[Spot, tuple[int, int]]] = []
    for _ in range(20):
        await pilot.pause(0.3)
        now = [each for each in cells(app) if each[0].kind == "host"]
        if now and now == before:
            break
        before = now
    return before[0][0]


async def test_a_box_of_the_path_beside_the_list_is_clicked() -> None:
    async with FencewalkApp(REPORT).run_test(size=(140, 45)) as pilot:
        await press(pilot, ("5",))
        screen = await arrived(pilot, "gaps")
        screen.point_at(PATH.id)
        spot = await at_rest(pilot)
        await click(pilot, spot)
        assert (await arrived(pilot, "hosts")).place().key == spot.name


def test_where_boxes_lead() -> None:
    assert place_of(Spot("host", HOST.id), REPORT) is not None
    gone = place_of(Spot("host", "servers/10.99.99.99"), REPORT)
    assert gone == hosts_of("servers"), "of a dead address the zone's hosts"
    assert place_of(Spot("zone", "guest"), fence_report()) == place_of(Spot("zone", "guest"), REPORT)
    # What is a box carries what it stands for, in the picture of every width.
    for width in (40, 74, 136):
        drawn = zones.draw(REPORT, None, width).content(width)
        metas = [each.style.meta for each in drawn.spans if not isinstance(each.style, str)]
        assert {spot.name for meta in metas if (spot := spot_in(meta))} == {zone.name for zone in REPORT.zones}
        way = ways.way(PATH, REPORT, 0).content(width)
        assert [each for each in way.spans if not isinstance(each.style, str)], width
        assert "▸" in way.plain
