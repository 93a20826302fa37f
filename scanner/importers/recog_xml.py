"""recog's fingerprint databases: XML files in one zip. They are counted here; `scanner.identify.recog` uses them."""

from __future__ import annotations

import datetime
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from scanner.errors import BadInput
from scanner.importers.archive import members
from scanner.model.feeds import Reading

_MOST = 64 << 20


def is_recog(data: bytes) -> bool:
    """Of one database."""
    return b"<fingerprints" in data[:4096] and b"<fingerprint " in data


def read_recog(data: bytes, name: str, today: datetime.date) -> Reading:
    """`tuple[str, ...]`: the names of the databases. Entries are fingerprints. Nothing in them has a date."""
    count, names = 0, []
    for path, raw in members(data, name, _MOST, ".xml"):
        if b"<fingerprints" not in raw[:4096]:
            continue
        try:
            root = fromstring(raw, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError) as error:
            raise BadInput(f"{name}: {path}: not XML that can be used: {error}") from None
        count += len(root.findall("fingerprint"))
        names.append(path.rpartition("/")[2])
    return Reading(tuple(names), count, None, catalogue=False)


def databases(data: bytes, name: str) -> dict[str, bytes]:
    """Each database by its file's name."""
    found = members(data, name, _MOST, ".xml")
    return {path.rpartition("/")[2]: raw for path, raw in found if b"<fingerprints" in raw[:4096]}
