"""What the screens share from which the map of the zones is opened."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from tui.keymap import bind
from tui.modals.zones import ZonesModal
from tui.screens.base import ReportScreen


class MappedScreen(ReportScreen):
    """`m` opens the map; what is chosen there is shown on the Matrix, or among the hosts."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("map")]

    def zone(self) -> str | None:
        """The zone that the cursor is on, for the map to begin with."""
        return None

    @work(group="map", exclusive=True)
    async def action_map(self) -> None:
        place = await self.app.push_screen_wait(ZonesModal(self.report, self.zone()))
        if place is not None:
            self.post_message(self.Goto(place))
