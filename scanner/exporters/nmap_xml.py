"""Hosts and services as Nmap's XML, for whatever reads Nmap: Metasploit, Faraday, DefectDojo, libnmap, our importer.

One run that nobody made in one go: each host as its own zone saw it. Which other zones reach a port stands in a script
element of the port, because a file of Nmap's has one place to look from and no word for a zone. Valid against nmap.dtd.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, tostring

from scanner.exporters import Exporter
from scanner.exporters.verdict import unfinished
from scanner.exporters.words import without_padding
from scanner.model.report import FlowRow, HostRow, Report, ServiceRow
from scanner.model.text import visible

_ACCURACY = {"high": "95", "medium": "85", "low": "70"}
"""Nmap's percentages for our words on how sure the system is; without a word the lowest."""
_TTL = re.compile(r"\bTTL (\d{1,3})\b")
_SEPARATOR = re.compile(r"(?<!\\):")
_ESCAPED = re.compile(r"\\(.)|%")
_SHOWN = 32
"""Flows to a port that are told; it says how many more there are."""
_Flows = dict[tuple[str, int], list[FlowRow]]


def render(report: Report) -> bytes:
    """UTF-8. A host without an address cannot be said and is left out."""
    return b"".join(parts(report))


def parts(report: Report) -> Iterator[bytes]:
    """The same in parts, a host a part."""
    start, end = _times(report)
    version = report.tool.version if report.tool else "0"
    run = {
        "scanner": "nmap",
        "args": f"fencewalk: {report.client}, {report.site}{_supposed(report)}",
        "start": str(start),
        "version": version,
        "xmloutputversion": "1.05",
    }
    head = _bytes(Element("nmaprun", {name: visible(value) for name, value in run.items()}))
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n' + head.removesuffix(b" />") + b">\n"
    yield b'<verbose level="0" />\n<debugging level="0" />\n'
    flows = _flows(report)
    count = 0
    for host in report.hosts:
        if host.addresses:
            count += 1
            yield _bytes(_host(host, flows.get((host.zone, host.id), {}), end)) + b"\n"
    yield _bytes(_stats(report, start, end, count)) + b"\n</nmaprun>\n"


def _stats(report: Report, start: int, end: int, count: int) -> Element:
    stats = Element("runstats")
    finished = SubElement(stats, "finished", {"time": str(end), "elapsed": str(max(0, end - start))})
    cut = unfinished(report)
    finished.set("exit", "error" if cut else "success")
    if cut:
        finished.set("errormsg", visible(f"the scan from {', '.join(cut)} did not finish"))
    SubElement(stats, "hosts", {"up": str(count), "down": "0", "total": str(count)})
    return stats


def _host(host: HostRow, flows: _Flows, end: int) -> Element:
    found = Element("host", {"endtime": str(end), "comment": visible(f"zone {host.zone}")})
    SubElement(found, "status", {"state": "up", "reason": _alive(host, flows), "reason_ttl": "0"})
    for each in host.addresses:
        kind = "ipv6" if ":" in each else "ipv4"
        SubElement(found, "address", {"addr": visible(each), "addrtype": kind})
    if host.mac:
        mac = SubElement(found, "address", {"addr": visible(host.mac).upper(), "addrtype": "mac"})
        if host.vendor:
            mac.set("vendor", visible(host.vendor))
    names = SubElement(found, "hostnames")
    for each in host.names:
        SubElement(names, "hostname", {"name": visible(each)})
    ports = SubElement(found, "ports")
    open_ = {(str(each.transport), each.port): each for each in host.services if each.transport != "icmp"}
    closed = {key for key, rows in flows.items() if key not in open_ and any(map(_closed, rows))}
    for key in sorted({*open_, *closed}):
        ports.append(_port(key, open_.get(key), flows.get(key, [])))
    if host.os:
        system = SubElement(found, "os")
        accuracy = _ACCURACY.get(host.os_confidence or "low", _ACCURACY["low"])
        SubElement(system, "osmatch", {"name": visible(host.os), "accuracy": accuracy, "line": "0"})
    values = {"id": host.id, "zone": host.zone, "device": host.device, "critical": host.critical}
    what = f"{host.device} in {host.zone}" + (f", critical: {host.critical}" if host.critical else "")
    SubElement(found, "hostscript").append(_script("fencewalk-host", what, values))
    return found


def _alive(host: HostRow, flows: _Flows) -> str:
    """What the report has of how it gave a sign of life, in Nmap's words."""
    if host.mac:
        return "nd-response" if all(":" in each for each in host.addresses) else "arp-response"
    for transport, reason in (("tcp", "syn-ack"), ("udp", "udp-response")):
        if any(each.transport == transport and each.state == "open" for each in host.services):
            return reason
    pinged = (row for row in flows.get(("icmp", 8), ()) if row.verdict == "REACHED")
    return "echo-reply" if any(row.state == "open" for row in pinged) else "unknown-response"


