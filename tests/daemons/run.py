"""Start daemons in the lab, scan them, and print what was identified beside the truth.

python -m daemons.run NAME...                  what fencewalk says of them (from the folder tests/)
python -m daemons.run NAME... -- COMMAND       run COMMAND where the scanner is; $NAME_ADDRESS is where the daemon is
python -m daemons.run --all [--heavy]          all of them
python -m daemons.run --list                   the recipes

The verdicts: ok; hidden (not named, and the wire does not show it); missing (the wire shows it); WRONG (another
product); INVENTED (a version or revision that is not the package's).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from daemons import judge, lab, recipe
from daemons.packages import Unavailable
from daemons.rooms import Room, furnish


class Outcome(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    seconds: float
    """The scan's."""
    rows: list[judge.Judged]
    failed: dict[str, str]
    """Daemons that did not start or do not listen on all of their ports, and why."""
    unavailable: dict[str, str]
    """Daemons whose packages cannot be had, and why."""


def main(arguments: Sequence[str]) -> int:
    at = list(arguments).index("--") if "--" in arguments else len(arguments)
    options, command = _parse(arguments[:at]), list(arguments[at + 1 :])
    if options.list:
        print("\n".join(recipe.names()))
        return 0
    reason = lab.why_not()
    if reason:
        print(reason, file=sys.stderr)
        return 4
    chosen = [recipe.load(each) for each in (recipe.names() if options.all else options.names)]
    rooms, unavailable = provide([each for each in chosen if options.heavy or not options.all or not each.heavy])
    if not lab.is_inside():
        flags = [each for each in arguments[:at] if each in ("--logs", "--evidence", "--json")]
        missing = [f"--unavailable={name}:{why}" for name, why in unavailable.items()]
        names = [each.recipe.name for each in rooms]
        program = [
            sys.executable,
            "-m",
            "daemons.run",
            *flags,
            *missing,
            *names,
            *(["--", *command] if command else []),
        ]
        argv = lab.inside(program)
        os.execvp(argv[0], argv)
    unavailable = dict(each.split(":", 1) for each in options.unavailable)
    with lab.DaemonLab(rooms) as built, tempfile.TemporaryDirectory(dir=lab.HERE) as folder:
        for name, why in built.failed.items():
            print(f"{name}: {why}\n{built.log(name)[-2000:]}", file=sys.stderr)
        status = 0
        if command:
            status = _command(built, command)
        else:
            said, seconds = judge.scan(built, Path(folder))
            outcome = Outcome(seconds, judge.judge_all(built, said), built.failed, unavailable)
            if options.json:
                sys.stdout.buffer.write(msgspec.json.encode(outcome))
            else:
                print("\n".join(table(outcome.rows, options.evidence)))
                print(f"{len(outcome.rows)} ports, scanned in {seconds:.1f} s")
        if options.logs:
            for one in built.running:
                print(f"== {one.recipe.name}\n{built.log(one.recipe.name)[-4000:]}", file=sys.stderr)
        return status


def provide(recipes: Sequence[recipe.Recipe]) -> tuple[list[Room], dict[str, str]]:
    """What can be had, and why the rest cannot."""
    rooms, unavailable = [], {}
    for each in recipes:
        try:
            rooms.append(furnish(each))
        except Unavailable as error:
            unavailable[each.name] = str(error)
            print(f"{each.name}: {error}", file=sys.stderr)
    return rooms, unavailable


def table(rows: Sequence[judge.Judged], evidence: bool = False) -> list[str]:
    """A line a port; with the bytes that named it where something is amiss, or everywhere."""
    lines = []
    for row in rows:
        right = _words((row.truth.products or (None,))[0], row.truth.version, row.truth.revision, row.truth.distro)
        found = _words(row.said.product, row.said.version, row.said.revision, row.said.distro)
        place = f"{row.daemon:24} {row.port:10} {row.worst:9} {right:44} {found or '-'}  [{row.said.service or '?'}]"
        lines.append(place)
        if evidence or row.worst not in ("ok", "hidden"):
            lines.append(f"{'':46}{row.said.evidence[:200]}")
    return lines


def _words(*parts: str | None) -> str:
    return " ".join(each for each in parts if each)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m daemons.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*")
    for name, help in (
        ("list", "print the recipes' names"),
        ("all", "all daemons but the heavy ones"),
        ("heavy", "with --all: those too"),
        ("logs", "print what the daemons wrote"),
        ("evidence", "print the bytes of every port"),
        ("json", "the outcome as JSON on stdout"),
    ):
        parser.add_argument(f"--{name}", action="store_true", help=help)
    parser.add_argument("--unavailable", action="append", default=[], help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _command(built: lab.DaemonLab, command: Sequence[str]) -> int:
    where = {
        f"{one.recipe.name.upper().replace('-', '_')}_ADDRESS": one.address
        for one in sorted(built.running, key=lambda each: each.recipe.name)
    }
    for name, address in where.items():
        print(f"{name}={address}", file=sys.stderr)
    return subprocess.run(built.command(command), check=False, env={**os.environ, **where}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
