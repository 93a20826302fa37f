"""`fencewalk doctor`: what this laptop can do, and the fix for each thing that it cannot."""

from __future__ import annotations

import click


@click.command("doctor", short_help="What this laptop can do, and the fix for each thing it cannot.")
def COMMAND() -> None:
    """Check privileges, engines, interfaces, the lab and the terminal. Sends nothing."""
    import platform
    import shutil
    import sys

    from scanner.lab.privilege import can_raise
    from scanner.net.live import available

    able = available()
    lab = can_raise()
    say("python", True, f"{platform.python_version()} on {platform.system()} {platform.release()}")
    say("raw packets", able.raw, able.raw_reason or "ARP, ICMP, SYN scan with TTLs")
    say("connect scan", True, "needs no privilege; sees no TTL and no ARP")
    say("ping sockets", able.ping, able.ping_reason or "echo without raw packets")
    say("nmap", able.nmap, able.nmap_reason or shutil.which("nmap") or "")
    say("lab", lab is None, lab or "network namespaces with nftables for the demo; `lab up` needs root")
    if able.interfaces_reason:
        say("interfaces", False, able.interfaces_reason)
    for each in able.interfaces:
        addresses = ", ".join(each.addresses) or "no address"
        say(f"interface {each.name}", each.up, addresses if each.up else f"{addresses}; it is down or has no carrier")
    terminal = sys.stdout.isatty()
    say("terminal", terminal, "the TUI can run here" if terminal else "no terminal here: use fencewalk assess")


def say(what: str, good: bool, detail: str) -> None:
    """One line: the word beside the glyph, so that neither colour nor shape has to carry it alone."""
    click.echo(f"{click.style('✓ yes', fg='green') if good else click.style('✕ no ', fg='red')}  {what:18} {detail}")
