"""What is written down about each lab that stands, so that one whose owner died can be found and taken down."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import msgspec

from scanner.errors import NoPrivilege
from scanner.lab.blueprint import Port
from scanner.lab.kernel import NAMED, Process

FOLDER = Path("/run/fencewalk")


class Record(msgspec.Struct, frozen=True):
    """One lab. Every namespace of it is called `name`, a hyphen, and more."""

    name: str
    topology: str
    owner: Process | None
    """None: persistent, it stands until somebody takes it down."""
    server: Process | None = None
    nodes: dict[str, str] = {}
    ports: dict[str, Port] = {}

    def namespaces(self) -> list[str]:
        """The names that exist now."""
        if not NAMED.is_dir():
            return []
        return sorted(each for each in os.listdir(NAMED) if each.startswith(f"{self.name}-"))


def claim(topology: str, persistent: bool) -> Record:
    """A record under a name that nobody has, written before anything else exists. NoPrivilege: not writable."""
    me = Process.of(os.getpid())
    try:
        FOLDER.mkdir(mode=0o755, exist_ok=True)
        for number in range(10_000):
            record = Record(f"fw-{me.pid}-{number}", topology, None if persistent else me)
            draft = _write(record)
            try:
                os.link(draft, path_of(record.name))
            except FileExistsError:
                continue
            finally:
                draft.unlink()
            return record
    except PermissionError as error:
        raise NoPrivilege(f"a lab is noted down in {FOLDER}, which is not writable: {error.strerror}") from None
    raise NoPrivilege(f"{FOLDER} is full of labs of this process")


def save(record: Record) -> None:
    """Replace the record of that name, all or nothing."""
    _write(record).rename(path_of(record.name))


def read_all() -> list[Record]:
    found = []
    for path in sorted(FOLDER.glob("fw-*.json")):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # taken down meanwhile; or another user's
            found.append(msgspec.json.decode(path.read_bytes(), type=Record))
    return found


def forget(name: str) -> None:
    """The record goes last: until then a lab that is half down can be found."""
    for mark in FOLDER.glob(f"{name}.plugged-*"):
        mark.unlink(missing_ok=True)
    for suffix in (".plug", ".lock", ".log", ".json"):
        path_of(name, suffix).unlink(missing_ok=True)


def path_of(name: str, suffix: str = ".json") -> Path:
    return FOLDER / f"{name}{suffix}"


def _write(record: Record) -> Path:
    draft = FOLDER / f".{record.name}.{os.getpid()}.{threading.get_ident()}"
    draft.write_bytes(msgspec.json.encode(record))
    return draft
