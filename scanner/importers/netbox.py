"""NetBox's prefixes and VLANs, as its API (JSON) or its export (CSV) gives them, as zones of a site.

One VLAN is one zone with all of its prefixes; a prefix without a VLAN is a zone of its own. Prefixes that hold others
are how NetBox groups a network and no segments of it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from scanner.errors import BadInput
from scanner.importers.zone_names import guessed_trust, slug
from scanner.model.addresses import network
from scanner.model.site import Site, Zone
from scanner.model.text import plural, visible

MOST_BYTES = 64 << 20
_MOST_ROWS = 50_000
_MOST_ZONES = 2_000
_VID = re.compile(r"\((\d{1,4})\)\s*$|^\s*(\d{1,4})\s*$", re.ASCII)
_KEYS = re.compile(rb'"(?:prefix|vid)"\s*:')
_OWN = re.compile(rb'"(?:results|vrf|vlan|scope_type|mark_utilized|vlan_group|l2vpn_termination|qinq_role)"\s*:')


class Found(msgspec.Struct, frozen=True):
    """The zones that the site file has not yet, and what had to be left out or guessed."""

    zones: tuple[Zone, ...]
    known: int
    """Prefixes that lie in a zone of the site file already."""
    notes: tuple[str, ...]


class _Row(msgspec.Struct):
    place: str
    prefix: str = ""
    status: str = "active"
    vid: int | None = None
    vlan: str = ""
    role: str = ""
    about: str = ""
    pool: bool = False
    sites: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()


def looks_like_netbox(head: bytes) -> bool:
    """Whether the beginning of a file is NetBox's list of prefixes or of VLANs."""
    start = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return _KEYS.search(head) is not None and _OWN.search(head) is not None
    columns = {each.strip(' "').casefold() for each in start.split(b"\n", 1)[0].decode("latin-1").split(",")}
    return ("prefix" in columns and bool(columns & {"vlan", "vrf", "status"})) or {"vid", "name", "status"} <= columns


def read_netbox(files: Sequence[tuple[bytes, str]], site: Site, chosen: str | None) -> Found:
    """The zones of one site. `chosen`: the tenant or NetBox site to take, where the files have several. BadInput, with
    the file's name, for what cannot be read."""
    notes: list[str] = []
    rows = [each for raw, name in files for each in _rows(raw, name, notes)]
    prefixes = [each for each in rows if each.prefix]
    vlans = [each for each in rows if not each.prefix]
    names = ", ".join(name for _, name in files)
    if not prefixes:
        raise BadInput(f"{names}: names no prefix; VLANs alone are no zones: import NetBox's prefixes with them")
    prefixes = _of_site(prefixes, site, chosen, names)
    used = _segments(prefixes, notes)
    zones, known = _zones(used, vlans, site, notes)
    bare = sorted({each.vid for each in _of_site(vlans, site, chosen, "") if each.vid is not None}
                  - {each.vid for each in prefixes if each.vid is not None})  # fmt: skip
    if bare:
        some = ", ".join(map(str, bare[:8])) + (", ..." if len(bare) > 8 else "")
        notes.append(f"{plural(len(bare), 'VLAN')} without a prefix, and so no zone: {some}")
    guessed = [f"{each.name} ({each.trust})" for each in zones if each.trust != "user"]
    if guessed:
        notes.append(f"trust is guessed by names, check it: {', '.join(guessed[:12])}"
                     f"{', ...' if len(guessed) > 12 else ''}; every other zone: user")  # fmt: skip
    return Found(tuple(zones), known, tuple(notes))


def _rows(raw: bytes, name: str, notes: list[str]) -> Iterator[_Row]:
    if len(raw) > MOST_BYTES:
        raise BadInput(f"{name}: larger than {MOST_BYTES >> 20} MiB; export one client's prefixes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{name}: is not UTF-8, as NetBox writes it") from None
    found = _json(text, name, notes) if text.lstrip()[:1] in ("{", "[") else _csv(text, name)
    for number, (place, row) in enumerate(found):
        if number >= _MOST_ROWS:
            raise BadInput(f"{name}: more than {_MOST_ROWS:,} rows; export one client's prefixes")
        yield _row(place, row)


