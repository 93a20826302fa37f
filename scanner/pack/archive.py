"""A pack on the disk: a folder, or a zip in which every byte is where the manifest says.

A zip is stored, not compressed, with one date for all: the same files are the same bytes, and a check can say which
byte of the zip itself was changed.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scanner.errors import BadInput
from scanner.model.text import visible

_HEADER = 30
"""Bytes before the name of a file in a zip."""
_NEXT = b"PK\x03\x04"
MOST_FILES = 10_000
MOST_BYTES = 1 << 30
_MOST_ZIP = MOST_BYTES + MOST_FILES * 1024
LARGER = f"larger than a pack may be ({MOST_FILES:,} files, {MOST_BYTES:,} bytes)"
Files = Mapping[str, bytes | memoryview]
"""By their names. A zip's are seen where they lie, and not copied."""
_LONGEST_NAME = 1024
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o600 << 16


def is_zip(path: Path) -> bool:
    """Whether a pack of that name is to be written as a zip. One that is there is a zip if it is no folder."""
    return path.suffix.lower() == ".zip"


def whole_zip(path: Path) -> bytes:
    """What is in the file. BadInput where that is no ordinary file, or larger than any pack."""
    if not path.is_file():
        raise BadInput(f"{path}: is neither a folder nor an ordinary file; name what `fencewalk pack` wrote")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_ZIP + 1) if path.stat().st_size <= _MOST_ZIP else None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if data is None or len(data) > _MOST_ZIP:
        raise BadInput(f"{path}: is {LARGER}")
    return data


def zipped(files: Files) -> bytes:
    """In the order of `files`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = _MODE
            info.create_system = 3
            archive.writestr(info, data)
    return out.getvalue()


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Into a new folder, or an empty one."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise BadInput(f"{path}: there are files already; name a new folder, or a .zip")
        for name, data in files.items():
            target = path / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
    except OSError as error:
        raise BadInput(f"{path}: the pack cannot be written: {error.strerror}") from None


class Broken(BadInput):
    """No zip reader opens it."""


def laid_out(
    data: bytes, first: Sequence[str], sizes: Callable[[Files], Mapping[str, int]]
) -> dict[str, bytes | memoryview]:
    """The files of a zip of ours whose own records are damaged, by where they have to be.

    `first`: the names of those that are texts, from the start on; of them `sizes` tells those of all others.
    """
    found: dict[str, bytes | memoryview] = {}
    view = memoryview(data)
    at = 0
    for name in first:
        start = at + _HEADER + len(name.encode())
        at = data.find(_NEXT, start)
        found[name] = data[start : at if at >= 0 else len(data)]
        at = at if at >= 0 else len(data)
    for name, size in sizes(found).items():
        start = at + _HEADER + len(name.encode())
        at = start + size
        found[name] = view[start:at]
    return found


def read(path: Path, data: bytes | None = None) -> dict[str, bytes]:
    """The files of a pack, by their names; an empty folder's ends in a slash. BadInput where it is none, or one that is
    no pack of ours to unpack. `data`: what is in a zip, where that was read already."""
    try:
        if path.is_dir():
            return _folder(path)
        return _zip(path, whole_zip(path) if data is None else data)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None


def _folder(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for folder, folders, names in os.walk(path, onerror=_refuse):
        folders.sort()
        if not folders and not names:
            found[f"{Path(folder).relative_to(path).as_posix()}/"] = b""
        for name in (*folders, *names):
            each = Path(folder, name)
            if each.is_symlink() or not (each.is_dir() or each.is_file()):
                raise BadInput(f"{path}: {visible(str(each.relative_to(path)))} is a link or a device; a pack has none")
        for name in names:
            each = Path(folder, name)
            left -= each.stat().st_size
            if left < 0 or len(found) >= MOST_FILES:
                raise BadInput(f"{path}: is {LARGER}")
            found[each.relative_to(path).as_posix()] = each.read_bytes()
    return found


def _refuse(error: OSError) -> None:
    """What cannot be looked into may hold anything."""
    raise error


def _zip(path: Path, data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                name = info.filename
                left -= info.file_size
                if left < 0 or len(found) >= MOST_FILES:
                    raise BadInput(f"{path}: is {LARGER}")
                if info.compress_type != zipfile.ZIP_STORED or info.is_dir() or not plain_name(name) or name in found:
                    raise BadInput(f"{path}: {visible(name)} is nothing that `fencewalk pack` writes")
                with archive.open(info) as file:
                    # What was stored is compared with signed digests; zip's own checksum would stop at the first flaw.
                    file._expected_crc = None  # type: ignore[attr-defined]
                    found[name] = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        raise Broken(f"{path}: is no zip that can be opened ({visible(str(error))})") from None
    return found


def plain_name(name: str) -> bool:
    """Whether it leads to a place inside a pack, whatever system reads it."""
    parts = name.split("/")
    return (
        0 < len(name) <= _LONGEST_NAME
        and "\0" not in name
        and not set(parts) & {"", ".", ".."}
        and "\\" not in name
        and ":" not in name
    )
