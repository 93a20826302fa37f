"""Builds of Windows, each with its KB and day, as Microsoft's pages list them."""

from __future__ import annotations

from scanner.feeds.feed import Feed
from scanner.importers.microsoft_builds import is_windows_builds, read_windows_builds
from scanner.model.feeds import Build

FEED = Feed(
    title="Windows builds",
    says="builds of Windows, each with its KB and day",
    licence="MIT",
    url="https://raw.githubusercontent.com/altrhombus/DataForGeeks/main/content/ms/win/buildnumbers.json",
    limit_days=40,
    largest=16 << 20,
    plausible=1_000,
    facts=tuple[Build, ...],
    read=read_windows_builds,
    recognises=is_windows_builds,
)
