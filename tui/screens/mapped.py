"""What the screens share from which the map of the zones is opened."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from tui.keymap import bind
from tui.modals.zones import ZonesModal
from tui.screens.base import ReportScreen
from tui.screens.pair import pair_key, worst_pair
from tui.state import Place


class MappedScreen(ReportScreen):
    """`m` opens the map; what is chosen there is shown on the Matrix."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("map")]

    def zone(self) -> str | None:
        """The zone that the cursor is on, for the map to begin with."""
        return None

    @work(group="map", exclusive=True)
    async def action_map(self) -> None:
        zone = await self.app.push_screen_wait(ZonesModal(self.report, self.zone()))
        pair = worst_pair(self.report, zone) if zone is not None else None
        if pair is not None:
            self.post_message(self.Goto(Place("matrix", key=pair_key(*pair))))
