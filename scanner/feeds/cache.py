"""Feeds on disk: in `feeds/NAME` of the user's data folder, `pin.json` names the file and the SHA-256 it has to have.

A file is stored under its own digest, and then the pin is replaced in one step: whoever reads meanwhile gets the old
edition or the new one. Every read checks the digest. What was made of a file is kept beside it, so that an assessment
does not read it again.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from scanner.errors import BadInput
from scanner.feeds.feed import Feed
from scanner.model.base import Frozen, Text
from scanner.model.feeds import FeedFact, Reading

_PIN = "pin.json"
_LARGEST_PIN = 64 << 10
_LEFT_ALONE = 3600.0
"""Seconds for which files that no pin names any more stay: somebody may be about to read or to pin them."""


class Pin(Frozen, frozen=True):
    """Which edition of a feed is cached."""

    name: Text
    url: str
    """Where it came from; for an imported one, the file."""
    fetched: datetime.datetime
    dated: datetime.date
    """Of which day its facts are."""
    sha256: Text
    size: int
    entries: int
    whole: bool
    """Whether it has as many entries as its publisher's file at least has, or whoever imported it said so."""
    reader: int
    """Version of the reader that made `facts`."""
    facts: Text
    """SHA-256 of what was made of it."""
    etag: str = ""
    modified: str = ""
    """The server's word for when it last changed, to be asked by."""


def data_folder() -> Path:
    """Where the user keeps what fencewalk may use besides its own data; FENCEWALK_DATA names another place,
    from the working folder on where it is a relative one."""
    if named := os.environ.get("FENCEWALK_DATA", ""):
        return Path(os.path.expanduser(named)).absolute()
    chosen = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not chosen.is_absolute():
        chosen = Path(os.path.expanduser("~")) / ".local" / "share"
    return chosen / "fencewalk"


def feeds_folder() -> Path:
    return data_folder() / "feeds"


def pinned(folder: Path, name: str) -> Pin | None:
    """The edition that is cached; None without one. BadInput where the pin itself cannot be used."""
    path = folder / name / _PIN
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_PIN)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None
    try:
        pin = msgspec.json.decode(text, type=Pin)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {error}; {_again(name)}") from None
    if pin.name != name or not _is_digest(pin.sha256) or not _is_digest(pin.facts):
        raise BadInput(f"{path}: does not pin {name}; {_again(name)}")
    return pin


def raw(folder: Path, pin: Pin) -> bytes:
    """The file as it was fetched. BadInput where it is not what was pinned."""
    return _checked(folder, pin, f"{pin.sha256}.raw", pin.sha256)


def facts(folder: Path, pin: Pin, feed: Feed) -> Any:
    """What was made of the file. BadInput where the file, or that, is not what was pinned."""
    _check(folder / pin.name / f"{pin.sha256}.raw", pin, pin.sha256)
    if pin.reader == feed.version:
        stored = _checked(folder, pin, f"{pin.facts}.facts", pin.facts)
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.msgpack.decode(stored, type=feed.facts)
    read = feed.read(raw(folder, pin), pin.name, pin.fetched.date())
    found = settled(feed, read, pin.dated, pin.whole)
    with contextlib.suppress(OSError):
        again = msgspec.structs.replace(pin, reader=feed.version, facts=_put(folder / pin.name, found))
        _replace(folder / pin.name / _PIN, msgspec.json.format(msgspec.json.encode(again)))
    return found


def keep(folder: Path, feed: Feed, data: bytes, reading: Reading, pin: Pin) -> Pin:
    """Store a file that was verified, and pin it; `pin` says all but the digests and the sizes. The pin is the last
    step, and it happens at once or not at all."""
    where = folder / pin.name
    where.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(data).hexdigest()
    path = where / f"{digest}.raw"
    if not (path.exists() and path.stat().st_size == len(data) and _digest(path) == digest):
        _replace(path, data)
    stored = _put(where, settled(feed, reading, pin.dated, pin.whole))
    pin = msgspec.structs.replace(
        pin, sha256=digest, size=len(data), entries=reading.entries, reader=feed.version, facts=stored
    )
    _replace(where / _PIN, msgspec.json.format(msgspec.json.encode(pin)))
    _tidy(where, {f"{digest}.raw", f"{stored}.facts"})
    return pin


def repin(folder: Path, pin: Pin) -> None:
    """Replace the pin alone."""
    _replace(folder / pin.name / _PIN, msgspec.json.format(msgspec.json.encode(pin)))


def kept(folder: Path, *names: str) -> tuple[tuple[str, int, int], ...]:
    """What there is on disk, by name, time and size: it changes whenever one of the files does."""
    found: list[tuple[str, int, int]] = []
    for name in names:
        with contextlib.suppress(OSError):
            for each in sorted((folder / name).iterdir()):
                if each.name == _PIN or each.suffix in (".raw", ".facts"):
                    known = each.stat()
                    found.append((f"{name}/{each.name}", known.st_mtime_ns, known.st_size))
    return tuple(found)


def fact(pin: Pin, feed: Feed) -> FeedFact:
    return FeedFact(pin.name, feed.title, pin.dated, feed.limit_days, pin.sha256, pin.entries, pin.whole)


def settled(feed: Feed, reading: Reading, dated: datetime.date, whole: bool) -> Any:
    return reading.facts if feed.settle is None else feed.settle(reading.facts, dated, whole)


def _put(where: Path, found: Any) -> str:
    stored = msgspec.msgpack.encode(found)
    digest = hashlib.sha256(stored).hexdigest()
    _replace(where / f"{digest}.facts", stored)
    return digest


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _tidy(where: Path, used: set[str]) -> None:
    for each in where.iterdir():
        old = each.suffix in (".raw", ".facts", ".part") and each.name not in used
        with contextlib.suppress(OSError):
            if old and time.time() - each.stat().st_mtime > _LEFT_ALONE:
                each.unlink()


def _checked(folder: Path, pin: Pin, name: str, digest: str) -> bytes:
    path = folder / pin.name / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, pin, error) from None
    _same(path, pin, hashlib.sha256(data).hexdigest(), digest)
    return data


def _check(path: Path, pin: Pin, digest: str) -> None:
    """Without having all of the file in memory."""
    try:
        found = _digest(path)
    except OSError as error:
        raise _unreadable(path, pin, error) from None
    _same(path, pin, found, digest)


def _same(path: Path, pin: Pin, found: str, digest: str) -> None:
    if found != digest:
        raise BadInput(
            f"{path}: is not the file that was pinned (SHA-256 {found[:12]}…, not {digest[:12]}…), and is not used; "
            f"{_again(pin.name)}"
        )


def _unreadable(path: Path, pin: Pin, error: OSError) -> BadInput:
    if isinstance(error, FileNotFoundError):
        return BadInput(f"{path}: is missing; {_again(pin.name)}")
    return BadInput(f"{path}: cannot be read: {error.strerror}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(each in "0123456789abcdef" for each in text)


def _again(name: str) -> str:
    return f"fetch it again with `fencewalk feeds update {name}`, or import it"
