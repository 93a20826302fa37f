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
MOST_BYTES = 2 << 30
_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o600 << 16


def is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip"


def zipped(files: Mapping[str, bytes]) -> bytes:
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
    data: bytes, first: Sequence[str], sizes: Callable[[dict[str, bytes]], Mapping[str, int]]
) -> dict[str, bytes]:
    """The files of a zip of ours whose own records are damaged, by where they have to be.

    `first`: the names of those that are texts, from the start on; of them `sizes` tells those of all others.
    """
    found: dict[str, bytes] = {}
    at = 0
    for name in first:
        start = at + _HEADER + len(name.encode())
        at = data.find(_NEXT, start)
        found[name] = data[start : at if at >= 0 else len(data)]
        at = at if at >= 0 else len(data)
    for name, size in sizes(found).items():
        start = at + _HEADER + len(name.encode())
        at = start + size
        found[name] = data[start:at]
    return found


def read(path: Path) -> dict[str, bytes]:
    """The files of a pack, by their names. BadInput where it is none, or one that is no pack of ours to unpack."""
    try:
        if path.is_dir():
            return _folder(path)
        return _zip(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror or error}") from None


def _folder(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in (*folders, *names):
            each = Path(folder, name)
            if each.is_symlink() or not (each.is_dir() or each.is_file()):
                raise BadInput(f"{path}: {visible(str(each.relative_to(path)))} is a link or a device; a pack has none")
        for name in names:
            each = Path(folder, name)
            left -= each.stat().st_size
            if left < 0 or len(found) >= MOST_FILES:
                raise BadInput(f"{path}: is larger than a pack may be ({MOST_FILES:,} files, {MOST_BYTES:,} bytes)")
            found[each.relative_to(path).as_posix()] = each.read_bytes()
    return found


def _zip(path: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = info.filename
                left -= info.file_size
                if left < 0 or len(found) >= MOST_FILES:
                    raise BadInput(f"{path}: is larger than a pack may be ({MOST_FILES:,} files, {MOST_BYTES:,} bytes)")
                if info.compress_type != zipfile.ZIP_STORED or info.is_dir() or not _plain(name) or name in found:
                    raise BadInput(f"{path}: {visible(name)} is nothing that `fencewalk pack` writes")
                with archive.open(info) as file:
                    # What was stored is compared with signed digests; zip's own checksum would stop at the first flaw.
                    file._expected_crc = None  # type: ignore[attr-defined]
                    found[name] = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        raise Broken(f"{path}: is no zip that can be opened ({visible(str(error))})") from None
    return found


def _plain(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and not set(parts) & {"", ".", ".."} and "\\" not in name and ":" not in name
