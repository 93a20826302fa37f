"""Stars of a report: a zone and its boundaries, a boundary and its flows, a host and who reaches it. What to draw."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from rich.cells import cell_len

from scanner.exporters.verdict import stood_in
from scanner.model.hops import asked, service_of
from scanner.model.report import CROSSED, HELD, FlowRow, HostRow, Report, ZoneRow
from scanner.model.text import plural
from tui import lookup
from tui.doc import Doc
from tui.draw import star
from tui.draw.canvas import Stroke
from tui.draw.links import Link, of_cell, of_flow
from tui.draw.star import Heart, Ray
from tui.facts import cells_by_pair, zone_names
from tui.spots import Spot
from tui.status import Colour, cell_look

MOST = 12
"""Boxes on a side; the drawing says how many more there are."""
_ORDER = {"BREACHED": 0, "UNPROVEN": 1, "UNTESTED": 2, "AS_POLICY": 3}


def zone(doc: Doc, name: str, report: Report) -> None:
    """A zone, what reaches it from the others, and what it reaches of them: every boundary of it."""
    cells, others = cells_by_pair(report), [each for each in zone_names(report) if each != name]
    row = next((each for each in report.zones if each.name == name), ZoneRow(name, (), "", None, 0))

    def rays(pairs: Iterable[tuple[str, tuple[str, str]]]) -> list[Ray]:
        found = [(other, pair, cells.get(pair)) for other, pair in pairs]
        found.sort(key=lambda each: _ORDER.get(each[2].verdict if each[2] else "UNTESTED", 0))
        return [Ray(other, of_cell(cell), spot=Spot("pair", *pair)) for other, pair, cell in found]

    into = rays((other, (other, name)) for other in others)
    out = rays((other, (name, other)) for other in others)
    lines: list[tuple[str, Colour]] = [(line, "muted") for line in (row.trust, *row.subnets[:3]) if line]
    lines.append((plural(row.hosts, "host"), "muted"))
    if name not in stood_in(report):
        lines.append(("nobody stood here", "amber"))
    _drawing(doc, Heart(name, tuple(lines), Spot("zone", name)), into, out, "boundary", "boundaries")


def boundaries(name: str, report: Report) -> list[tuple[str, str]]:
    """Every pair of zones of which this is one."""
    others = [other for other in zone_names(report) if other != name]
    return [pair for other in others for pair in ((other, name), (name, other))]


def boundary(doc: Doc, from_: str, to: str, report: Report) -> None:
    """The flows from one zone to another: what crossed, address by address, and how many did not."""
    flows = lookup.flows_by_pair(report)[from_, to]
    if flows:
        names = {address: host for host in report.hosts if host.zone == to for address in host.addresses}
        _drawing(doc, Heart(from_, spot=Spot("zone", from_)), [], _targets(flows, names), "address", "addresses")


def _targets(flows: Iterable[FlowRow], hosts: dict[str, HostRow]) -> list[Ray]:
    crossed: dict[tuple[bool, str], list[FlowRow]] = {}
    rest: dict[tuple[str, bool], list[FlowRow]] = {}
    for flow in flows:
        if flow.verdict in CROSSED:
            crossed.setdefault((flow.allowed, flow.address), []).append(flow)
        else:
            rest.setdefault(("held" if flow.verdict in HELD else flow.verdict, flow.allowed), []).append(flow)
    rays = []
    for (allowed, address), members in sorted(crossed.items(), key=lambda each: each[0][0]):
        host = hosts.get(address)
        what = f"◆ {host.critical}" if host and host.critical else host.names[0] if host and host.names else ""
        if all(flow.verdict == "TARGET_DOWN_PATH_OPEN" for flow in members):
            what = "nobody there"
        name = f"{address} {what}".rstrip()
        critical = host is not None and host.critical is not None and not allowed
        ports = {(flow.transport, flow.port) for flow in members}
        link = of_flow("REACHED", allowed, services(members), plural(len(ports), "service"))
        rays.append(Ray(name, link, "red" if critical else "text", Spot("host", host.id) if host else None))
    for (_, allowed), members in rest.items():
        count = len({flow.address for flow in members})
        label = plural(len(members), "flow") + (" that policy allows" if allowed else "")
        rays.append(Ray(plural(count, "address", "addresses"), of_flow(members[0].verdict, allowed, label), "muted"))
    return rays


def services(flows: Iterable[FlowRow], most: int = 4) -> str:
    """`tcp/22, tcp/445 and 3 more`; how they were asked where that was not plainly."""
    found = list(
        dict.fromkeys(
            " ".join(filter(None, (service_of(flow.transport, flow.port), asked(flow.via)))) for flow in flows
        )
    )
    more = len(found) - most
    return ", ".join(found[:most]) + (f" and {more} more" if more > 0 else "")


def host(doc: Doc, row: HostRow, transport: str | None, port: int | None, report: Report) -> None:
    """Which zones reach a host, or one service of it. A zone of which nothing is recorded is shown as just that."""
    flows: dict[str, list[FlowRow]] = {name: [] for name in zone_names(report) if name != row.zone}
    for flow in report.reachability:
        if flow.to == row.zone and flow.address in row.addresses and flow.from_ in flows and (
            port is None or (flow.transport, flow.port) == (transport, port)
        ):  # fmt: skip
            flows[flow.from_].append(flow)
    if not flows:
        doc.line("There is no other zone.", "muted")
        return
    rays = [
        Ray(name, _worst(found, port) if found else _NOTHING, spot=Spot("pair", name, row.zone))
        for name, found in flows.items()
    ]
    rays.sort(key=lambda ray: "✕→?–│".find(ray.link.sign))
    lines: list[tuple[str, Colour]] = [(" ".join(row.names[:1]), "muted")] if row.names else []
    if row.critical:
        lines.append((f"◆ {row.critical}", "red"))
    if port is not None:
        lines.append((service_of(transport, port), "accent"))
    lines.append((f"in {row.zone}", "muted"))
    title = row.addresses[0] if row.addresses else row.id
    _drawing(doc, Heart(title, tuple(lines), Spot("host", row.id)), rays, [], "zone", "zones")


_NOTHING = Link("–", "open", Stroke("grey", dash="dotted"), "nothing recorded")


def _worst(flows: list[FlowRow], port: int | None) -> Link:
    """One line for the flows from a zone: what crossed counts before what did not."""
    for allowed in (False, True):
        crossed = [flow for flow in flows if flow.verdict in CROSSED and flow.allowed == allowed]
        if crossed:
            return of_flow("REACHED", allowed, "" if port is not None else services(crossed, 2))
    held = [flow for flow in flows if flow.verdict in HELD]
    # Silence without a control beside a refusal is still silence.
    other = [flow for flow in flows if flow.verdict not in HELD]
    shown = (other or held)[0]
    return of_flow(shown.verdict, shown.allowed, "" if port is not None else plural(len(flows), "flow"))


def _drawing(doc: Doc, heart: Heart, into: list[Ray], out: list[Ray], one: str, many: str) -> None:
    words = Doc().line(heart.title, bold=True)
    for side, word in ((into, "from"), (out, "to")):
        for ray in side:
            said = " ".join(filter(None, (f"{word} {ray.name}:", ray.link.label, _SAID[ray.link.shape])))
            words.add(f"{ray.link.sign} ", ray.link.colour).line(said, hang=2)
    doc.drawing(partial(star.draw, heart, into[:MOST], out[:MOST]), words)
    more = max(0, len(into) - MOST) + max(0, len(out) - MOST)
    if more:
        doc.line(f"and {plural(more, f'more {one}', f'more {many}')}", "muted")


_SAID = {"arrow": "got through", "fence": "nothing got through", "open": "not known"}


def legend(doc: Doc, pairs: Iterable[tuple[str, str]], report: Report) -> None:
    """What the lines between these pairs of zones mean."""
    cells = cells_by_pair(report)
    links: dict[tuple[str, str], Link] = {}
    for pair in pairs:
        link = of_cell(cells.get(pair))
        links.setdefault((cell_look(cells.get(pair)).word, link.shape), link)
    items = []
    for (word, shape), link in sorted(links.items(), key=lambda each: _ORDER.get(each[0][0], 9)):
        lead = {
            "arrow": "━►" if link.stroke.heavy else "─►",
            "fence": "─┤",
            "open": "┈┈" if word == "UNTESTED" else "╌╌",
        }
        items.append((f"{lead[shape]} {link.sign} ", link.colour, _MEANS.get((word, shape), word)))
    words = Doc()
    for _, _, meaning in items:
        words.line(meaning, "muted")
    doc.drawing(partial(_legend, items), words)


def _legend(items: list[tuple[str, Colour, str]], width: int) -> Doc:
    doc, room = Doc(), width
    for lead, colour, meaning in items:
        size = cell_len(lead) + cell_len(meaning)
        if size > room and room < width:
            doc.end()
            room = width
        doc.add(lead, colour, bold=True).add(f"{meaning}   ", "muted")
        room -= size + 3
    return doc.end()


_MEANS = {
    ("BREACHED", "arrow"): "breached: so many forbidden flows crossed",
    ("AS_POLICY", "arrow"): "as policy, and what it allows gets through",
    ("AS_POLICY", "fence"): "as policy, and nothing got through",
    ("UNPROVEN", "open"): "unproven",
    ("UNTESTED", "open"): "untested",
    ("WOULD BE", "open"): "would be as policy; not measured",
}
