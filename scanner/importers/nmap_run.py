"""Nmap's XML as it stands: one run, in Nmap's words. `nmap_xml` turns it into ours.

The file is hostile: host names and banners in it come from the network. It is parsed without entities, external
subsets or network, one host in memory at a time, and remote text becomes visible text on the way in.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Literal
from xml.etree.ElementTree import Element, ParseError, tostring

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from scanner.errors import BadInput
from scanner.model.addresses import address, ports_of
from scanner.model.text import visible

Transport = Literal["tcp", "udp"]
TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")

_CUT_OFF = frozenset({3, 5, 6})
"""Expat's codes for input that ends too early: no element, unclosed token, partial character."""
_TOP = frozenset({"host", "hosthint", "scaninfo", "taskbegin", "taskprogress", "taskend", "runstats"})
_TEXT = 512
_ELEMENT = 8192
"""Bytes of an element that is kept as it is."""


class NmapService(msgspec.Struct, frozen=True):
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


class NmapPorts(msgspec.Struct, frozen=True):
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


def read_nmap_xml(text: bytes, name: str) -> NmapRun:
    """Everything up to the end, or up to where the file breaks off. BadInput, with `name`, for what is no Nmap XML."""
    hosts: list[NmapHost] = []
    root: Element | None = None
    facts: dict[str, str] = {}
    finished: dict[str, str] = {}
    types: list[str] = []
    whole = False
    try:
        for event, element in iterparse(io.BytesIO(text), events=("start", "end")):
            if event == "start":
                if root is None:
                    if element.tag != "nmaprun":
                        raise BadInput(f"{name}: XML, but not Nmap's: it begins with <{visible(element.tag, 60)}>")
                    root, facts = element, dict(element.attrib)
                continue
            if element.tag == "host":
                hosts.extend(_host(element))
            elif element.tag == "scaninfo":
                types.append(element.get("type", ""))
            elif element.tag == "finished":
                finished = dict(element.attrib)
            if root is not None and element.tag in _TOP:
                root.clear()
        whole = True
    except ParseError as error:
        if root is None or error.code not in _CUT_OFF:
            raise BadInput(f"{name}:{error.position[0]}: not XML that can be read: {error}") from None
    except DefusedXmlException:
        raise BadInput(
            f"{name}: XML with entities or external parts, which Nmap never writes; it is not read"
        ) from None
    except (ValueError, LookupError) as error:
        raise BadInput(f"{name}: not XML that can be read: {visible(str(error), 200)}") from None
    return NmapRun(
        tuple(hosts),
        args=visible(facts.get("args", ""), 4096),
        version=visible(facts.get("version", ""), 60),
        types=tuple(types),
        started=_number(facts.get("start")),
        ended=_number(finished.get("time")),
        complete=whole and finished.get("exit", "success" if finished else "") == "success",
        error=visible(finished.get("errormsg", ""), _TEXT),
    )


def _host(element: Element) -> Iterator[NmapHost]:
    """The host of one element; none where it has no address that can be read."""
    found: list[str] = []
    mac = vendor = None
    for each in element.findall("address"):
        text = each.get("addr", "")
        if each.get("addrtype") == "mac":
            mac, vendor = _mac(text), visible(each.get("vendor", ""), _TEXT) or None
            continue
        try:
            found.append(address(text))
        except ValueError:
            continue
    if not found:
        return
    status = element.find("status")
    facts = {} if status is None else status.attrib
    names = (visible(each.get("name", ""), _TEXT) for each in element.iterfind("hostnames/hostname"))
    rows: list[NmapPorts] = []
    unlisted = 0
    for each in element.iterfind("ports/port"):
        rows.extend(_port(each))
    for each in element.iterfind("ports/extraports"):
        several, uncounted = _extra(each)
        rows.extend(several)
        unlisted += uncounted
    yield NmapHost(
        found[0],
        facts.get("state", ""),
        facts.get("reason", ""),
        mac=mac,
        vendor=vendor,
        others=tuple(found[1:]),
        names=tuple(dict.fromkeys(filter(None, names))),
        ports=tuple(rows),
        ttl=_ttl(facts.get("reason_ttl")),
        ended=_number(element.get("endtime")),
        timed_out=element.get("timedout") == "true",
        unlisted=unlisted,
    )


def _port(element: Element) -> Iterator[NmapPorts]:
    transport, number = element.get("protocol"), element.get("portid", "")
    state = element.find("state")
    if transport not in TRANSPORTS or state is None or not _is_port(number):
        return
    service = element.find("service")
    yield NmapPorts(
        "tcp" if transport == "tcp" else "udp",
        str(int(number)),
        state.get("state", ""),
        visible(state.get("reason", ""), 60),
        _ttl(state.get("reason_ttl")),
        _source(state.get("reason_ip")),
        None if service is None else _service(service),
    )


def _service(element: Element) -> NmapService:
    def text(key: str) -> str:
        return visible(element.get(key, ""), _TEXT)

    return NmapService(
        text("name"),
        text("product"),
        text("version"),
        text("extrainfo"),
        text("tunnel"),
        element.get("method") == "probed",
        tuple(visible(each.text or "", _TEXT) for each in element.iterfind("cpe") if each.text),
        _written(element),
    )


def _written(element: Element) -> bytes:
    plain = Element("service", {key: value for key, value in element.attrib.items() if key != "servicefp"})
    plain.extend(element.findall("cpe"))
    raw = tostring(plain)
    return raw if len(raw) <= _ELEMENT else b""


def _extra(element: Element) -> tuple[list[NmapPorts], int]:
    """Ports that Nmap summed up; it lists them since 7.80 or so, before that it only counted them."""
    state = element.get("state", "")
    rows: list[NmapPorts] = []
    listed = 0
    for each in element.iterfind("extrareasons"):
        transport, ports = each.get("proto"), each.get("ports", "")
        if transport in TRANSPORTS and _are_ports(ports):
            count = len(ports_of(ports))
            listed += count
            kind: Transport = "tcp" if transport == "tcp" else "udp"
            rows.append(NmapPorts(kind, ports, state, _reason(each.get("reason", ""))))
    return rows, max(0, int(_number(element.get("count")) or 0) - listed)


def _reason(text: str) -> str:
    """Old versions write `resets` and `no-responses` in summaries."""
    for plural, cut in (("unreaches", 2), ("resets", 1), ("responses", 1), ("refuseds", 1), ("prohibiteds", 1)):
        if text.endswith(plural):
            return visible(text[:-cut], 60)
    return visible(text, 60)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535


def _are_ports(text: str) -> bool:
    ends = [end for part in text.split(",") for end in part.split("-", 1)]
    return all(_is_port(end) for end in ends)


def _mac(text: str) -> str | None:
    mac = text.lower()
    parts = mac.split(":")
    return mac if len(parts) == 6 and all(len(p) == 2 and set(p) <= set("0123456789abcdef") for p in parts) else None


def _ttl(text: str | None) -> int | None:
    """Nmap writes 0 where it saw none."""
    value = _number(text)
    return int(value) if value is not None and 0 < value <= 255 else None


def _source(text: str | None) -> str | None:
    try:
        return address(text) if text else None
    except ValueError:
        return None


def _number(text: str | None) -> float | None:
    """Digits only: a time of the file's own invention (`1e999`, `nan`) is none."""
    return float(text) if text and text.isascii() and text.isdecimal() and len(text) <= 12 else None
