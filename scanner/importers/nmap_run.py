"""Nmap's XML as it stands: one run, in Nmap's words. `nmap_xml` turns it into ours.

The file is hostile: host names and banners in it come from the network. It is parsed without entities, external
subsets or network, as it is read, and remote text becomes visible text on the way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import escape

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from scanner.errors import BadInput
from scanner.importers.nmap_words import count_of, is_port, mac_of, number_of, reason_of, source_of, ttl_of
from scanner.model.addresses import address
from scanner.model.text import visible

Transport = Literal["tcp", "udp"]
TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")

_CUT_OFF = frozenset({3, 5, 6})
"""Expat's codes for input that ends too early: no element, unclosed token, partial character."""
_ANOTHER = frozenset({9, 17})
"""Expat's codes for something after the end of the document, and for an XML declaration within it."""
_TEXT = 512
_TAG = 8 << 20
_ELEMENT = 8192
"""Bytes of an element that is kept as it is."""
_CHUNK = 1 << 16
_MOST_KNOWN = 4096
_QUOTED = {'"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}


class NmapService(msgspec.Struct, frozen=True, gc=False):
    """What Nmap's version detection said; `probed` is False where it only looked the port's number up."""

    name: str
    product: str = ""
    version: str = ""
    extra: str = ""
    tunnel: str = ""
    probed: bool = False
    cpes: tuple[str, ...] = ()
    raw: bytes = b""
    """The element itself; without the fingerprint that Nmap adds where it knows nothing."""


class NmapPorts(msgspec.Struct, frozen=True, gc=False):
    """Ports of one host that fared alike. `state`, `reason` are Nmap's words."""

    transport: Transport
    ports: str
    """A ranges text."""
    state: str
    reason: str
    ttl: int | None = None
    source: str | None = None
    """Who answered, where that was somebody else than the host."""
    service: NmapService | None = None


class NmapHost(msgspec.Struct, frozen=True):
    """One host of a run; `status` and `reason` are Nmap's words, and `user-set` means that nobody asked."""

    address: str
    status: str
    reason: str
    mac: str | None = None
    vendor: str | None = None
    others: tuple[str, ...] = ()
    """Its further addresses."""
    names: tuple[str, ...] = ()
    ports: tuple[NmapPorts, ...] = ()
    ttl: int | None = None
    ended: float | None = None
    timed_out: bool = False
    """Nmap gave up on it: ports that are not listed were not all asked."""
    unlisted: int = 0
    """Ports that the file only counts, without saying which."""
    system: str = ""
    """The operating system that fits best, in Nmap's words."""


class NmapRun(msgspec.Struct, frozen=True):
    """One run: what it was told to do, and what it saw."""

    hosts: tuple[NmapHost, ...]
    args: str = ""
    version: str = ""
    types: tuple[str, ...] = ()
    """`syn`, `connect`, `udp`: how it scanned. A connect scan sees no TTL and no ICMP, only what the kernel says."""
    started: float | None = None
    ended: float | None = None
    complete: bool = True
    """False: the file breaks off, or Nmap itself reported an error at the end."""
    error: str = ""
    """What Nmap said when it gave up."""
    scanner: str = "nmap"
    """Who wrote it: masscan writes such files, too."""


def read_nmap_xml(text: bytes, name: str) -> NmapRun:
    """Everything up to the end, or up to where the file breaks off. BadInput, with `name`, for what is no Nmap XML."""
    reader = NmapReader(name)
    hosts = tuple(reader.read(text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)))
    return msgspec.structs.replace(reader.run(), hosts=hosts)


