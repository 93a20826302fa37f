"""A Report as bytes, one format a file. `EXPORTER` of a file here is one Exporter; the file's name is the format's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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

    def written(self, report: Report) -> Iterable[bytes]:
        """The report in as many parts as the format gives."""
        return self.parts(report) if self.parts else (self.render(report),)


@cache
def exporters() -> dict[str, Exporter]:
    """Every format by its name as `-o FORMAT=PATH` takes it (`nmap-xml` is `nmap_xml.py`)."""
    import scanner.exporters as package

    return {name.replace("_", "-"): found for name, found in collect(package, "EXPORTER", Exporter).items()}
