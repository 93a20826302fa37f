"""`fencewalk doctor`: what this laptop can do, and the fix for each thing that it cannot."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from scanner.net.fitness import Fitness


@click.command("doctor", short_help="What this laptop can do, and the fix for each thing it cannot.")
def COMMAND() -> None:
    """Say what this laptop can do: send raw packets, scan without them, scan fast, run the demo, show the TUI.

    Sends nothing. What is not there is named with what it is good for and how to get it.
    """
    import platform
    import shutil

    from scanner.lab.privilege import can_raise
    from scanner.net.fitness import fitness
    from scanner.net.live import available
    from scanner.net.privileges import forbidden, outlook

    able = available()
    fit = fitness()
    lab = can_raise()
    say("python", True, f"{platform.python_version()} on {platform.system()} {platform.release()}")
    if able.raw:
        after = outlook()
        say("raw packets", True, "ARP, NDP, ICMP and SYN with TTLs; tells a firewall's reset from the host's own")
        say(
            "privileges",
            True,
            f"once its sockets are open, a scan {after}" if after else "raw packets are for all here",
        )
    else:
        say("raw packets", False, able.raw_reason)
    say("connect scan", True, "needs no right; finds fewer hosts, and a firewall's reset looks like the host's own")
    say(
        "nmap",
        able.nmap,
        able.nmap_reason or f"{shutil.which('nmap')}; a scan with it keeps its rights, as Nmap needs them",
    )
    needless = "; not needed where raw packets may be sent" if able.raw else ""
    pings = able.ping_reason and f"{able.ping_reason}: sudo sysctl -w {PING_RANGE}{needless}"
    say("ping sockets", able.ping, pings or "echo without raw packets")
    for what, good, detail in speed(fit):
        say(what, good, detail)
    for what, good, detail in extras():
        say(what, good, detail)
    say("lab", lab is None, lab or "network namespaces with nftables for the demo; `lab up` needs root")
    if able.interfaces_reason:
        say("interfaces", False, able.interfaces_reason)
    for each in able.interfaces:
        addresses = ", ".join(each.addresses) or "no address"
        say(f"interface {each.name}", each.up, addresses if each.up else f"{addresses}; it is down or has no carrier")
    terminal = sys.stdout.isatty()
    say("terminal", terminal, "the TUI can run here" if terminal else "no terminal here: use fencewalk assess")
    if sys.platform != "linux":
        return
    if not able.raw:
        for line in advice(Path(sys.executable), Path(sys.prefix), Path(sys.argv[0]), forbidden()):
            click.echo(line)
    elif os.geteuid() == 0:
        click.echo("\nLess than root would do: ask again as an ordinary user, and this says how.")


def say(what: str, good: bool, detail: str) -> None:
    """One line: the word beside the glyph, so that neither colour nor shape has to carry it alone."""
    click.echo(f"{click.style('✓ yes', fg='green') if good else click.style('✕ no ', fg='red')}  {what:18} {detail}")


def speed(fit: Fitness) -> list[tuple[str, bool, str]]:
    """What a fast scan takes, each with what is lost without it."""
    batches = bool(fit.numpy) and fit.sendmmsg
    if batches:
        sending = f"numpy {fit.numpy} and sendmmsg: a thousand packets a call"
    else:
        sending = ("pip install numpy" if fit.sendmmsg else "this system has no sendmmsg") + "; scans take longer"
    rings = {
        True: "answers are read from shared memory, at the speed of the wire",
        None: "can only be tried with the right to raw packets",
        False: "this kernel has none: scan with a lower max_rate, or answers are lost (a scan says so)",
    }
    cores = (
        f"{fit.cores}: one sends while another listens" if fit.cores > 1 else "one sends and listens in turn: slower"
    )
    capture = f"scapy {fit.scapy}: scan --capture FILE keeps the packets" if fit.scapy else "pip install scapy"
    return [
        ("fast sending", batches, sending),
        ("fast receiving", fit.ring is True, rings[fit.ring]),
        ("two processors", fit.cores > 1, cores),
        ("capture", bool(fit.scapy), capture),
    ]


def extras() -> list[tuple[str, bool, str]]:
    """What reports, tickets and judging by today's facts take beyond the scan itself."""
    import importlib.util

    from scanner.feeds import troubles
    from scanner.pdf import browser

    printer = browser()
    sheets = importlib.util.find_spec("xlsxwriter") is not None
    keys = importlib.util.find_spec("keyring") is not None
    wrong = troubles()
    return [
        ("PDF", bool(printer), f"assess -o pdf=FILE, by {printer}" if printer else
         "apt install chromium; every browser prints the HTML"),
        ("workbook", sheets, "assess -o xlsx=FILE" if sheets else 'pip install "fencewalk[xlsx]"; csv needs nothing'),
        ("keyring", keys, "tickets reads its keys there, or from the environment" if keys else
         'pip install "fencewalk[tickets]"; without it tickets reads its keys from the environment'),
        ("facts", not wrong, "; ".join(wrong[:3]) or "baselines and feeds are readable; ages: fencewalk feeds list"),
    ]  # fmt: skip


def advice(python: Path, prefix: Path, program: Path, forbidden: bool) -> list[str]:
    """How to give the right to raw packets, the least of it first."""
    if forbidden:
        return ["", "This container may not send raw packets, root neither: start it with --cap-add NET_RAW."]
    command = str(program.absolute()) if program.name == "fencewalk" else f"{python} -m scanner.cli"
    return [
        "",
        "Raw packets, and no more than that:",
        f"  sudo {command} scan ...",
        "      by sudo: a scan opens its sockets, and then goes on as you, HOME and all",
        "  " + " ".join(SETPRIV).format(command=command),
        "      for one run: as you from the beginning, with this one right, which is given up in the same way",
        *(f"  {each}" for each in granting(python, prefix)),
        "      for good: whoever may start this interpreter may then send raw packets, without a password; hence a",
        "      copy that only you may start. A new interpreter or environment has to be given the right again.",
        *nosuid(prefix),
    ]


PING_RANGE = 'net.ipv4.ping_group_range="0 2147483647"'
SETPRIV = (
    'sudo setpriv --reuid "$USER" --regid "$(id -g)" --init-groups --inh-caps +net_raw --ambient-caps +net_raw',
    "{command} scan ...",
)


def granting(python: Path, prefix: Path) -> list[str]:
    """The commands that give an environment's own interpreter the right.

    Capabilities stick to a file, not to a link: in an environment made with links that file is the system's Python,
    which every program of every user runs on. It is replaced by a copy first.
    """
    link = python
    while link.is_symlink() and (target := link.parent / link.readlink()).parent == link.parent:
        link = target
    if not link.is_relative_to(prefix) or prefix in (Path("/usr"), Path("/usr/local"), Path("/")):
        return [f"{python} -m venv --copies ~/fencewalk   # and install fencewalk there: doctor then goes on from here"]
    copy = [f"cp --remove-destination {link.resolve()} {link}"] if link.is_symlink() else []
    return [*copy, f"chmod 700 {prefix}", f"sudo setcap cap_net_raw+ep {link}"]


def nosuid(prefix: Path) -> list[str]:
    """What keeps that from working, if anything does."""
    try:
        flags = os.statvfs(prefix).f_flag
    except OSError:
        return []
    return ["      It takes no effect here: the file system is mounted nosuid."] if flags & os.ST_NOSUID else []
