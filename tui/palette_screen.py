"""The palette of commands, also for whoever closes it again at once."""

from __future__ import annotations

import contextlib

from textual.command import CommandPalette
from textual.css.query import NoMatches


class PaletteScreen(CommandPalette):
    """Textual's, whose search may end after its widgets are gone: where the machine is slow, Escape right after the key
    that opens it would end the whole program, a scan included."""

    def _watch__list_visible(self) -> None:
        with contextlib.suppress(NoMatches):
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        with contextlib.suppress(NoMatches):
            await super()._watch__show_busy()
