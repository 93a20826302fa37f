"""What a segment is called, as a zone's name, and how far its name lets it be trusted."""

from __future__ import annotations

import re
import unicodedata

from scanner.model.site import Trust

_LONGEST = 40
_WORDS: tuple[tuple[Trust, frozenset[str]], ...] = (
    ("untrusted", frozenset({"guest", "guests", "gast", "visitor", "visitors", "public", "internet", "wan", "dmz",
                             "byod"})),
    ("management", frozenset({"mgmt", "management", "mgt", "admin", "oob", "ilo", "idrac", "ipmi", "infrastructure"})),
    ("critical", frozenset({"server", "servers", "srv", "datacenter", "dc", "database", "db", "pci", "cde", "backup",
                            "storage", "san", "medical", "ehr", "pos"})),
    ("device", frozenset({"voice", "voip", "phone", "phones", "printer", "printers", "print", "camera", "cameras",
                          "cctv", "iot", "ot", "scada", "plc", "building", "bms", "sensor", "sensors", "av", "door",
                          "access-control"})),
)  # fmt: skip
"""Asked in this order: what is for guests is so, whatever else it is."""


def slug(text: str) -> str:
    """Lower-case letters, digits and dashes; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-")[:_LONGEST].strip("-")


def guessed_trust(*words: str) -> Trust:
    """By what a segment, its role and its description are called, the first that says anything; `user` otherwise."""
    for each in words:
        said = set(slug(each).split("-"))
        for trust, known in _WORDS:
            if said & known:
                return trust
    return "user"
