"""recog's fingerprint databases: the feed, or XML files that the user put into `feeds/recog` of the data folder."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

from scanner.errors import BadInput
from scanner.feeds.cache import data_folder, kept, pinned, raw
from scanner.feeds.feed import Feed
from scanner.identify.recog import Recog
from scanner.identify.second import NOBODY, Second
from scanner.importers.recog_xml import databases, is_recog, read_recog

_LARGEST = 8 << 20
"""Bytes of a file that is read; the largest of recog's has a tenth of that."""

FEED = Feed(
    title="recog fingerprints",
    says="how products call themselves, as a second opinion besides our own fingerprints",
    licence="BSD-2-Clause",
    url="https://github.com/rapid7/recog/archive/refs/heads/main.zip",
    hosts=("codeload.github.com",),
    limit_days=365,
    largest=64 << 20,
    plausible=2_000,
    facts=tuple[str, ...],
    read=read_recog,
    recognises=is_recog,
    packed=".xml",
)


def users_recog(folder: Path | None = None) -> Second:
    """The databases of the feed, if it was fetched or imported; else the XML files in `folder`, or in `xml` there as
    recog's own archive has it; nobody's opinion without any, or where the feed's file is not what was pinned."""
    where = folder or data_folder() / "feeds" / "recog"
    if (where / "pin.json").exists():
        return _pinned(where.parent, kept(where.parent, "recog"))
    found: list[tuple[Path, int, int]] = []
    with contextlib.suppress(OSError):
        for each in sorted({*where.glob("*.xml"), *where.glob("xml/*.xml")}):
            facts = each.stat()
            if facts.st_size <= _LARGEST:
                found.append((each, facts.st_mtime_ns, facts.st_size))
    return _read(tuple(found))


@cache
def _pinned(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Second:
    """Read once, until one of the files changes. What is wrong with them is said where all feeds are read."""
    try:
        pin = pinned(folder, "recog")
        found = {} if pin is None else databases(raw(folder, pin), "recog")
    except BadInput:
        return NOBODY
    return Recog(found) if found else NOBODY


@cache
def _read(files: tuple[tuple[Path, int, int], ...]) -> Second:
    """Read once, until one of the files changes."""
    found: dict[str, bytes] = {}
    for path, _, _ in files:
        with contextlib.suppress(OSError):
            found[path.name] = path.read_bytes()
    return Recog(found) if found else NOBODY
