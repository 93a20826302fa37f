"""endoflife.date's release data: every version of a product with its day."""

from __future__ import annotations

import datetime

from scanner.feeds.feed import Feed
from scanner.importers.release_data import is_release_data, read_releases

FEED = Feed(
    title="endoflife.date release data",
    says="on which day each version of a product was released",
    licence="MIT",
    url="https://github.com/endoflife-date/release-data/archive/refs/heads/main.zip",
    hosts=("codeload.github.com",),
    limit_days=30,
    largest=128 << 20,
    plausible=50_000,
    facts=dict[str, dict[str, datetime.date]],
    read=read_releases,
    recognises=is_release_data,
    packed=".json",
)
