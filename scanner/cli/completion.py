"""`fencewalk completion`: what makes a shell complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

_VARIABLE = "_FENCEWALK_COMPLETE"


@click.command("completion", short_help="Shell completion for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def COMMAND(shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, site files, zones, finding ids and formats.

    \b
    bash:  echo 'eval "$(fencewalk completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(fencewalk completion zsh)"' >> ~/.zshrc
    fish:  fencewalk completion fish > ~/.config/fish/completions/fencewalk.fish
    """
    from scanner.cli import group

    found = get_completion_class(shell)
    assert found is not None
    # Not its own `source`: that starts a bash to ask for its version, which is not the one that will read this.
    click.echo(ShellComplete.source(found(group, {}, "fencewalk", _VARIABLE)))