class NmapReader(ContentHandler):
    """Reads a file as it comes, so that no more than one host of it is in memory."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._root: dict[str, str] | None = None
        self._finished: dict[str, str] = {}
        self._types: list[str] = []
        self._whole = False
        self._hosts: list[NmapHost] = []
        self._host: dict[str, str] | None = None
        self._port: dict[str, str] | None = None
        self._extra: dict[str, str] | None = None
        self._service: dict[str, str] | None = None
        self._cpe: list[str] | None = None
        self._known: dict[tuple[str, ...], NmapService] = {}
        self._states: dict[tuple[tuple[str, str], ...], tuple[str, str, int | None, str | None]] = {}
        """Most services of a network, and what most ports answer, are one of a few."""
        self._numbers: dict[str, str] = {}
        """Ports as they are written -> without zeros before them."""
        self._text: Any = None
        """Expat itself: only the text of a `cpe` is asked of it, as there are line ends around every element."""
        self._begin()

    def _begin(self) -> None:
        self._status: dict[str, str] = {}
        self._addresses: list[dict[str, str]] = []
        self._names: list[str] = []
        self._system = ""
        self._rows: list[NmapPorts] = []
        self._extras: list[tuple[dict[str, str], list[dict[str, str]]]] = []
        self._state: dict[str, str] | None = None
        self._found: NmapService | None = None
        self._cpes: list[str] = []

    def read(self, chunks: Iterable[bytes]) -> Iterator[NmapHost]:
        """The hosts, as they stand; `run` says the rest when all are taken."""
        parser: Any = DefusedExpatParser(forbid_external=False)  # none is ever loaded: the feature is off
        parser.start_element, parser.end_element = self._start, self._end
        parser.setContentHandler(self)
        try:
            parser.feed(b"")  # of an empty file the parser would say nothing
            self._text = parser._parser
            self._text.CharacterDataHandler = None
            fed = 0
            for chunk in chunks:
                parser.feed(chunk)
                fed += len(chunk)
                # A tag that does not end is read from its beginning with each piece.
                if fed - parser._parser.CurrentByteIndex > _TAG:
                    raise BadInput(f"{self._name}: a tag of more than {_TAG >> 20} MiB, which Nmap never writes")
                yield from self._hosts
                self._hosts.clear()
            parser.close()
            self._whole = True
        except SAXParseException as error:
            yield from self._hosts
            self._hosts.clear()
            code = getattr(error.getException(), "code", None)
            if self._root is not None and code in _ANOTHER:
                where = f"{self._name}:{error.getLineNumber()}"
                raise BadInput(
                    f"{where}: more stands here after the end of a run, as --append-output writes it; import each run "
                    "from a file of its own"
                ) from None
            if self._root is None or code not in _CUT_OFF:
                what = visible(error.getMessage(), 200)
                raise BadInput(f"{self._name}:{error.getLineNumber()}: not XML that can be read: {what}") from None
        except DefusedXmlException:
            raise BadInput(
                f"{self._name}: XML with entities or external parts, which Nmap never writes; it is not read"
            ) from None
        except (ValueError, LookupError) as error:
            raise BadInput(f"{self._name}: not XML that can be read: {visible(str(error), 200)}") from None

    def run(self) -> NmapRun:
        """What is known of the run itself: before the end what stands at the file's beginning."""
        facts, finished = self._root or {}, self._finished
        return NmapRun(
            (),
            args=visible(facts.get("args", ""), 4096),
            version=visible(facts.get("version", ""), 60),
            types=tuple(self._types),
            started=number_of(facts.get("start")),
            ended=number_of(finished.get("time")),
            complete=self._whole and finished.get("exit", "success" if finished else "") == "success",
            error=visible(finished.get("errormsg", ""), _TEXT),
            scanner=visible(facts.get("scanner", ""), 60),
        )

    def _start(self, tag: str, facts: dict[str, str]) -> None:
        if self._port is not None:
            if tag == "state":
                self._state = facts
            elif tag == "cpe":
                if self._service is not None:
                    self._cpe = []
                    self._text.CharacterDataHandler = self._cpe.append
            elif tag == "service":
                self._service = facts
                self._cpes = []
        elif self._host is None:
            self._outside(tag, facts)
        elif tag == "port":
            self._port = facts
            self._state = self._found = None
        elif tag == "extraports":
            self._extra = facts
            self._extras.append((facts, []))
        elif tag == "extrareasons" and self._extra is not None:
            self._extras[-1][1].append(facts)
        elif tag == "status":
            self._status = facts
        elif tag == "address":
            self._addresses.append(facts)
        elif tag == "osmatch":
            self._system = self._system or visible(facts.get("name", ""), _TEXT)
        elif tag == "hostname":
            self._names.append(visible(facts.get("name", ""), _TEXT))

    def _outside(self, tag: str, facts: dict[str, str]) -> None:
        if self._root is None:
            if tag != "nmaprun":
                raise BadInput(f"{self._name}: XML, but not Nmap's: it begins with <{visible(tag, 60)}>")
            self._root = facts
        elif tag == "host":
            self._host = facts
            self._begin()
        elif tag == "scaninfo":
            self._types.append(facts.get("type", ""))
        elif tag == "finished":
            self._finished = facts

    def _end(self, tag: str) -> None:
        if tag == "state":
            return
        if tag == "cpe":
            if self._cpe is not None:
                self._text.CharacterDataHandler = None
                self._cpes.append("".join(self._cpe))
                self._cpe = None
        elif tag == "service":
            if self._service is not None:
                self._found = self._same(self._service, self._cpes)
                self._service = None
        elif tag == "port":
            if self._port is not None and self._state is not None:
                self._take(self._port, self._state)
            self._port = None
        elif tag == "extraports":
            self._extra = None
        elif tag == "host" and self._host is not None:
            self._hosts.extend(self._whole_host(self._host))
            self._host = None

    def _take(self, facts: dict[str, str], state: dict[str, str]) -> None:
        transport, written = facts.get("protocol"), facts.get("portid", "")
        number = self._numbers.get(written)
        if number is None:
            if not is_port(written):
                return
            number = self._numbers[written] = str(int(written))
        if transport not in TRANSPORTS:
            return
        key = tuple(state.items())
        said = self._states.get(key)
        if said is None:
            if len(self._states) >= _MOST_KNOWN:
                self._states.clear()
            reason, ttl = visible(state.get("reason", ""), 60), ttl_of(state.get("reason_ttl"))
            said = self._states[key] = state.get("state", ""), reason, ttl, source_of(state.get("reason_ip"))
        self._rows.append(NmapPorts("tcp" if transport == "tcp" else "udp", number, *said, self._found))

    def _same(self, facts: dict[str, str], cpes: list[str]) -> NmapService:
        facts.pop("servicefp", None)
        key = (*facts, "", *facts.values(), "", *cpes)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = _service(facts, cpes)
        return found

    def _whole_host(self, facts: dict[str, str]) -> Iterator[NmapHost]:
        """The host; none where it has no address that can be read."""
        found: list[str] = []
        mac = vendor = None
        for each in self._addresses:
            text = each.get("addr", "")
            if each.get("addrtype") == "mac":
                mac, vendor = mac_of(text), visible(each.get("vendor", ""), _TEXT) or None
                continue
            try:
                found.append(address(text))
            except ValueError:
                continue
        if not found:
            return
        rows, unlisted = self._rows, 0
        for extra, reasons in self._extras:
            several, uncounted = _extra(extra, reasons)
            rows.extend(several)
            unlisted += uncounted
        yield NmapHost(
            found[0],
            self._status.get("state", ""),
            self._status.get("reason", ""),
            mac=mac,
            vendor=vendor,
            others=tuple(found[1:]),
            names=tuple(dict.fromkeys(filter(None, self._names))),
            ports=tuple(rows),
            ttl=ttl_of(self._status.get("reason_ttl")),
            ended=number_of(facts.get("endtime")),
            timed_out=facts.get("timedout") == "true",
            unlisted=unlisted,
            system=self._system,
        )


