"""Builds of Exchange Server, each with its day, as Microsoft's pages list them."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.microsoft_builds import is_exchange_builds, read_exchange_builds
from scanner.model.feeds import Build

FEED = Feed(
    title="Exchange Server builds",
    says="builds of Exchange Server, each with its day",
    licence="MIT",
    url="https://raw.githubusercontent.com/altrhombus/DataForGeeks/main/content/ms/exchange/buildnumbers.json",
    limit_days=40,
    largest=16 << 20,
    plausible=200,
    facts=tuple[Build, ...],
    read=read_exchange_builds,
    recognises=is_exchange_builds,
)
