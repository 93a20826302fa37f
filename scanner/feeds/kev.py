"""CISA's Known Exploited Vulnerabilities."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.kev_json import is_kev, read_kev
from scanner.model.baseline import KnownExploited

FEED = Feed(
    title="CISA Known Exploited Vulnerabilities",
    says="which flaws are used in attacks, and by when agencies have to mend them",
    licence="CC0-1.0",
    url="https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    hosts=("cisa.gov",),
    limit_days=14,
    largest=32 << 20,
    plausible=1_000,
    facts=tuple[KnownExploited, ...],
    read=read_kev,
    recognises=is_kev,
)
