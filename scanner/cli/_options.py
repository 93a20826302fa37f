"""Options and helpers that several commands share."""

from __future__ import annotations

import contextlib
import datetime
import math
import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli import _complete
from scanner.errors import BadInput
from scanner.files import real

if TYPE_CHECKING:
    from scanner.exporters import Exporter
    from scanner.model.report import Report

_MEND = "scan and assess as the user whose file it is, or name another file with --store"

SITE = click.argument("site", type=click.Path(path_type=Path, readable=False), shell_complete=_complete.sites)
STORE = click.option(
    "--store", type=click.Path(path_type=Path, readable=False), metavar="FILE",
    help="The file of scan data (default: SITE.fencewalk.sqlite, beside SITE).",
)  # fmt: skip


class Seconds(click.FloatRange):
    """A range that holds no "not a number" either, which no comparison finds outside of it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a valid number of seconds.", param, ctx)
        return number


def _day(ctx: click.Context, param: click.Parameter, value: str | datetime.date | None) -> datetime.date | None:
    if not isinstance(value, str):
        return value
    from scanner.session import parse_day

    return parse_day(value, param.opts[0])


TODAY = click.option("--today", callback=_day, metavar="YYYY-MM-DD", help="Judge as of this day (default: today).")


def program() -> str:
    """How whoever reads this started us, for a command that is to be typed again."""
    if Path(sys.argv[0]).name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m scanner.cli"
    return shlex.quote(sys.argv[0])


def on_terminal() -> bool:
    """Whether somebody sits there: the TUI draws on stderr and reads stdin, and stdout is not kept for something."""
    return all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def write_output(path: str, data: bytes | Iterable[bytes]) -> None:
    """To a file, or to stdout for `-`. A regular file is written whole or not at all; a link stays one, and a device or
    a pipe is written to."""
    parts = (data,) if isinstance(data, bytes) else data
    if path == "-":
        sys.stdout.buffer.writelines(parts)
        sys.stdout.buffer.flush()
        return
    target = real(Path(path))
    temporary = target.parent / f".{target.name}.part"
    try:
        whole = not target.exists() or target.is_file()
        with (temporary if whole else target).open("wb") as file:
            file.writelines(parts)
        if whole:
            temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BadInput(f"{path}: cannot be written: {error.strerror}") from None


def write_report(exporter: Exporter, path: str, report: Report, taken: Iterable[Path]) -> tuple[str, ...]:
    """All files that the format makes of the report, and what they are called. `taken`: what none of those beside
    `path` may replace. BadInput, and nothing is written, where there is no beside: on stdout, in a device."""
    files = exporter.named(path, report)
    name, parts = next(files)
    second = next(files, None)
    if second is not None:
        target = Path(path)
        if path == "-" or (target.exists() and not target.is_file()):
            where = "stdout" if path == "-" else path
            raise BadInput(f"-o {path}: a report of this size is several files, and {where} takes one; name a file")
    written = [name]
    write_output(name, parts)
    kept = {real(each) for each in taken}
    while second is not None:
        name, parts = second
        if real(Path(name)) in kept:
            raise BadInput(f"-o {path}: its next part would overwrite {name}; give the report another name")
        write_output(name, parts)
        written.append(name)
        second = next(files, None)
    return tuple(written)


def check_outputs(paths: Iterable[str], inputs: Iterable[Path]) -> None:
    """BadInput where two reports have one target, or a report would replace what it is made from."""
    seen = {real(each): str(each) for each in inputs}
    for path in paths:
        target = real(Path(path))
        if path != "-" and target in seen and (target.is_file() or not target.exists()):
            raise BadInput(f"-o: {path} would overwrite {seen[target]}; name another file")
        seen[target] = f"{path}, which another report goes to"


def check_store(path: Path, create: bool) -> None:
    """BadInput where no store can be written (`create`) or read at `path`: why not, and what to do about it."""
    folder = path.absolute().parent
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; name a file in it, such as --store {path / 'scans.sqlite'}")
    if not folder.is_dir():
        if not create:
            return  # no scan data is there: that is for the store to say
        if folder.exists():
            raise BadInput(f"{path}: {folder} is a file, not a folder; name another file with --store")
        raise BadInput(f"{path}: there is no folder {folder}; make it, or name another file with --store")
    if path.exists() and not path.is_file():
        raise BadInput(f"{path}: is no ordinary file; name another one with --store")
    if path.exists() and not os.access(path, os.R_OK):
        raise BadInput(f"{path}: {_user()} may not read it; {_MEND}")
    if not create:
        return
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise BadInput(f"{path}: {folder} is on a read-only disk; name a file elsewhere with --store")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadInput(f"{path}: {_user()} may not write it; {_MEND}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadInput(f"{path}: {_user()} may make no files in {folder}; name a file elsewhere with --store")


def _user() -> str:
    try:
        import pwd  # Windows has none

        return f"user {pwd.getpwuid(os.geteuid()).pw_name}"
    except (ImportError, KeyError):
        return "this user"
