"""Files of ours, read and replaced with one clear sentence where that fails."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from scanner.errors import BadInput

_MOST = 64 << 20
"""Bytes of a text of ours; whoever reads it has a tighter limit."""


def read_text(path: Path) -> str:
    """A file of ours as text; BadInput says why it cannot be had."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(f"{path}: is no ordinary file")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
        if len(data) > _MOST:
            raise BadInput(f"{path}: larger than {_MOST >> 20} MiB; this is no file of ours")
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from None


def real(path: Path) -> Path:
    """The file that a name leads to, by way of links; a link that leads to itself stays what it is, and whoever opens
    it is told (`Path.resolve` raises RuntimeError instead before Python 3.13)."""
    return Path(os.path.realpath(path))


def check_replaceable(path: Path) -> None:
    """BadInput where something stands at `path` that a file must not take the place of: a device, a pipe, a socket."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(f"{path}: is no ordinary file; name another one")


def replace_text(path: Path, text: str) -> None:
    """A file of ours written anew, whole or not at all, with its rights; with sudo it stays its owner's."""
    replace_bytes(path, (text.encode("utf-8"),))


def replace_bytes(path: Path, parts: Iterable[bytes]) -> None:
    """The same of bytes. Where there was no such file it becomes its folder's owner's."""
    check_replaceable(path)
    target = real(path)
    temporary = target.parent / f".{target.name}.part"
    try:
        with temporary.open("wb") as file:
            file.writelines(parts)
        model = target if target.exists() else target.parent
        if model is target:
            shutil.copymode(target, temporary)
        with contextlib.suppress(OSError, AttributeError):  # Windows has no owners
            os.chown(temporary, model.stat().st_uid, model.stat().st_gid)
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None
