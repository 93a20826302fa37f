"""A Report as bytes, one format a file. `EXPORTER` of a file here is one Exporter; the file's name is the format's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import msgspec

from scanner.collect import collect
from scanner.model.report import Report


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """One format. `render` is pure: the same report gives the same bytes."""

    title: str
    suffix: str
    """With its dot: `.json`."""
    render: Callable[[Report], bytes]
    parts: Callable[[Report], Iterable[bytes]] | None = None
    """The same bytes in parts, of a format whose files grow with the network."""
    files: Callable[[Report], Iterable[tuple[str, bytes]]] | None = None
    """Of a format whose readers take only so much of a file: as many files as that makes, each with what its name has
    before the suffix (`""` of the first, then `-2`)."""

    def written(self, report: Report) -> Iterable[bytes]:
        """The report as one file, in as many parts as the format gives."""
        return self.parts(report) if self.parts else (self.render(report),)

    def named(self, path: str, report: Report) -> Iterator[tuple[str, Iterable[bytes]]]:
        """The files to write where a user asked for `path`: itself, and beside it those that the format needs more."""
        if self.files is None:
            yield path, self.written(report)
            return
        folder, slash, name = path.rpartition("/")
        stem, dot, suffix = name.rpartition(".")
        if name.endswith(self.suffix) and name != self.suffix:
            stem, dot, suffix = name.removesuffix(self.suffix), "", self.suffix
        elif not stem:
            stem, dot, suffix = name, "", ""
        for ending, data in self.files(report):
            yield f"{folder}{slash}{stem}{ending}{dot}{suffix}", (data,)


@cache
def exporters() -> dict[str, Exporter]:
    """Every format by its name as `-o FORMAT=PATH` takes it (`nmap-xml` is `nmap_xml.py`)."""
    import scanner.exporters as package

    return {name.replace("_", "-"): found for name, found in collect(package, "EXPORTER", Exporter).items()}
