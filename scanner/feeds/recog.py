"""recog's fingerprint databases, where the user has them: `feeds/recog` in the user's data folder."""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path

from scanner.identify.recog import Recog
from scanner.identify.second import NOBODY, Second

_LARGEST = 8 << 20
"""Bytes of a file that is read; the largest of recog's has a tenth of that."""


def data_folder() -> Path:
    """Where the user keeps what fencewalk may use besides its own data."""
    chosen = Path(os.environ.get("XDG_DATA_HOME", ""))
    if not chosen.is_absolute():
        chosen = Path(os.path.expanduser("~")) / ".local" / "share"
    return chosen / "fencewalk"


def users_recog(folder: Path | None = None) -> Second:
    """The XML files in `folder`, or in `xml` there as recog's own archive has it; nobody's opinion without any."""
    where = folder or data_folder() / "feeds" / "recog"
    found: list[tuple[Path, int, int]] = []
    with contextlib.suppress(OSError):
        for each in sorted({*where.glob("*.xml"), *where.glob("xml/*.xml")}):
            facts = each.stat()
            if facts.st_size <= _LARGEST:
                found.append((each, facts.st_mtime_ns, facts.st_size))
    return _read(tuple(found))


@cache
def _read(files: tuple[tuple[Path, int, int], ...]) -> Second:
    """Read once, until one of the files changes."""
    found: dict[str, bytes] = {}
    for path, _, _ in files:
        with contextlib.suppress(OSError):
            found[path.name] = path.read_bytes()
    return Recog(found) if found else NOBODY
