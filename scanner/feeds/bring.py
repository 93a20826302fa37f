"""Files that somebody brought: a publisher's download, a folder of them, or the bundle of another laptop.

Which feed a file is of is told by what is in it, never by its name.
"""

from __future__ import annotations

import datetime
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from scanner.errors import BadInput
from scanner.feeds.bundle import manifest_of, take_bundle
from scanner.feeds.feed import Feed, feeds
from scanner.feeds.update import Outcome, take
from scanner.importers.archive import is_zip, packed
from scanner.model.text import plural

_MOST_FILES = 400_000
_MOST_BYTES = 2 << 30
"""Of a folder's files together."""
_LARGEST_MEMBER = 64 << 20
_TRIED = 40
"""Files in a zip that are looked at for what it is; archives of whole projects begin with other things."""
_SUFFIXES = (".json", ".xml", ".csv", ".gz", ".zip")


def bring(folder: Path, path: Path, now: datetime.datetime, *, whole: bool = False) -> Iterator[Outcome]:
    """Take over what `path` holds. `whole`: it is said to be all that its publisher has. BadInput where nothing in it
    is of any feed; what is, and cannot be used, fails on its own."""
    if path.is_dir():
        yield from _folder(folder, path, now, whole)
    elif path.is_file():
        yield from _file(folder, path, now, whole)
    else:
        raise BadInput(f"{path}: {'is no ordinary file' if path.exists() else 'no such file or folder'}")


def _file(folder: Path, path: Path, now: datetime.datetime, whole: bool) -> Iterator[Outcome]:
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise BadInput(f"{path}: the file is empty")
    if is_zip(head) and (manifest := manifest_of(path)) is not None:
        yield from take_bundle(folder, path, manifest, now)
        return
    most = max(feed.largest for feed in feeds().values())
    if path.stat().st_size > most:
        raise BadInput(f"{path}: larger than {most >> 20} MiB, as no feed's file is")
    data = path.read_bytes()
    name = _of_zip(path) if is_zip(head) else _of(data)
    if name is None:
        raise BadInput(f"{path}: is of no feed that is known here; there are:", _listing())
    if feeds()[name].packed is not None and not is_zip(head):
        data = packed({path.name: data})
    yield _taken(folder, name, data, now, str(path), _day(path), whole)


def _folder(folder: Path, path: Path, now: datetime.datetime, whole: bool) -> Iterator[Outcome]:
    found: dict[str, list[Path]] = {}
    others: list[Path] = []
    last: str | None = None
    total = 0
    for each in _walk(path):
        if each.suffix == ".zip":
            others.append(each)
            continue
        total += each.stat().st_size
        if total > _MOST_BYTES:
            raise BadInput(f"{path}: holds more than {_MOST_BYTES >> 30} GiB; name the folders of feeds in it")
        last = _of(each.read_bytes(), last)
        if last is not None:
            found.setdefault(last, []).append(each)
    for name in sorted(found):
        if feeds()[name].packed is None:
            for each in found[name]:
                yield _taken(folder, name, each.read_bytes(), now, str(each), _day(each), whole)
        else:
            files = {each.relative_to(path).as_posix(): each.read_bytes() for each in found[name]}
            yield _taken(folder, name, packed(files), now, str(path), max(map(_day, found[name])), whole)
    zips = 0
    for each in others:
        if manifest_of(each) is not None or _of_zip(each) is not None:
            zips += 1
            yield from _file(folder, each, now, whole)
    if not found and not zips:
        raise BadInput(f"{path}: nothing in this folder is of a feed that is known here; there are:", _listing())


def _taken(
    folder: Path, name: str, data: bytes, now: datetime.datetime, origin: str, day: datetime.date, whole: bool
) -> Outcome:
    feed = feeds()[name]
    # A file's own time says when it was copied; it counts only where nothing in the file has a date.
    published = day if name == "recog" else None
    try:
        return take(folder, name, feed, data, now, origin=origin, published=published, whole=whole, sure=whole)
    except BadInput as error:
        return Outcome(name=name, state="failed", told=str(error))


def _of(data: bytes, first: str | None = None) -> str | None:
    """The feed that a file is of, or belongs into. `first`: the likeliest."""
    known = feeds()
    order = sorted(known, key=lambda name: name != first)
    return next((name for name in order if known[name].recognises(data)), None)


def _of_zip(path: Path) -> str | None:
    """The feed whose files a zip packs, told by the first that are of any."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [each for each in archive.infolist() if each.filename.endswith((".json", ".xml"))]
            for each in inside[:_TRIED]:
                if each.file_size <= _LARGEST_MEMBER and (name := _of(archive.read(each))) is not None:
                    return name if _packs(feeds()[name], each.filename) else None
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise BadInput(f"{path}: the zip file is damaged ({error}); fetch it again") from None
    return None


def _packs(feed: Feed, name: str) -> bool:
    return feed.packed is not None and name.endswith(feed.packed)


def _walk(path: Path) -> Iterator[Path]:
    """Files that may be of a feed, in the order of their names. Links are not followed."""
    count = 0
    for where, below, names in os.walk(path):
        below.sort()
        for name in sorted(names):
            each = Path(where) / name
            if not name.endswith(_SUFFIXES) or each.is_symlink() or not each.is_file():
                continue
            count += 1
            if count > _MOST_FILES:
                raise BadInput(
                    f"{path}: holds more than {plural(_MOST_FILES, 'file')}; name the folders of feeds in it"
                )
            yield each


def _day(path: Path) -> datetime.date:
    return datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).date()


def _listing() -> tuple[str, ...]:
    return tuple(f"{name:16} {feed.title}: {feed.says}" for name, feed in feeds().items())
