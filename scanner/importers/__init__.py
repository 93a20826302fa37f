"""Other tools' files as observations, one format a file. `IMPORTER` of a file here is one Importer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec

from scanner.collect import collect
from scanner.model.observation import Observation


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What one file said, in our words. From which vantage it was seen is for the caller to know: files rarely say."""

    observations: tuple[Observation, ...]
    started: float | None = None
    """Seconds since the epoch, by the clock of whoever scanned; None: the file does not say."""
    ended: float | None = None
    complete: bool = True
    """False: the file breaks off; the observations are what stood before the break."""
    made_by: str = ""
    """Tool, version and command line."""


class Importer(msgspec.Struct, frozen=True, kw_only=True):
    """One format. Both functions are pure."""

    title: str
    recognises: Callable[[bytes], bool]
    """Whether the beginning of a file (a few kilobytes are enough) is of this format."""
    read: Callable[[bytes, str], Imported]
    """Content and the file's name, for messages. BadInput says what is wrong with a file that cannot be read."""


@cache
def importers() -> dict[str, Importer]:
    """Every format by its name (`nmap-xml` is `nmap_xml.py`)."""
    import scanner.importers as package

    return {name.replace("_", "-"): found for name, found in collect(package, "IMPORTER", Importer).items()}
