"""All cached feeds as one file, to be carried to another laptop: a zip with a manifest of digests, and the files as
their publishers made them. What was made of them stays behind: it is made again from files that were checked."""

from __future__ import annotations

import datetime
import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from scanner.errors import BadInput
from scanner.feeds.cache import Pin, pinned, raw
from scanner.feeds.feed import feeds
from scanner.feeds.update import Outcome, take
from scanner.model.base import Frozen

_MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Manifest(Frozen, frozen=True):
    """`manifest.json` of a bundle."""

    format: Literal["fencewalk-feeds"]
    version: Literal[1]
    feeds: tuple[Pin, ...]


def export(folder: Path, target: Path) -> tuple[Pin, ...]:
    """Write every cached feed into `target`, whole or not at all. BadInput where one is not what was pinned."""
    pins = tuple(pin for name in feeds() if (pin := pinned(folder, name)) is not None)
    if not pins:
        raise BadInput("no feed is cached; fetch them with `fencewalk feeds update`, or import them")
    manifest = msgspec.json.format(msgspec.json.encode(Manifest("fencewalk-feeds", 1, pins)))
    if target.is_file() and target.stat().st_size and manifest_of(target) is None:
        raise BadInput(f"{target}: is there, and is no file of `fencewalk feeds export`; name another one")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.absolute().parent)
    except OSError as error:
        raise BadInput(f"{target}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo(_MANIFEST, _EPOCH), manifest)
            for pin in pins:
                archive.writestr(zipfile.ZipInfo(f"{pin.name}.raw", _EPOCH), raw(folder, pin))
        Path(temporary).replace(target)
    except OSError as error:
        raise BadInput(f"{target}: cannot be written: {error.strerror}") from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return pins


def manifest_of(path: Path) -> Manifest | None:
    """Of a bundle; None where the file is something else."""
    try:
        with zipfile.ZipFile(path) as archive:
            facts = archive.getinfo(_MANIFEST)
            if facts.file_size > _LARGEST_MANIFEST:
                return None
            return msgspec.json.decode(archive.read(facts), type=Manifest)
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError):
        return None


def take_bundle(folder: Path, path: Path, manifest: Manifest, now: datetime.datetime) -> Iterator[Outcome]:
    """Take over every feed of a bundle. Every digest is checked before the first one is: a bundle that was changed
    anywhere changes nothing. An edition that is older than the cached one is told, and left."""
    known = feeds()
    with _opened(path) as archive:
        for pin in manifest.feeds:
            if pin.name in known:
                _member(archive, path, pin, known[pin.name].largest)
        for pin in manifest.feeds:
            if pin.name not in known:
                yield Outcome(name=pin.name, state="kept", told="a feed that this version does not know")
                continue
            feed = known[pin.name]
            data = _member(archive, path, pin, feed.largest)
            before = pinned(folder, pin.name)
            if before is not None and before.dated > pin.dated:
                told = f"{path}: is of {pin.dated}, older than the cached edition of {before.dated}, which is kept"
                yield Outcome(name=pin.name, state="kept", told=told)
                continue
            yield take(folder, pin.name, feed, data, now, origin=pin.url, published=pin.dated, whole=pin.whole)


def _member(archive: zipfile.ZipFile, path: Path, pin: Pin, largest: int) -> bytes:
    name = f"{pin.name}.raw"
    try:
        facts = archive.getinfo(name)
    except KeyError:
        raise BadInput(f"{path}: {name}, which its manifest names, is not in it; export it again") from None
    if facts.file_size > largest:
        raise BadInput(f"{path}: {name} has {facts.file_size:,} bytes; this feed's limit is {largest:,}")
    data = archive.read(facts)
    found = hashlib.sha256(data).hexdigest()
    if found != pin.sha256 or len(data) != pin.size:
        raise BadInput(
            f"{path}: {name} is not what its manifest says (SHA-256 {found[:12]}…, not {pin.sha256[:12]}…); nothing "
            "was taken over, export it again"
        )
    return data


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as error:
        raise BadInput(f"{path}: the file is damaged ({error}); nothing more was taken over, export it again") from None