def _port(key: tuple[str, int], service: ServiceRow | None, flows: list[FlowRow]) -> Element:
    transport, number = key
    found = Element("port", {"protocol": transport, "portid": str(number)})
    state = visible(service.state) if service else "closed"
    reasons = ("syn-ack", "reset") if transport == "tcp" else ("udp-response", "port-unreach")
    # A TTL is of a packet, and the packets that the report tells of are those that crossed.
    crossed = (row for row in flows if row.verdict == "REACHED" and row.state == state)
    ttl = next((seen[1] for row in crossed if (seen := _TTL.search(row.evidence))), "0")
    SubElement(found, "state", {"state": state, "reason": reasons[state == "closed"], "reason_ttl": ttl})
    if service is not None:
        if service.service or service.product:
            found.append(_service(service))
        said = ("product", "title", "version", "revision", "distro", "cpe")
        values = {name: getattr(service, name) for name in said} | {"evidence": service.evidence}
        found.append(_script("fencewalk-service", without_padding(service.evidence), values))
    if flows:
        lines = [f"from {row.from_}: {row.verdict}, {row.reason}" for row in flows[:_SHOWN]]
        more = [f"and {len(flows) - _SHOWN:,} more"] if len(flows) > _SHOWN else []
        found.append(_script("fencewalk-flows", "; ".join(lines + more), {}))
    return found


def _service(row: ServiceRow) -> Element:
    known = row.product is not None
    said = {
        "name": row.service or "unknown",
        "product": row.title or row.product or "",
        "version": row.version or "",
        "extrainfo": " ".join(filter(None, (row.revision, row.distro))),
        "tunnel": "ssl" if row.tls else "",
        "method": "probed" if known or row.tls else "table",
        "conf": "10" if known or row.tls else "3",
    }
    found = Element("service", {name: visible(value) for name, value in said.items() if value})
    name = cpe_uri(visible(row.cpe)) if row.cpe else ""
    if name:
        SubElement(found, "cpe").text = name
    return found


def _script(id_: str, output: str, values: Mapping[str, str | None]) -> Element:
    """What Nmap's own elements have no place for, as its scripts say such things: for people, and by key."""
    found = Element("script", {"id": id_, "output": visible(output)})
    for key, value in values.items():
        if value:
            SubElement(found, "elem", {"key": key}).text = visible(value)
    return found


def cpe_uri(name: str) -> str:
    """A CPE 2.3 formatted string as the URI of CPE 2.2 that Nmap writes (NISTIR 7695, 6.1); "" where it is none."""
    if not name.startswith("cpe:2.3:"):
        return ""
    words = [_bound(word) for word in _SEPARATOR.split(name.removeprefix("cpe:2.3:"))]
    if any(words[7:]):  # the URI has no field for these: they go into the edition's
        words[5] = "~".join(["", words[5], *words[7:11]])
    return f"cpe:/{':'.join(words[:7])}".rstrip(":")


def _bound(word: str) -> str:
    # A hyphen of its own says "not applicable" where it is not escaped.
    return "" if word == "*" else "%2d" if word == r"\-" else _ESCAPED.sub(_percent, word)


def _percent(found: re.Match[str]) -> str:
    return found[1] if found[1] in ("_", ".", "-") else f"%{ord(found[1] or '%'):02x}"


def _closed(row: FlowRow) -> bool:
    """The host itself refused; a closed port that a firewall made up is no REACHED."""
    return row.state == "closed" and row.verdict == "REACHED" and row.transport in ("tcp", "udp")


def _flows(report: Report) -> dict[tuple[str, str], _Flows]:
    """Zone and host -> transport and port -> what other zones met there."""
    hosts = {(host.zone, address): host.id for host in report.hosts for address in host.addresses}
    found: dict[tuple[str, str], _Flows] = {}
    for row in report.reachability:
        id_ = hosts.get((row.to, row.address))
        if id_ is not None and not row.via:
            found.setdefault((row.to, id_), {}).setdefault((row.transport, row.port), []).append(row)
    return found


def _times(report: Report) -> tuple[int, int]:
    """Seconds since the epoch, of the first session's begin and the last one's end; else of the report's day."""
    starts = list(_seconds(each.started for each in report.vantages))
    ends = list(_seconds(each.ended or each.started for each in report.vantages))
    day = next(_seconds([report.generated]), 0)
    return min(starts, default=day), max(ends, default=day)


def _seconds(texts: Iterable[str]) -> Iterator[int]:
    for text in texts:
        try:
            at = datetime.datetime.fromisoformat(text)
        except ValueError:  # a report of somebody else's making
            continue
        yield max(0, int(at.replace(tzinfo=at.tzinfo or datetime.UTC).timestamp()))


def _supposed(report: Report) -> str:
    return f"; WHAT IF: not measured: deny {'; deny '.join(report.what_if)}" if report.what_if else ""


def _bytes(element: Element) -> bytes:
    text: bytes = tostring(element, encoding="utf-8", xml_declaration=False)
    return text


EXPORTER = Exporter(title="Hosts and services as Nmap's XML", suffix=".xml", render=render, parts=parts)
