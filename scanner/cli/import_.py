"""`fencewalk import`: what others have written down, taken over: other tools' scans, software inventories, a matrix of
zones, NetBox's prefixes, another laptop's scan data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from scanner.cli import _complete
from scanner.cli._inventories import Asked, take_inventory
from scanner.cli._options import SITE, STORE, check_store
from scanner.cli._sessions import From, importer_of, take_session
from scanner.cli._zones import add_zones
from scanner.errors import BadInput
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from scanner.model.site import Rule, Site
    from scanner.store.merge import Taken

_HEAD = 65536
_MOST_BYTES = 4 << 20
"""Of a text file; a store may be larger."""

_SITE_KEY = re.compile(rb"^(?:client|site|scope|zones|allow|critical)[ \t]*:", re.MULTILINE)
_YAML_LINE = re.compile(rb"[ \t\r]|[\w-]+[ \t]*:(?:[ \t\r]|$)|#|---|%YAML|[-\]}]|$")
"""How a line of a site file can begin; prose, as around an example in a Markdown file, does not."""

Format = Literal["store", "matrix", "inventory", "session", "netbox"]


@click.command(
    "import", short_help="Take over other tools' scans and inventories, zones, or another laptop's scan data."
)
@SITE
@click.argument("files", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--write", is_flag=True, help="Add a matrix's rules, or NetBox's zones, to SITE itself, instead of printing them."
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="NAME|ADDRESS|MAC",
    help="Whose inventory the file is, where it does not say.",
)
@click.option("--taken", metavar="DAY", help="When it was taken, YYYY-MM-DD; default: as the file says, or its date.")
@click.option(
    "--distro", default="", metavar="NAME:RELEASE", help="Whose packages they are, such as debian:12 or el:9."
)
@click.option("--client", metavar="NAME", help="What a table of several clients calls this one.")
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path, readable=False),
    metavar="FILE",
    help="YAML that names a table's columns.",
)
@click.option(
    "--from", "zone", metavar="ZONE", help="Where the laptop stood that scanned (Nmap's XML, masscan).",
    shell_complete=_complete.zones,
)  # fmt: skip
@click.option("--address", metavar="ADDRESS", help="Its address there, where the file does not say.")
@STORE
def COMMAND(
    site: Path,
    files: tuple[Path, ...],
    zone: str | None,
    address: str | None,
    write: bool,
    hosts: tuple[str, ...],
    taken: str | None,
    distro: str,
    client: str | None,
    mapping: Path | None,
    store: Path | None,
) -> None:
    """Take FILEs over into SITE or its scan data. Their format is recognised by what is in them.

    \b
    a matrix of zones   CSV out of a spreadsheet: the first line and the first column name the zones,
                        a row's cells say what may pass from its zone to each column's: yes, no,
                        or services such as tcp/443, udp/53, https, icmp; !tcp/23 takes one out.
                        Prints the rules that the site file has not yet; --write adds them to it.
    another scan        Nmap's XML or masscan's JSON as a session from the zone that --from names:
                        its answers and, of Nmap, its silence count as a scan's of ours. A file
                        that breaks off gives what stood before. Of hosts that Nmap took for down
                        it does not say what they were asked: scan with -Pn. Nmap's scan of a whole
                        zone by ARP, too, shows who is in it, which proofs of isolation rest on.
    an inventory        The software of one machine or of many, to be judged by its real versions:
                        a table of an RMM tool (CSV), dpkg -l, rpm -qa, winget export, PowerShell's
                        or osquery's JSON, a CycloneDX bill of materials, the products in Nmap's
                        XML (without --from no flow is judged by it). It is joined to hosts by
                        MAC address, address or name; where the file does not name its machine,
                        --host does. Doing it again changes nothing.
    NetBox's prefixes   and VLANs, JSON of its API or CSV: prints the zones that the site file has not
                        yet; --write adds them. --client names the tenant or site of them, where
                        the file has several.
    a store             Another laptop's scan data (site.fencewalk.sqlite): its sessions of this
                        client and site are added to this laptop's; doing it again changes nothing.

    \b
    fencewalk import site.yaml zones.csv
    fencewalk import site.yaml /media/usb/site.fencewalk.sqlite
    fencewalk import site.yaml software.csv --taken 2026-11-01
    fencewalk import site.yaml packages.txt --host web1
    fencewalk import site.yaml guest.xml --from guest
    fencewalk import site.yaml prefixes.json vlans.json --write

    \b
    --map FILE, for a table whose header is not understood:
    columns: {host: Rechner, address: IP, name: Programm, version: Stand, vendor: Hersteller, os: System}
    delimiter: ";"
    """
    from scanner import session

    loaded = session.load_site(site)
    formats = [(each, _format(each, site, mapping is not None, zone)) for each in files]
    asked = Asked(hosts, taken, distro, client, mapping)
    _check_flags({kind for _, kind in formats}, asked, From(zone, address), write)
    where = session.store_path(site, store)
    if any(kind not in ("matrix", "netbox") for _, kind in formats):
        check_store(where, create=True)
    netbox = [path for path, kind in formats if kind == "netbox"]
    for path, kind in formats:
        if kind == "store":
            _take_over(loaded, site, path, where)
        elif kind == "inventory":
            take_inventory(loaded, path, where, asked)
        elif kind == "session":
            take_session(loaded, path, where, From(zone, address), taken)
        elif kind == "matrix":
            _add_rules(loaded, site, path, write)
            loaded = session.load_site(site)
        elif path == netbox[0]:
            add_zones(loaded, site, netbox, client, write)
            loaded = session.load_site(site)


def _check_flags(kinds: set[Format], asked: Asked, of: From, write: bool) -> None:
    others = Asked(asked.hosts, None, asked.distro, None, asked.mapping)
    if others.any and "inventory" not in kinds:
        raise BadInput("--host, --distro and --map are for software inventories; none is named")
    if asked.client is not None and kinds.isdisjoint(("inventory", "netbox")):
        raise BadInput("--client is for tables of several clients; none is named")
    if asked.taken is not None and kinds.isdisjoint(("inventory", "session")):
        raise BadInput("--taken is for inventories and for other tools' scans; none is named")
    if (of.zone is not None or of.address is not None) and "session" not in kinds:
        raise BadInput("--from and --address are for other tools' scans (Nmap's XML, masscan's JSON); none is named")
    if write and kinds.isdisjoint(("matrix", "netbox")):
        raise BadInput("--write is for the rules of a matrix and for zones; scan data goes into --store without it")


def _format(path: Path, site: Path, mapped: bool, zone: str | None) -> Format:
    """BadInput for what cannot be taken over, with what it is where that can be told."""
    from scanner.importers.inventory import formats as inventory_formats
    from scanner.importers.matrix import looks_like_matrix
    from scanner.importers.netbox import looks_like_netbox
    from scanner.store.merge import MAGIC

    if not path.is_file():
        raise BadInput(f"{path}: {'is no ordinary file' if path.exists() else 'no such file'}")
    if path.samefile(site):
        raise BadInput(f"{path}: is the site file itself; name what is to be taken over into it")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(MAGIC):
        return "store"
    if not head.strip():
        raise BadInput(f"{path}: the file is empty")
    if not mapped and (known := importer_of(head)) is not None and (zone is not None or not _listed(head)):
        if zone is None:
            raise BadInput(f"{path}: {known.title} does not say from where it was seen; name the zone with --from")
        return "session"
    if not mapped and looks_like_netbox(head):
        return "netbox"
    if mapped or any(each.recognises(head) for each in inventory_formats().values()):
        return "inventory"
    if _is_site(head):
        raise BadInput(f"{path}: is a site file (YAML), which cannot be imported; copy its rules by hand")
    if path.suffix.lower() in (".yaml", ".yml"):
        raise BadInput(
            f"{path}: is a YAML file; another tool's scan, an inventory, a matrix of zones or a store can be imported"
        )
    if looks_like_matrix(head):
        return "matrix"
    raise BadInput(
        f"{path}: is neither another tool's scan, an inventory, a matrix of zones (CSV) nor a store of scan data"
    )


def _is_site(head: bytes) -> bool:
    keys = [each.start() for each in _SITE_KEY.finditer(head)]
    return len(keys) > 1 and all(map(_YAML_LINE.match, head[: keys[1]].split(b"\n")))


def _listed(head: bytes) -> bool:
    """Whether it can be an inventory as well: the products in Nmap's XML are."""
    from scanner.importers.inventory import formats

    return any(each.recognises(head) for each in formats().values())


