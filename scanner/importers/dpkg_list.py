"""Debian's and Ubuntu's packages: the output of `dpkg -l`, or of `dpkg-query -W` with any of the usual formats.

`dpkg -l` cuts names off where it takes the screen for narrow; what may be cut is not used.
"""

from __future__ import annotations

import re

from scanner.errors import BadInput
from scanner.importers.inventory import Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import add, item, lines_of, nothing, text_of
from scanner.importers.packages import debian_family, own
from scanner.model.text import visible

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]{1,150}(?::[a-z0-9-]{1,16})?")
_VERSION = re.compile(r"(?:\d{1,6}:)?\d[A-Za-z0-9.+~:-]{0,150}")
_STATE = re.compile(r"([uihrp])([ncHUFWti])(R?) +(\S+) +(\S+)(?: +(\S+))?")
"""Wanted, status, error; name, version, architecture."""
_INSTALLED = frozenset("iWt")
_HALF = frozenset("UFH")
"""Unpacked, half configured or half installed: what runs may be the version before."""
_HALF_WORDS = frozenset({"unpacked", "half-configured", "half-installed"})
_TRIGGERS = frozenset({"triggers-awaited", "triggers-pending"})
_RULER = re.compile(r"\+\+\+-=+-=+-=")
_NARROW = 80
_NAMED = 4
_CUT_FROM = 3
_REMOVED = (
    "`dpkg-query -W` lists packages that were removed and left their settings as well; `dpkg -l` tells them apart"
)
_RPM = re.compile(r"\.(?:el|fc|amzn)\d|\b(?:x86_64|noarch)\b")
_STATUS = re.compile(r"\b(?:install|hold|deinstall|purge|unknown) (?:ok|reinst-required) ([a-z-]+)")


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True)
    if text.startswith("Desired=Unknown/Install/Remove/Purge/Hold") or "\n+++-====" in text[:2000]:
        return True
    lines = [each.rstrip("\r") for each in text.split("\n")[:-1] or [text] if each.strip()][:40]
    good = [each for each in lines if _STATE.match(each) or (_queried(each) and not _RPM.search(each))]
    return len(good) * 2 > len(lines)


def _queried(line: str) -> tuple[str, str, str] | None:
    """Package, version and source package of a line of `dpkg-query -W`; empty texts for one that is not installed."""
    cells = [each.strip() for each in (line.split("\t") if "\t" in line else line.split())]
    if len(cells) < 2 or not _PACKAGE.fullmatch(cells[0]):
        return None
    if (status := _status(line)) and status != "installed" and status not in _TRIGGERS:
        return cells[0], "", ""
    if not cells[1] and "\t" in line:
        return cells[0], "", ""  # removed, and its settings are left
    if not _VERSION.fullmatch(cells[1]):
        return None
    more = [each for each in cells[2:] if _PACKAGE.fullmatch(each) and each not in _ARCHITECTURES]
    return cells[0], cells[1], more[0].partition(":")[0] if more else ""


def _status(line: str) -> str:
    """How far it is installed; empty where the line does not say."""
    said = _STATUS.search(line)
    return said[1] if said else ""


_ARCHITECTURES = frozenset(
    {
        "amd64",
        "all",
        "arm64",
        "armhf",
        "armel",
        "i386",
        "ppc64el",
        "s390x",
        "riscv64",
        "mips64el",
        "any",
        "installed",
        "ok",
    }
)


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    found: list[tuple[int, str, str, str]] = []
    bads = Bads()
    ruler = ""
    full = unsaid = 0
    halves: list[str] = []
    for line, text in lines_of(text_of(raw, name), name):
        if _RULER.match(text):
            ruler = text
            continue
        if text.startswith(("Desired=", "| Status", "|/ Err", "||/ Name")):
            continue
        if state := _STATE.match(text):
            if state[2] in _HALF or (state[3] and state[2] in _INSTALLED):
                halves.append(state[4])
                continue
            if state[2] not in _INSTALLED:
                continue
            package, version, source = state[4], state[5], ""
            if not _PACKAGE.fullmatch(package) or not _VERSION.fullmatch(version):
                bads.add(line, "no package with a version")
                continue
            widths = list(map(len, ruler.split("-")[1:3])) if ruler else [0, 0]
            full += len(package) == widths[0] or len(version) == widths[1]
        elif (queried := _queried(text)) is not None:
            package, version, source = queried
            if not version:
                if _status(text) in _HALF_WORDS:
                    halves.append(package)
                continue
            unsaid += "installed" not in text
        else:
            bads.add(line, "no package with a version")
            continue
        found.append((line, package.partition(":")[0], version, source))
    if ruler and len(ruler) <= _NARROW and full >= _CUT_FROM:
        raise BadInput(
            f"{name}: dpkg -l cut names and versions off at {_NARROW} columns; make the file by `dpkg-query -W > FILE`"
        )
    if not found:
        raise nothing(name, "a list of Debian's packages", bads)
    distro = hints.distro or debian_family((package, version) for _, package, version, _ in found)
    if not distro:
        raise BadInput(
            f"{name}: its packages do not tell which release of Debian or Ubuntu they are of; name it with --distro "
            "debian:12 or --distro ubuntu:22.04"
        )
    machine = Listed()
    for line, package, version, source in found:
        mine = own(package, version)
        add(machine, item(package, version, "", distro, mine, source), line, bads)
    family, _, release = distro.partition(":")
    machine.os, machine.os_version = f"{family.title()} {release}".strip(), release
    notes = [_REMOVED] if unsaid else []
    if halves:
        named = ", ".join(visible(each, 60) for each in halves[:_NAMED])
        more = f" and {len(halves) - _NAMED} more" if len(halves) > _NAMED else ""
        notes.append(f"{named}{more}: not installed to the end, so that what runs may be older; not counted")
    return Inventories((machine,), bads, notes=tuple(notes))


INVENTORY = Format(title="packages of Debian or Ubuntu, dpkg", recognises=_recognises, read=_read)
