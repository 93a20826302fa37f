"""Builds of Windows, SQL Server and Exchange with their days, collected from Microsoft's pages: JSON, one envelope."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import TypeVar

from scanner.errors import BadInput
from scanner.importers.feed_json import Loose, decoded, known_day, looks_like
from scanner.model.feeds import Build, BuildKind, Reading

_WINDOWS = "windows-update-history"
_SQL = "sql-server-build-numbers"
_EXCHANGE = "exchange-server-build-numbers"
_EXCHANGE_PAGE = "https://learn.microsoft.com/en-us/exchange/new-features/build-numbers-and-release-dates"
_SQL_PAGE = (
    "https://learn.microsoft.com/en-us/sql/database-engine/install-windows/latest-updates-for-microsoft-sql-server"
)
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){2,3}", re.ASCII)
_HELP = re.compile(r"https://[\w.-]+\.microsoft\.com/[\w./-]{1,200}", re.ASCII)
_SECURITY_UPDATE = re.compile(r"(?<![A-Za-z])[A-Z][a-z]{2}\d\dSU(?![A-Za-z])|security update", re.ASCII | re.IGNORECASE)


class _Metadata(Loose, frozen=True, rename="camel"):
    dataset: str
    record_count: int
    last_collected: str


class _Head(Loose, frozen=True):
    metadata: _Metadata


class _Windows(Loose, frozen=True):
    full_version: str
    os_type: str
    windows_version: str
    release_date: str
    release_type: str
    kb_article: str | None = None
    article_url: str | None = None


class _Sql(Loose, frozen=True):
    sql_version: str
    build: str
    update_type: str
    release_date: str
    kb_article: str | None = None
    article_url: str | None = None


class _Exchange(Loose, frozen=True):
    product_name: str
    exchange_version: str
    build: str
    release_date: str


class _WindowsFile(_Head, frozen=True):
    data: tuple[_Windows, ...]


class _SqlFile(_Head, frozen=True):
    data: tuple[_Sql, ...]


class _ExchangeFile(_Head, frozen=True):
    data: tuple[_Exchange, ...]


Row = TypeVar("Row")


def is_windows_builds(data: bytes) -> bool:
    return _dataset(data) == _WINDOWS


def is_sql_builds(data: bytes) -> bool:
    return _dataset(data) == _SQL


def is_exchange_builds(data: bytes) -> bool:
    return _dataset(data) == _EXCHANGE


def read_windows_builds(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[Build, ...]`; the line is `server 2022` or `client 24H2`."""
    file = decoded(data, _WindowsFile, name)
    return _reading(file.metadata, file.data, _windows, _WINDOWS, name)


def read_sql_builds(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[Build, ...]`; the line is `SQL Server 2022`."""
    file = decoded(data, _SqlFile, name)
    return _reading(file.metadata, file.data, _sql, _SQL, name)


def read_exchange_builds(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[Build, ...]`; the line is `2019` or `SE`."""
    file = decoded(data, _ExchangeFile, name)
    return _reading(file.metadata, file.data, _exchange, _EXCHANGE, name)


def _dataset(data: bytes) -> str | None:
    head = looks_like(data, _Head)
    return None if head is None else head.metadata.dataset


def _reading(
    metadata: _Metadata, rows: tuple[Row, ...], make: Callable[[Row, str], Build], dataset: str, name: str
) -> Reading:
    if metadata.dataset != dataset:
        raise BadInput(f"{name}: holds {metadata.dataset!r}, not {dataset}")
    if metadata.record_count != len(rows):
        raise BadInput(f"{name}: says it has {metadata.record_count} records and has {len(rows)}; fetch it again")
    found = tuple(make(row, name) for row in rows)
    for each in found:
        if not _VERSION.fullmatch(each.version):
            raise BadInput(f"{name}: {each.line}: {each.version!r} is no build (such as 10.0.20348.5499)")
    return Reading(found, len(found), known_day(metadata.last_collected, name, "lastCollected"), catalogue=True)


def _windows(row: _Windows, name: str) -> Build:
    """Updates of a second Tuesday hold every security fix until then. Others may or may not; none is needed."""
    released = known_day(row.release_date, name, row.full_version)
    hotpatch = row.release_type == "Hotpatch"
    tuesday = released.weekday() == 1 and 8 <= released.day <= 14
    kind: BuildKind = "security" if tuesday and (hotpatch or row.release_type == "Standard") else "other"
    if kind == "other" and row.release_type not in ("Preview", "Standard"):
        kind = "unknown"
    line = f"{row.os_type} {row.windows_version}"
    return Build(line, row.full_version, released, kind, row.kb_article or "", _page(row.article_url, ""), hotpatch)


def _sql(row: _Sql, name: str) -> Build:
    released = known_day(row.release_date, name, row.build)
    security = "GDR" in row.update_type or "security" in row.update_type.lower()
    title = " ".join(filter(None, (row.kb_article, f"({row.update_type})")))
    page = _page(row.article_url, _SQL_PAGE)
    return Build(row.sql_version, row.build, released, "security" if security else "other", title, page)


def _exchange(row: _Exchange, name: str) -> Build:
    """`Jul26SU` is a security update; a cumulative update holds those before it, and a hotfix update adds none."""
    released = known_day(row.release_date, name, row.build)
    kind: BuildKind = "security" if _SECURITY_UPDATE.search(row.product_name) else "other"
    return Build(row.exchange_version, row.build, released, kind, row.product_name, _EXCHANGE_PAGE)


def _page(url: str | None, otherwise: str) -> str:
    """Microsoft's page, and nobody else's."""
    return url if url is not None and _HELP.fullmatch(url) else otherwise
