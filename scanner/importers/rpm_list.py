"""RPM packages: the output of `rpm -qa`, or of `rpm -qa --qf` with name, epoch, version, release in their order."""

from __future__ import annotations

import re

from scanner.errors import BadInput
from scanner.importers.inventory import Bads, Format, Hints, Inventories, Listed
from scanner.importers.inventory_text import add, item, lines_of, nothing, text_of
from scanner.importers.packages import own_rpm, rpm_family, rpm_release

_ARCH = r"(?:x86_64|noarch|aarch64|i[3-6]86|ppc64le|ppc64|s390x|armv7hl|riscv64|src)"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,150}?"
_VERSION = r"[A-Za-z0-9][A-Za-z0-9._+~^]{0,80}"
_NEVRA = re.compile(
    rf"(?:(\d{{1,9}}):)?({_NAME})-(?:(\d{{1,9}}|\(none\)):)?({_VERSION})-({_VERSION}?)(?:\.{_ARCH})?(?:\.rpm)?"
)
_ANY_ARCH = re.compile(rf"\.?{_ARCH}(?:\.rpm)?")
_EVR = re.compile(rf"(?:(\d{{1,9}}|\(none\)):)?({_VERSION})-({_VERSION})")
_PART = re.compile(_VERSION)
_SOURCE = re.compile(rf"({_NAME})-{_VERSION}-{_VERSION}\.src\.rpm")
_KEYS = "gpg-pubkey"
_SPLIT = re.compile(r"[\s|;,]+")

_Row = tuple[str, str, str]
"""Name, [epoch:]version-release, source package."""


def _recognises(head: bytes) -> bool:
    text = text_of(head[: len(head) & ~1], "", lenient=True)
    lines = [each.rstrip("\r") for each in text.split("\n")[:-1] or [text] if each.strip()][:40]
    good = [each for each in lines if (row := _parsed(each)) and (rpm_release(row[1]) or row[0] == _KEYS)]
    return len(good) * 2 > len(lines)


def _parsed(line: str) -> _Row | None:
    row = _cells(line)
    return row if row is not None and any(map(str.isdigit, row[1].rpartition("-")[0])) else None


def _cells(line: str) -> _Row | None:
    cells = [each for each in _SPLIT.split(line.strip()) if each]
    if len(cells) == 1:
        found = _NEVRA.fullmatch(cells[0])
        if found is None:
            return None
        return found[2], _evr(found[1] or found[3], found[4], found[5]), ""
    if not cells or not re.fullmatch(_NAME, cells[0]):
        return None
    name, *rest = cells
    source = next((said[1] for each in rest if (said := _SOURCE.fullmatch(each))), "")
    rest = [each for each in rest if not _SOURCE.fullmatch(each) and not _ANY_ARCH.fullmatch(each)]
    if not rest:
        return None
    first = re.sub(rf"\.{_ARCH}$", "", rest[0])
    if said := _EVR.fullmatch(first):
        return name, _evr(said[1], said[2], said[3]), source
    epoch = None
    if rest[0] == "(none)" or (len(rest) >= 3 and rest[0].isdigit() and _PART.fullmatch(rest[2])):
        epoch, rest = rest[0], rest[1:]
    if len(rest) < 2:
        return None
    release = re.sub(rf"\.{_ARCH}$", "", rest[1])
    if not _PART.fullmatch(rest[0]) or not _PART.fullmatch(release):
        return None
    return name, _evr(epoch, rest[0], release), source


def _evr(epoch: str | None, version: str, release: str) -> str:
    shown = "" if epoch is None else f"{'0' if epoch == '(none)' else epoch}:"
    return f"{shown}{version}-{release}"


def _read(raw: bytes, name: str, hints: Hints) -> Inventories:
    found: list[tuple[int, _Row]] = []
    bads = Bads()
    for line, text in lines_of(text_of(raw, name), name):
        row = _parsed(text)
        if row is None:
            bads.add(line, "no package with a version and a release")
        elif row[0] != _KEYS:
            found.append((line, row))
    if not found:
        raise nothing(name, "a list of RPM packages", bads)
    distro = hints.distro or rpm_family(row[1] for _, row in found)
    if not distro:
        raise BadInput(f"{name}: its packages do not tell which distribution they are of; name it with --distro el:9")
    machine = Listed()
    for line, (package, version, source) in found:
        mine = own_rpm(package, version, distro)
        add(machine, item(package, version, "", distro, mine, source), line, bads)
    return Inventories((machine,), bads)


INVENTORY = Format(title="packages of Red Hat and its like, rpm", recognises=_recognises, read=_read)
