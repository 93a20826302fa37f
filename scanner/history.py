"""What a report says besides what it judges: whose it is, what changed, and how the figures went."""

from __future__ import annotations

import base64
import contextlib
import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner.errors import BadInput, ScanIncomplete
from scanner.model.recorded import ChangesRow, LookRow, TrendRow
from scanner.model.report import Report
from scanner.model.site import Site
from scanner.model.text import visible

if TYPE_CHECKING:
    from scanner.assess.later.again import Knowing
    from scanner.store import Store

LOGO_BYTES = 128 * 1024
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def told(
    report: Report, site: Site, folder: Path, store: Store | None = None, knowing: Knowing | None = None
) -> Report:
    """The report with whose it is, and with how the figures went by what is kept in `store`; what the newest scans
    changed is judged by `knowing`, where that is given. What is only supposed has no history."""
    dressed = msgspec.structs.replace(report, look=look(site, folder))
    if store is None or report.what_if:
        return dressed
    day = datetime.date.fromisoformat(report.generated)
    changes = changed(store, knowing, report) if knowing is not None else None
    return msgspec.structs.replace(dressed, trend=earlier(store, site, day), changes=changes)


def look(site: Site, folder: Path) -> LookRow | None:
    """The site file's `report`, with the logo itself; None where it says nothing. BadInput where the logo is none."""
    given = site.report
    if not (given.name or given.logo or given.colour):
        return None
    return LookRow(given.name, given.colour.lower(), _logo(folder, given.logo) if given.logo else "")


def _logo(folder: Path, name: str) -> str:
    path = folder / name
    if path.exists() and not path.is_file():
        raise BadInput(f"report.logo: {path}: is no ordinary file")
    try:
        with path.open("rb") as file:
            data = file.read(LOGO_BYTES + 1)
    except OSError as error:
        raise BadInput(f"report.logo: {path}: cannot be read: {error.strerror}") from None
    if len(data) > LOGO_BYTES:
        raise BadInput(f"report.logo: {path}: larger than {LOGO_BYTES >> 10} KiB; make the picture smaller")
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(_PNG):
        kind = "png"
    elif data.startswith(_JPEG):
        kind = "jpeg"
    elif start.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in data:
        kind = "svg+xml"
    else:
        raise BadInput(f"report.logo: {path}: is no PNG, JPEG or SVG picture")
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def troubles(report: Report, site: Path) -> list[str]:
    """What is odd about the attestations of a site file, a sentence each."""
    found = []
    for each in report.attestations:
        what = f"{site}: attestations: {each.answer} of {visible(each.owner, 80)}"
        if each.state == "expired":
            found.append(f"{what} ran out on {each.until}; it answers nothing any more")
        elif each.state == "not-yet":
            found.append(f"{what} is dated {each.date}, which is later than this report; it answers nothing yet")
        if each.attachment and not (site.parent / each.attachment).is_file():
            found.append(f"{what}: there is no file {visible(each.attachment, 255)} beside the site file")
    return found


def earlier(store: Store, site: Site, day: datetime.date) -> tuple[TrendRow, ...]:
    """The figures of the assessments before that day, the oldest first."""
    from scanner.store.diary import figures

    return figures(store, site.client, site.site, day)


def changed(store: Store, knowing: Knowing, report: Report) -> ChangesRow | None:
    """What the newest scans of a site changed; None where there is nothing to compare."""
    from scanner.assess.later.base import may_have_changed
    from scanner.assess.later.changed import changes

    site = knowing.site
    if not may_have_changed(store.scans(site.client, site.site)):
        return None
    return changes(knowing, store.sessions(site.client, site.site), report)


def keep(where: Path, report: Report) -> bool:
    """Keep the report's figures as those of its day. False where the store may not be written: a report is no less
    true for it, and evidence on a read-only disk can be assessed."""
    from scanner.store import Store
    from scanner.store.diary import keep_figures

    if report.what_if or report.summary is None:
        return False
    with contextlib.suppress(BadInput, ScanIncomplete), Store(where) as opened:
        keep_figures(opened, report.client, report.site, figures_of(report))
        return True
    return False


def figures_of(report: Report) -> TrendRow:
    counts = report.summary
    assert counts is not None
    return TrendRow(
        date=report.generated,
        findings=dict(counts.findings),  # type: ignore[arg-type]
        risk=counts.risk,
        cells=dict(counts.cells),
        patches=dict(counts.patches),
        hosts=counts.hosts,
    )
