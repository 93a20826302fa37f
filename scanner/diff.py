"""`fencewalk diff` without its words: which sessions are the base, and what the others changed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from scanner import history, session
from scanner.assess.facts.evidence import utc
from scanner.assess.later.base import previous
from scanner.assess.later.compare import Diff, compared
from scanner.errors import BadInput
from scanner.model.observation import Session
from scanner.model.report import Report
from scanner.store import Store
from scanner.verify import knowing

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LISTED = 10
_SHORTEST = 4
"""Characters of a scan's id that may stand for it."""


def diff_site(
    path: Path, store: Path | None, base: str | None, today: datetime.date | None = None, until: str | None = None
) -> Diff:
    """What changed at a site since `base`: a scan's id, a day, or what `default_base` says. `until`: by the scans up to
    that one, or that day; what came later is left out. BadInput where there is nothing to compare."""
    site = session.load_site(path)
    where = session.store_path(path, store)
    with Store(where, create=False) as opened:
        sessions = opened.sessions(site.client, site.site)
    if not sessions:
        raise BadInput(f"{where}: holds no scan of {site.client} / {site.site}; scan first")
    if until is not None:
        wanted = scans_to(sessions, until, "--until")
        sessions = tuple(each for each in sessions if each.scan.id in wanted)
    chosen = default_base(sessions) if base is None else base_of(sessions, base)
    day = today or session.today_local()
    facts = session.knowledge_for(path, day)
    return compared(knowing(site, day, session.load_exceptions(path), facts), sessions, chosen)


def with_changes(path: Path, store: Path | None, report: Report) -> Report:
    """A report that was made without comparing, with what the newest scans changed: as `assess_site` makes it."""
    where = session.store_path(path, store)
    if report.what_if or report.changes is not None or not where.exists():
        return report
    day = datetime.date.fromisoformat(report.generated)
    known = knowing(session.load_site(path), day, session.load_exceptions(path), session.knowledge_for(path, day))
    with Store(where, create=False) as opened:
        return msgspec.structs.replace(report, changes=history.changed(opened, known, report))


def base_of(sessions: Sequence[Session], text: str) -> set[str]:
    """The scans to compare with, as `scans_to` reads the text; BadInput where no scan is left to compare."""
    found = scans_to(sessions, text, "--base")
    if len(found) == len(sessions):
        raise BadInput(f"--base {text}: no scan is newer than that; there is nothing to compare")
    return found


def scans_to(sessions: Sequence[Session], text: str, flag: str) -> set[str]:
    """The ids of the scans up to one that is named (by the first letters of its id), or up to the end of a day, UTC."""
    if _DAY.fullmatch(text):
        day = session.parse_day(text, flag).isoformat()
        found = {each.scan.id for each in sessions if utc(each.scan.started)[:10] <= day}
        if not found:
            first = min(utc(each.scan.started)[:10] for each in sessions)
            raise BadInput(f"{flag} {text}: there is no scan up to that day; the first one is of {first}")
        return found
    named = [each for each in sessions if len(text) >= _SHORTEST and each.scan.id.startswith(text)]
    if len(named) != 1:
        newest = sessions[-_LISTED:]
        which = "there are" if len(newest) == len(sessions) else f"the newest {len(newest)} of {len(sessions):,} are"
        raise BadInput(
            f"{flag} {text!r}: name one scan by its id, or a day as YYYY-MM-DD; {which}",
            tuple(f"{each.scan.id}  {utc(each.scan.started)}  {each.scan.vantage.zone}" for each in newest),
        )
    return {each.scan.id for each in sessions if each.scan.started <= named[0].scan.started}


def default_base(sessions: Sequence[Session]) -> set[str]:
    """Of each zone what there was when its last whole scan but one had run, or its only one; what came since is new.
    BadInput where nothing is left to compare."""
    found = previous(sessions)
    if not found:
        raise BadInput(
            "each zone's ports were asked in one scan only: there is nothing to compare yet; scan again, or name a "
            "--base"
        )
    return found