def _service(facts: dict[str, str], cpes: list[str]) -> NmapService:
    def text(key: str) -> str:
        return visible(facts.get(key, ""), _TEXT)

    return NmapService(
        text("name"),
        text("product"),
        text("version"),
        text("extrainfo"),
        text("tunnel"),
        facts.get("method") == "probed",
        tuple(visible(each, _TEXT) for each in cpes if each),
        _written(facts, cpes),
    )


def _written(facts: dict[str, str], cpes: list[str]) -> bytes:
    """The element as XML in ASCII, so that whoever reads it later need not know this file's encoding."""
    words = "".join(f' {key}="{escape(value, _QUOTED)}"' for key, value in facts.items())
    inner = "".join(f"<cpe>{escape(each)}</cpe>" for each in cpes)
    raw = f"<service{words}>{inner}</service>" if inner else f"<service{words} />"
    written = raw.encode("ascii", "xmlcharrefreplace")
    return written if len(written) <= _ELEMENT else b""


def _extra(facts: dict[str, str], reasons: list[dict[str, str]]) -> tuple[list[NmapPorts], int]:
    """Ports that Nmap summed up; it lists them since 7.80 or so, before that it only counted them."""
    state = facts.get("state", "")
    rows: list[NmapPorts] = []
    listed = 0
    for each in reasons:
        transport, ports = each.get("proto"), each.get("ports", "")
        count = count_of(ports) if transport in TRANSPORTS else 0
        if count:
            listed += count
            kind: Transport = "tcp" if transport == "tcp" else "udp"
            rows.append(NmapPorts(kind, ports, state, reason_of(each.get("reason", ""))))
    return rows, max(0, int(number_of(facts.get("count")) or 0) - listed)
