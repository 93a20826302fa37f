"""What can be written of a report, and where it goes unless somebody says otherwise. Pure."""

from __future__ import annotations

import datetime
import re
import shlex
from collections.abc import Mapping
from pathlib import PurePath

import msgspec

from tui.doc import Doc
from tui.query import Column
from tui.rows import Table
from tui.status import Colour

_STRANGE = re.compile(r"[^\w.-]+")


class Format(msgspec.Struct, frozen=True):
    """One format, and the name of its file."""

    name: str
    title: str
    file: str
    state: str = ""
    """What became of it: where it was written, or why it was not."""
    failed: bool = False


def proposed(formats: Mapping[str, tuple[str, str]], stem: str, day: str, masked: bool) -> dict[str, str]:
    """Format -> the name of its file: `site-2026-11-22.html`, `site-2026-11-22-patches-csv.csv`.

    A masked report says so in its name: it never takes the place of the real one.
    """
    stem = "site" if masked else _STRANGE.sub("-", stem).strip("-") or "site"
    whole = "-masked" if masked else ""
    return {
        name: f"{stem}-{day}{whole}{'' if suffix == f'.{name}' else f'-{name}'}{suffix}"
        for name, (_, suffix) in formats.items()
    }


def table(rows: list[Format], exists: Mapping[str, bool]) -> Table:
    columns = (
        Column(key="format", title="FORMAT", least=12, most=24),
        Column(key="what", title="WHAT IT IS", least=16, most=56),
        Column(key="file", title="FILE", least=20, most=60),
        Column(key="state", title="STATE", least=16, most=80),
    )
    return columns, [(each.name, each.title, each.file, _state(each, exists)) for each in rows]


def _state(row: Format, exists: Mapping[str, bool]) -> str:
    return row.state or ("is there already" if exists.get(row.name) else "")


def document(row: Format, folder: str, exists: bool, masked: bool, command: str) -> Doc:
    doc = Doc().line(row.title, bold=True).line(row.name, "muted").end()
    doc.field("folder", folder).field("file", row.file)
    if exists:
        doc.label("").line("! is there, and would be replaced", "amber")
    colour: Colour = "amber" if masked else "text"
    words = "masked: pseudonyms in place of names and addresses" if masked else "as it is: names, addresses, evidence"
    doc.label("client data").add(words, colour).line("  (z changes it everywhere)", "muted")
    if row.state:
        doc.title("Last time").line(row.state, "red" if row.failed else "text")
    doc.title("Keys").line("o writes it, or all that are marked with Space; n says where to", "muted")
    if masked:
        doc.title("Command line").line("Only from here: the command writes names and addresses as they are.", "muted")
    else:
        doc.title("Command line", "y copies it").line(command, "accent", hang=2)
    return doc


def command(site: PurePath, store: PurePath, today: datetime.date | None, rows: list[Format], folder: PurePath) -> str:
    """The same by `fencewalk assess`; `today`: the day to judge as of, or None."""
    parts = ["fencewalk", "assess", str(site), "--store", str(store), *(("--today", str(today)) if today else ())]
    for row in rows:
        parts += ["-o", f"{row.name}={folder / row.file}"]
    return shlex.join(parts)
