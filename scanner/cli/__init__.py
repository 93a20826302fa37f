"""The commands, one a file: `COMMAND` of a module here; `tui` adds its own by the entry point `fencewalk.commands`.

Modules of commands import nothing heavy at their top, so that `--help` answers at once.
"""

from __future__ import annotations

import errno
import functools
import gc
import importlib
import keyword
import signal
import sys
from typing import TYPE_CHECKING

import click

from scanner import __version__
from scanner.cli._streams import open_closed
from scanner.errors import BadInput, FencewalkError, NoPrivilege

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

INTERRUPTED = 130
BUG = 70
"""Something that should not happen; the traceback is kept in a file, what was collected is in the store."""


class Commands(click.Group):
    """A group whose commands are this folder's modules, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        import pkgutil

        modules = (each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_"))
        own = {each.rstrip("_").replace("_", "-") for each in modules}
        return sorted(own | _plugged_in().keys())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # Our own first: to look the others up takes a while.
        command = _own(cmd_name)
        if command is None and cmd_name in _plugged_in():
            command = _plugged_in()[cmd_name].load()
        assert command is None or isinstance(command, click.Command)
        return command


def _own(name: str) -> object:
    """The command of a module here (`import_.py` is `import`); None where there is none of that name."""
    module = f"{__name__}.{name.replace('-', '_')}{'_' if keyword.iskeyword(name) else ''}"
    if not name.replace("-", "").isalnum():
        return None
    try:
        return importlib.import_module(module).COMMAND
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


def _keep_traceback() -> str:
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="fencewalk-", suffix=".log", delete=False) as log:
        log.write(traceback.format_exc())
    return f"Its details are in {log.name}; please report it. What was collected is kept."


@functools.cache
def _plugged_in() -> dict[str, EntryPoint]:
    """Commands that other packages add."""
    from importlib.metadata import entry_points

    return {each.name: each for each in entry_points(group="fencewalk.commands")}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="fencewalk")
def group() -> None:
    """Walk the fence of every network segment, and prove that it holds.

    \b
    fencewalk demo                               see it work on a sample network
    fencewalk doctor                             what this laptop can do
    fencewalk scan site.yaml --from guest        plugged into the guest network
    fencewalk assess site.yaml                   what was found
    """


def main(args: list[str] | None = None) -> None:
    """Run a command and end the process: 0 done, 1 findings, 2 bad input, 3 incomplete, 4 no privilege, 130 Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    open_closed()
    try:
        code = group.main(args, prog_name="fencewalk", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = 2
    except FencewalkError as error:
        from scanner.model.text import visible

        click.echo(f"fencewalk: {visible(str(error))}", err=True)
        for each in error.listing if isinstance(error, BadInput) else ():
            click.echo(f"  {visible(each)}", err=True)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("fencewalk: interrupted", err=True)
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep the interpreter from complaining about it on exit.
        sys.stderr.close()
        code = 0
    except OSError as error:
        what = f" ({error.filename})" if error.filename else ""
        why = "stdout is closed" if error.errno == errno.EBADF and not what else error.strerror or error
        click.echo(f"fencewalk: the system refused: {why}{what}", err=True)
        code = NoPrivilege.exit_code if isinstance(error, PermissionError) else 2
    except Exception as error:  # noqa: BLE001 - the last line: a user gets a sentence, we get the traceback
        from scanner.model.text import visible

        told = visible(f"{type(error).__name__}: {error}")
        click.echo(f"fencewalk: a bug, sorry: {told}\n{_keep_traceback()}", err=True)
        code = BUG
    # What is left of a large report goes with the process: to look through it for cycles first takes a while.
    gc.freeze()
    sys.exit(code if isinstance(code, int) else 0)
