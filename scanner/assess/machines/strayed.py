"""Sessions of a zone that the site file no longer has: they are kept, and count for nothing until it is back."""

from __future__ import annotations

from collections import Counter

from scanner.model.report import Report
from scanner.model.text import plural, visible


def strayed(report: Report) -> list[str]:
    """A sentence a zone."""
    zones = {each.name for each in report.zones}
    gone = Counter(each.zone for each in report.vantages if each.zone not in zones)
    return [
        f"{plural(count, 'session')} from zone {visible(zone)} {'count' if count > 1 else 'counts'} for nothing: the "
        f"site file has no zone of that name (any more); if it has another name now, give it the old one back"
        for zone, count in sorted(gone.items())
    ]
