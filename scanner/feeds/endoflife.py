"""endoflife.date: until when each line of a product is supported, and its newest release."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.endoflife_json import is_endoflife, read_endoflife
from scanner.model.feeds import Lifecycle

FEED = Feed(
    title="endoflife.date",
    says="until when each line of a product is supported, and its newest release",
    licence="MIT",
    url="https://endoflife.date/api/v1/products/full",
    limit_days=30,
    largest=64 << 20,
    plausible=200,
    facts=tuple[Lifecycle, ...],
    read=read_endoflife,
    recognises=is_endoflife,
)
