"""`fencewalk diff` without its words: which sessions are the base, and what the others changed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from scanner import session
from scanner.assess.facts.evidence import utc
from scanner.assess.later.compare import Diff, compared
from scanner.errors import BadInput
from scanner.model.observation import PortState, Session, Silence
from scanner.store import Store
from scanner.verify import knowing

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LISTED = 10
_SHORTEST = 4
"""Characters of a scan's id that may stand for it."""


def diff_site(path: Path, store: Path | None, base: str | None, today: datetime.date | None = None) -> Diff:
    """What changed at a site since `base`: a scan's id, a day, or what `default_base` says. BadInput where there is
    nothing to compare."""
    site = session.load_site(path)
    where = session.store_path(path, store)
    with Store(where, create=False) as opened:
        sessions = opened.sessions(site.client, site.site)
    if not sessions:
        raise BadInput(f"{where}: holds no scan of {site.client} / {site.site}; scan first")
    chosen = default_base(sessions) if base is None else base_of(sessions, base)
    day = today or session.today_local()
    facts = session.knowledge_for(path, day)
    return compared(knowing(site, day, session.load_exceptions(path), facts), sessions, chosen)


def base_of(sessions: Sequence[Session], text: str) -> set[str]:
    """The ids of the scans up to one that is named (by the first letters of its id), or up to the end of a day, UTC."""
    if _DAY.fullmatch(text):
        day = session.parse_day(text, "--base").isoformat()
        found = {each.scan.id for each in sessions if utc(each.scan.started)[:10] <= day}
        if not found:
            first = min(utc(each.scan.started)[:10] for each in sessions)
            raise BadInput(f"--base {text}: there is no scan up to that day; the first one is of {first}")
    else:
        named = [each for each in sessions if len(text) >= _SHORTEST and each.scan.id.startswith(text)]
        if len(named) != 1:
            newest = sessions[-_LISTED:]
            which = (
                "there are" if len(newest) == len(sessions) else f"the newest {len(newest)} of {len(sessions):,} are"
            )
            raise BadInput(
                f"--base {text!r}: name one scan by its id, or a day as YYYY-MM-DD; {which}",
                tuple(f"{each.scan.id}  {utc(each.scan.started)}  {each.scan.vantage.zone}" for each in newest),
            )
        found = {each.scan.id for each in sessions if each.scan.started <= named[0].scan.started}
    if len(found) == len(sessions):
        raise BadInput(f"--base {text}: no scan is newer than that; there is nothing to compare")
    return found


def default_base(sessions: Sequence[Session]) -> set[str]:
    """Of each zone what there was when its last whole scan but one had run, or its only one; what came since is new.
    BadInput where nothing is left to compare."""
    cuts: dict[str, float] = {}
    for zone in {each.scan.vantage.zone for each in sessions}:
        whole = sorted(s.scan.started for s in sessions if s.scan.vantage.zone == zone and asked_ports(s))
        if whole:
            cuts[zone] = whole[-2:][0]
    last = max(cuts.values(), default=0.0)
    found = {each.scan.id for each in sessions if each.scan.started <= cuts.get(each.scan.vantage.zone, last)}
    if not found or len(found) == len(sessions):
        raise BadInput(
            "each zone's ports were asked in one scan only: there is nothing to compare yet; scan again, or name a "
            "--base"
        )
    return found


def asked_ports(found: Session) -> bool:
    """Whether it is a whole scan that asked ports, and not only who is there."""
    return (
        found.scan.purpose == "scan"
        and found.scan.complete
        and any(isinstance(o, PortState | Silence) and o.transport != "icmp" and not o.via for o in found.observations)
    )
