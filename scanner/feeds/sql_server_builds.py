"""Builds of SQL Server, each with its KB and day, as Microsoft's pages list them."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.microsoft_builds import is_sql_builds, read_sql_builds
from scanner.model.feeds import Build

FEED = Feed(
    title="SQL Server builds",
    says="builds of SQL Server, each with its KB and day",
    licence="MIT",
    url="https://raw.githubusercontent.com/altrhombus/DataForGeeks/main/content/ms/sql/buildnumbers.json",
    limit_days=40,
    largest=16 << 20,
    plausible=400,
    facts=tuple[Build, ...],
    read=read_sql_builds,
    recognises=is_sql_builds,
)
