"""Other tools' files as observations, one format a file. `IMPORTER` of a file here is one Importer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

import msgspec

from scanner.collect import collect
from scanner.model.addresses import AddressSet
from scanner.model.observation import Observation


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What one file says of the session itself."""

    engine: str
    """The tool, in a word."""
    made_by: str = ""
    """Tool, version and command line."""
    started: float | None = None
    """Seconds since the epoch, by the clock of whoever scanned; None: the file does not say."""
    ended: float | None = None
    complete: bool = True
    """False: the file breaks off; the observations are what stood before the break."""
    own: tuple[str, ...] = ()
    """The scanning machine's own addresses, as far as the file shows them."""
    targets: AddressSet | None = None
    """Whom it was told to ask; None: that is not known."""
    finds_all: bool = False
    """Whether it asked its own link in a way that no neighbour can refuse (ARP, NDP), or asked the ports of every
    target."""
    notes: tuple[str, ...] = ()
    """What of the file could not be used, and what it cannot show, a sentence each."""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One file in our words, as it is read. From which vantage it was seen is for the caller to know: files rarely
    say."""

    observations: Iterator[Observation]
    """BadInput, midway too, for a file that cannot be read, or that no vantage of ours can have seen."""
    run: Callable[[], Run]
    """What is known when all observations are taken."""


class Importer(msgspec.Struct, frozen=True, kw_only=True):
    """One format. Both functions are pure."""

    title: str
    recognises: Callable[[bytes], bool]
    """Whether the beginning of a file (a few kilobytes are enough) is of this format."""
    read: Callable[[Iterable[bytes], str], Imported]
    """The content, in pieces, and the file's name, for messages."""


@cache
def importers() -> dict[str, Importer]:
    """Every format by its name (`nmap-xml` is `nmap_xml.py`)."""
    import scanner.importers as package

    return {name.replace("_", "-"): found for name, found in collect(package, "IMPORTER", Importer).items()}