def _take_over(loaded: Site, site: Path, path: Path, where: Path) -> None:
    from scanner.store import Store
    from scanner.store.merge import merge

    with Store(where) as opened:
        taken = merge(opened, path, loaded.client, loaded.site)
    for each in taken:
        _tell(f"{path}: {_told(each)}")
        if each.scan.purpose != "inventory" and loaded.zone(each.scan.vantage.zone) is None:
            zones = ", ".join(zone.name for zone in loaded.zones)
            _tell(f"{site}: has no zone {each.scan.vantage.zone}, which that scan is from; its zones are {zones}")
    came = [each for each in taken if each.fate in ("new", "grown")]
    rows = sum(each.rows for each in came)
    click.echo(f"{path}: {plural(len(came), 'session')} with {plural(rows, 'observation')} taken over", err=True)


def _told(taken: Taken) -> str:
    scan = taken.scan
    words = {"verify": "verification", "import": "imported session"}
    what = words.get(scan.purpose, scan.purpose)
    of = f"from {scan.vantage.zone}" if scan.vantage.zone else f"({scan.engine})"
    ended = "" if scan.complete else ", unfinished"
    fate = {
        "new": plural(taken.rows, "observation"),
        "grown": f"{plural(taken.rows, 'observation')} more than were here",
        "known": "is here already",
        "differs": "was gone on with in both stores: what is here is kept, nothing of it is taken over",
    }[taken.fate]
    return f"{what} {scan.id} {of}{ended}: {fate}"


