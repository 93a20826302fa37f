"""`device_hosts.yaml` as values: hosts, what each shows of itself, and what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scanner.identify import identify
from scanner.identify.devices import Clues, hardware
from scanner.model.base import Frozen, Transport
from scanner.model.observation import Reading

Said = tuple[tuple[str, str, bytes], ...]


class Host(Frozen, frozen=True):
    """`confidence` is at least to be reached; `os` is the system's name, empty where nothing proves one, None where
    that is no matter."""

    title: str
    kind: str
    confidence: str
    os: str | None
    clues: Clues


def challenge(build: str) -> bytes:
    """An NTLM challenge with a version, as MS-NLMP 2.2.1.2 lays it out."""
    major, minor, number = map(int, build.split("."))
    flags = (0x02000000).to_bytes(4, "little")
    head = b"NTLMSSP\0\x02\0\0\0" + bytes(8) + flags + bytes(24)
    return head + bytes([major, minor]) + number.to_bytes(2, "little") + b"\0\0\0\x0f"


def clues(said: Said = (), ports: str = "", ttl: int = 0, vendor: str = "", **more: Any) -> Clues:
    """`said`: (where, kind of reading, bytes); `ports`: `22 80 u161`."""
    opened: set[tuple[Transport, int]] = set()
    for each in ports.split():
        opened.add(("udp", int(each[1:])) if each.startswith("u") else ("tcp", int(each)))
    readings = tuple((where, Reading(what, raw)) for where, what, raw in said)
    return Clues(
        vendor=vendor,
        names=tuple(more.get("names", ())),
        announced=tuple(more.get("announced", ())),
        ports=frozenset(opened),
        readings=readings,
        products=tuple((where, p) for where, each in readings for p in identify(each.kind, each.raw)),
        hardware=tuple((where, word) for where, each in readings for word in hardware(each.kind, each.raw)),
        ttls=frozenset({ttl} if ttl else ()),
    )


def _host(row: dict[str, Any]) -> Host:
    said: list[tuple[str, str, bytes]] = []
    for place, text in row.get("said", {}).items():
        where, kind = place.split(" ")
        said.append((where, kind, challenge(text) if kind == "ntlm" else text.encode()))
    is_ = row["is"]
    confidence = "" if is_["confidence"] == "none" else is_["confidence"]
    return Host(row["title"], is_["kind"], confidence, is_.get("os"), clues(tuple(said), **row.get("shows", {})))


HOSTS = tuple(_host(row) for row in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8")))
