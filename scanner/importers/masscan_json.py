"""masscan's JSON (-oJ, -oD) as observations: what answered, and the banners that it took.

It is written while it scans, so that files break off, and versions before 1.3 left a comma or a bare word where JSON
has none. A record is a line: each is read for itself, and one that cannot be read costs none of the others.
Of silence such a file says nothing: it does not name what was asked.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from scanner.errors import BadInput
from scanner.importers import Imported, Importer, Run
from scanner.model.addresses import address
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading
from scanner.model.text import plural

_MOST_BYTES = 256 << 20
_BLANKS = b" \t\r\n,\0\xef\xbb\xbf"
_FOOT = re.compile(rb"\{\s*finished\s*:\s*\d+\s*\}")
_KINDS = {
    "ssh": "ssh", "ftp": "ftp", "smtp": "smtp", "pop": "pop3", "pop3": "pop3", "imap": "imap", "telnet": "telnet",
    "http.server": "http.server",
}  # fmt: skip
"""masscan's name of a banner -> the kind of reading that it is."""
_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")
_MOST_BANNER = 4096
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What a decoder raises: text that is no UTF-8 is a ValueError."""


class _Service(msgspec.Struct):
    name: str = ""
    banner: str = ""


class _Port(msgspec.Struct):
    port: int
    proto: str
    status: str = ""
    reason: str = ""
    ttl: int = 0
    service: _Service | None = None


class _Data(msgspec.Struct):
    status: str = ""
    reason: str = ""
    ttl: int = 0
    service_name: str = ""
    banner: str = ""


class _Record(msgspec.Struct):
    """-oJ has `ports`; -oD has the one port beside its `data`."""

    ip: str
    timestamp: str | int = 0
    ports: tuple[_Port, ...] = ()
    port: int = -1
    proto: str = ""
    rec_type: str = ""
    data: _Data | None = None

    def all_ports(self) -> tuple[_Port, ...]:
        if self.data is None or not self.rec_type:
            return self.ports
        data = self.data
        service = _Service(data.service_name, data.banner) if self.rec_type == "banner" else None
        return (_Port(self.port, self.proto, data.status, data.reason, data.ttl, service),)


_record = msgspec.json.Decoder(_Record).decode
_records = msgspec.json.Decoder(tuple[_Record, ...]).decode


class _File:
    def __init__(self, name: str) -> None:
        self._name = name
        self._first: float | None = None
        self._last: float | None = None
        self._bad = 0
        self._opened = False
        self._foot = False
        self._cut = False
        self._seen: set[tuple[str, str, int, str]] = set()
        self._other = 0

    def observations(self, chunks: Iterable[bytes]) -> Iterator[Observation]:
        found = False
        for record in self._read(self._bounded(chunks)):
            try:
                where = address(record.ip)
            except ValueError:
                self._bad += 1
                continue
            at = self._moment(record.timestamp)
            for port in record.all_ports():
                found = True
                yield from self._rows(where, port, at)
        if not found:
            raise BadInput(f"{self._name}: holds no record of masscan's that can be read; write it by masscan -oJ FILE")

    def _bounded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > _MOST_BYTES:
                raise BadInput(f"{self._name}: larger than {_MOST_BYTES >> 20} MiB; import it in parts")
            yield chunk

    def _read(self, chunks: Iterable[bytes]) -> Iterator[_Record]:
        """Line by line; a file that somebody has formatted otherwise, of which no line is a record, as a whole."""
        found = False
        whole: list[bytes] = []
        for line in _lines(chunks):
            if not found:
                whole.append(line)
            text = line.strip(_BLANKS)
            self._opened = self._opened or text.startswith(b"[")
            self._foot = self._foot or text.endswith(b"]") or _FOOT.fullmatch(text) is not None
            if not text.strip(b"[] ") or _FOOT.fullmatch(text):
                continue
            self._cut = False
            records = self._line(text)
            if records:
                found = True
                whole.clear()
                yield from records
        if not found:
            with contextlib.suppress(*_UNREADABLE):
                yield from _records(b"\n".join(whole))
                self._bad, self._cut = 0, False

    def _line(self, text: bytes) -> tuple[_Record, ...]:
        try:
            return (_record(text),)
        except _UNREADABLE:
            try:
                return _records(b"[" + text.strip(b"[], ") + b"]")
            except _UNREADABLE:
                self._bad += 1
                self._cut = True
                return ()

    def _rows(self, where: str, port: _Port, at: float) -> Iterator[Observation]:
        if port.service is not None:
            yield from self._talk(where, port, port.service, at)
            return
        kind, number = port.proto, port.port
        key = where, kind, number, port.status
        if key in self._seen:
            return
        self._seen.add(key)
        ttl = port.ttl if 0 < port.ttl <= 255 else None
        if kind == "arp" and port.status == "open":
            yield HostSeen(where, "arp", at)
        elif kind == "icmp" and port.status == "open":
            yield HostSeen(where, "echo-reply", at, ttl=ttl)
        elif kind in ("tcp", "udp") and 0 <= number <= 65535 and port.status in ("open", "closed"):
            transport: Literal["tcp", "udp"] = "tcp" if kind == "tcp" else "udp"
            opened = port.status == "open"
            reason = {"tcp": ("rst", "syn-ack"), "udp": ("icmp6-1-4" if ":" in where else "icmp-3-3", "udp-reply")}
            yield PortState(
                where, transport, str(number), "open" if opened else "closed", reason[transport][opened], at, ttl, where
            )
        else:
            self._other += 1

    def _talk(self, where: str, port: _Port, service: _Service, at: float) -> Iterator[Observation]:
        if port.proto not in ("tcp", "udp") or not 0 <= port.port <= 65535 or not service.banner:
            self._other += 1
            return
        kind = _KINDS.get(service.name)
        raw = _bytes(service.banner)[:_MOST_BANNER]
        yield Conversation(
            where, "tcp" if port.proto == "tcp" else "udp", port.port, "masscan", "answered", at,
            (Reading(kind, raw),) if kind else (), detail=service.name[:60], received=len(raw),
        )  # fmt: skip

    def _moment(self, text: str | int) -> float:
        at = float(text) if isinstance(text, int) or (text.isascii() and text.isdecimal() and len(text) < 12) else 0.0
        if at > 0:
            self._first = min(at, self._first or at)
            self._last = max(at, self._last or at)
        return at or self._last or 0.0

    def run(self) -> Run:
        notes = [
            "masscan names what answered, and not what it asked: of silence, and so of isolation, it shows nothing"
        ]
        if self._bad > self._cut:
            notes.append(f"{plural(self._bad - self._cut, 'record')} could not be read, and the others were")
        if self._other:
            notes.append(f"{plural(self._other, 'record')} of other protocols left out")
        whole = (self._foot or not self._opened) and not self._cut
        return Run(engine="masscan", made_by="masscan", started=self._first, ended=self._last, complete=whole,
                   notes=tuple(notes))  # fmt: skip


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for chunk in chunks:
        first, *lines = chunk.split(b"\n")
        rest.append(first)
        if lines:
            yield b"".join(rest)
            yield from lines[:-1]
            rest = [lines[-1]]
    if last := b"".join(rest):
        yield last


def _bytes(text: str) -> bytes:
    """The banner's bytes: masscan writes those that are no ASCII as escapes, of JSON or of C."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("latin-1", "replace")


def _recognises(head: bytes) -> bool:
    start = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n[,")
    if not start.startswith(b"{"):
        return False
    return b'"ip"' in start and b'"timestamp"' in start and (b'"ports"' in start or b'"rec_type"' in start)


def _read(chunks: Iterable[bytes], name: str) -> Imported:
    file = _File(name)
    return Imported(observations=file.observations(chunks), run=file.run)


IMPORTER = Importer(title="masscan's JSON", recognises=_recognises, read=_read)
