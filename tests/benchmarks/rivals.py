"""The other scanners: their command lines, and their reports read as the same kind of sets.

No tool resolves names; each is given the same targets and ports. masscan and zmap are told the router's MAC, so that
they need not look for it, and get as many packets a second as fencewalk may send.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

MASSCAN_WAIT = 2
"""Seconds that masscan listens after its last probe. Its default is 10."""
ZMAP_COOLDOWN = 1
"""The same for zmap. Its default is 8."""
OWN_PORT = 61000
"""Of masscan, outside the kernel's range for connections."""


def nmap(kind: str, targets: str, ports: str, report: Path, *more: str) -> list[str]:
    """`kind`: the flags of one sort of scan (`-sS -Pn`); `targets`: what Nmap reads from a list file."""
    listed = report.with_suffix(".targets")
    listed.write_text("\n".join(targets.split(",")), encoding="ascii")
    asked = ["-p", ports] if ports else []
    return ["nmap", "-n", *kind.split(), "-T4", *more, *asked, "-iL", str(listed), "-oG", str(report)]


def masscan(targets: str, ports: str, report: Path, own: str, router_mac: str, rate: int) -> list[str]:
    kind = ["-p", ports] if ports else ["--ping"]
    return [
        "masscan", *kind, *targets.split(","), "--rate", str(rate), "--wait", str(MASSCAN_WAIT),
        "--interface", "eth0", "--adapter-ip", own, "--adapter-port", str(OWN_PORT), "--router-mac", router_mac,
        "-oL", str(report),
    ]  # fmt: skip


def zmap_echo(targets: str, report: Path, own: str, router_mac: str, rate: int) -> list[str]:
    nothing = report.with_suffix(".none")
    nothing.write_text("", encoding="ascii")
    return [
        "zmap", "-M", "icmp_echoscan", "-i", "eth0", "-S", own, "-G", router_mac, "-r", str(rate),
        "-c", str(ZMAP_COOLDOWN), "-b", str(nothing), "-o", str(report), "-q", "-v", "0", "--disable-syslog",
        targets,
    ]  # fmt: skip


def there(tool: str) -> bool:
    return shutil.which(tool) is not None or Path("/usr/sbin", tool).exists()


def nmap_alive(report: Path) -> set[str]:
    return set(re.findall(r"^Host: (\S+) \(.*\tStatus: Up", _text(report), re.MULTILINE))


def nmap_open(report: Path) -> set[str]:
    found: set[str] = set()
    for address, ports in re.findall(r"^Host: (\S+) \(.*\tPorts: ([^\t\n]*)", _text(report), re.MULTILINE):
        found.update(f"{address}/tcp/{port}" for port in re.findall(r"(\d+)/open/", ports))
    return found


def masscan_alive(report: Path) -> set[str]:
    return set(re.findall(r"^open icmp \S+ (\S+)", _text(report), re.MULTILINE))


def masscan_open(report: Path) -> set[str]:
    return {f"{a}/tcp/{port}" for port, a in re.findall(r"^open tcp (\d+) (\S+)", _text(report), re.MULTILINE)}


def zmap_alive(report: Path) -> set[str]:
    return set(_text(report).split())


def _text(report: Path) -> str:
    return report.read_text(encoding="ascii", errors="replace") if report.exists() else ""