def _json(text: str, name: str, notes: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadInput(f"{name}{where}: no JSON that can be read; save what NetBox's API answers as it is") from None
    rows = found.get("results") if isinstance(found, dict) else found
    if not isinstance(rows, list):
        raise BadInput(f"{name}: has no list of results, as NetBox's API gives it")
    if isinstance(found, dict) and found.get("next"):
        notes.append(f"{name}: is one page of several ({len(rows):,} of {found.get('count', '?')}): ask the API with "
                     "?limit=0, or import every page at once")  # fmt: skip
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadInput(f"{name}: results[{number}]: expected an object, as NetBox's API gives it")
        yield f"{name}: results[{number}]", row


def _csv(text: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        for row in reader:
            plain = {(key or "").strip().casefold().replace(" ", "_"): value for key, value in row.items() if key}
            yield f"{name}:{reader.line_num}", {**plain, "csv": True}
    except csv.Error:
        raise BadInput(f"{name}:{reader.line_num}: no CSV that can be read: a quotation mark is not closed") from None


def _row(place: str, row: dict[str, Any]) -> _Row:
    prefix = _label(row.get("prefix"))
    vlan = row.get("vlan") if prefix else row
    vid, called = None, ""
    if isinstance(vlan, dict):
        vid, called = _vid(vlan.get("vid")), _label(vlan.get("name"))
    elif vlan:
        found = _VID.search(str(vlan))
        vid = _vid(found[1] or found[2]) if found else None
        called = _VID.sub("", str(vlan)).strip()
    place_of = row.get("scope") or row.get("site")
    return _Row(
        place=place,
        prefix=prefix,
        status=_label(row.get("status")).casefold() or "active",
        vid=vid,
        vlan=called,
        role=_label(row.get("role")),
        about=_label(row.get("description")),
        pool=row.get("is_pool") in (True, "True", "true"),
        sites=_labels(place_of),
        tenants=_labels(row.get("tenant")),
    )


def _labels(value: object) -> tuple[str, ...]:
    """Every way in which NetBox names a thing, the one to be shown first."""
    if isinstance(value, dict):
        words = [value.get(key) for key in ("name", "slug", "display")]
        return tuple(dict.fromkeys(each for each in words if isinstance(each, str) and each))
    return (str(value).strip(),) if isinstance(value, str | int) and str(value).strip() else ()


def _label(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("value") or value.get("name") or value.get("slug") or ""
    return str(value).strip()[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _vid(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= 4094 else None


def _of_site(rows: Sequence[_Row], site: Site, chosen: str | None, names: str) -> list[_Row]:
    """The rows of the client's site. Where the file has several, somebody has to have said which."""

    def known(labels: Iterable[str], wanted: str) -> bool:
        return any(slug(each) == slug(wanted) for each in labels)

    if chosen is not None:
        kept = [each for each in rows if known((*each.sites, *each.tenants), chosen)]
        if names and not kept:
            raise BadInput(f"{names}: --client {visible(chosen, 60)}: no tenant or site there has that name"
                           f"{_choice(rows)}")  # fmt: skip
        return kept
    sites = {each.sites[0] for each in rows if each.sites}
    tenants = {each.tenants[0] for each in rows if each.tenants}
    kept = list(rows)
    if len(sites) > 1:
        kept = [each for each in kept if not each.sites or known(each.sites, site.site)]
    if len(tenants) > 1:
        kept = [each for each in kept if not each.tenants or known(each.tenants, site.client)]
    placed = any(each.sites or each.tenants for each in kept)
    if names and (len(sites) > 1 or len(tenants) > 1) and not placed:
        raise BadInput(f"{names}: is of several sites or tenants; say which one with --client{_choice(rows)}")
    return kept


def _choice(rows: Iterable[_Row]) -> str:
    known = sorted({visible(label[0], 40) for each in rows for label in (each.sites, each.tenants) if label})
    return f": {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}" if known else ""


def _segments(rows: Sequence[_Row], notes: list[str]) -> list[_Row]:
    """Those that are segments: active, no single addresses, and none that holds another one."""
    parsed: dict[Any, _Row] = {}
    skipped: dict[str, int] = {}
    for each in rows:
        try:
            net = network(each.prefix)
        except ValueError:
            raise BadInput(f"{each.place}: prefix: {visible(each.prefix, 60)!r} is no subnet") from None
        if each.status not in ("active", "container"):
            skipped[each.status] = skipped.get(each.status, 0) + 1
        elif net.num_addresses > 2 and each.status == "active":
            if net in parsed and parsed[net].vid != each.vid:
                notes.append(f"{each.place}: {net} is there twice, behind different VLANs or VRFs; the first is kept")
            parsed.setdefault(net, each)
    for status, count in skipped.items():
        notes.append(f"left out: {plural(count, 'prefix', 'prefixes')} that NetBox calls {visible(status, 40)}")
    pools = {net for net, each in parsed.items() if each.pool and any(_inside(net, other) for other in parsed)}
    nets = [net for net in parsed if net not in pools]
    parents: set[Any] = set()
    stack: list[Any] = []
    for net in sorted(nets, key=lambda each: (each.version, int(each.network_address), each.prefixlen)):
        while stack and not _inside(net, stack[-1]):
            stack.pop()
        parents.update(stack[-1:])
        stack.append(net)
    if parents:
        some = ", ".join(str(each) for each in sorted(parents, key=str)[:4])
        notes.append(f"left out: {plural(len(parents), 'prefix', 'prefixes')} that hold others ({some}"
                     f"{', ...' if len(parents) > 4 else ''}); what else is in them is in no zone")  # fmt: skip
    return [msgspec.structs.replace(parsed[net], prefix=str(net)) for net in nets if net not in parents]


def _inside(net: Any, other: Any) -> bool:
    return bool(net.version == other.version and net != other and net.subnet_of(other))


def _zones(rows: Sequence[_Row], vlans: Sequence[_Row], site: Site, notes: list[str]) -> tuple[list[Zone], int]:
    called = {each.vlan.casefold(): each for each in vlans if each.vlan}
    numbered = {each.vid: each for each in vlans if each.vid is not None}
    groups: dict[object, list[_Row]] = {}
    known = 0
    for each in rows:
        net = network(each.prefix)
        taken = [(zone, network(other)) for zone in site.zones for other in zone.subnets]
        hits = [(zone, other) for zone, other in taken if other.version == net.version and other.overlaps(net)]
        if any(net == other or _inside(net, other) for _, other in hits):
            known += 1
            continue
        if hits:
            zone, other = hits[0]
            notes.append(f"{each.place}: {net} overlaps {other} of {zone.name}; it is left out")
            continue
        vlan = numbered.get(each.vid) if each.vid is not None else called.get(each.vlan.casefold())
        if vlan is not None:
            each = msgspec.structs.replace(
                each,
                vid=vlan.vid,
                vlan=vlan.vlan or each.vlan,
                role=each.role or vlan.role,
                about=each.about or vlan.about,
            )
        key: object = (each.vid, each.vlan.casefold()) if each.vid is not None or each.vlan else each.prefix
        groups.setdefault(key, []).append(each)
    if len(groups) > _MOST_ZONES:
        raise BadInput(f"{plural(len(groups), 'zone')}: more than a site has; name the site's own with --client")
    names = {zone.name for zone in site.zones} | set(site.groups.zones)
    zones: list[Zone] = []
    for several in groups.values():
        first = several[0]
        words = [first.vlan, first.about, first.role]
        name = next(filter(None, map(slug, words)), "") or f"net-{slug(first.prefix)}"
        for option in (name, f"{name}-{first.vid}" if first.vid else name, f"{name}-{slug(first.prefix)}"):
            if option not in names:
                name = option
                break
        names.add(name)
        zones.append(Zone(name, tuple(each.prefix for each in several), first.vid, guessed_trust(*words)))
    return zones, known