def _add_rules(loaded: Site, site: Path, path: Path, write: bool) -> None:
    from scanner.assess.policies.matrix import compare
    from scanner.importers.matrix import read_matrix
    from scanner.importers.site_text import rules_text

    with path.open("rb") as file:
        raw = file.read(_MOST_BYTES + 1)
    found = compare(loaded, read_matrix(raw, loaded, str(path)), path.name)
    for each in (*found.contradictions, *found.notes):
        _tell(each)
    new = {key: rules for key, rules in (("allow", found.allow), ("deny", found.deny)) if rules}
    if write and found.contradictions:
        what = plural(len(found.contradictions), "contradiction")
        raise BadInput(f"{path}: {what} with {site}, named above: nothing is written; change the one or the other")
    if not new:
        known = f": what its {plural(found.known, 'cell')} allow is allowed there already" if found.known else ""
        click.echo(f"{path}: nothing to add to {site}{known}", err=True)
    elif write:
        _write(site, new)
        click.echo(f"{site}: {_counted(new)} added from {path}", err=True)
    else:
        click.echo("".join(rules_text(key, rules) for key, rules in new.items()), nl=False)
        then = "--write adds them"
        if found.contradictions:
            what = plural(len(found.contradictions), "contradiction")
            then = f"--write refuses while there is {what}, named above: change the one file or the other first"
        click.echo(f"{path}: {_counted(new)} to add to {site}; {then}", err=True)


def _counted(new: dict[str, tuple[Rule, ...]]) -> str:
    return " and ".join(f"{plural(len(rules), 'rule')} to `{key}`" for key, rules in new.items())


def _write(site: Path, new: dict[str, tuple[Rule, ...]]) -> None:
    """The site file, whole or not at all, with its line ends and its rights."""
    from scanner.importers.site_text import with_rules
    from scanner.session import replace_text

    text = site.read_bytes().decode("utf-8")
    for key, rules in new.items():
        text = with_rules(text, key, rules, str(site))
    replace_text(site, text)


def _tell(text: str) -> None:
    click.echo(f"fencewalk: {visible(text)}", err=True)
