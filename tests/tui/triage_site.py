"""A site that was surveyed twice, with a rule of its firewall gone in between: enough to triage."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from resurvey import survey
from textual.pilot import Pilot
from verify_networks import RULES, network

from scanner import session
from tui.app import FencewalkApp
from tui.site_desk import SiteDesk

TODAY = network().today


@functools.cache
def _made() -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        site = survey(network(), Path(folder))
        survey(network(RULES[1:]), Path(folder), ("guest",))
        return site.read_text(), session.store_path(site, None).read_bytes()


def desk_in(folder: Path) -> SiteDesk:
    """Of a copy of the site in that folder."""
    text, store = _made()
    site = folder / "site.yaml"
    site.write_text(text)
    session.store_path(site, None).write_bytes(store)
    return SiteDesk(site, None, TODAY)


def app_in(folder: Path) -> FencewalkApp:
    desk = desk_in(folder)
    return FencewalkApp(desk.reassess(), desk)


def shown(app: FencewalkApp) -> str:
    """The window's text as the terminal gets it, line by line."""
    width, height = app.size
    return "\n".join(strip.text[:width] for strip in app.screen._compositor.render_strips()[:height])


async def settled(pilot: Pilot[None]) -> None:
    """Once the workers of the app and of its screen have done what they had to."""
    assert isinstance(pilot.app, FencewalkApp)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


def notes(app: FencewalkApp) -> list[str]:
    """What was said in notifications, the oldest first."""
    return [each.message for each in app._notifications]
