"""The composition root: reads files, picks live or simulated, and hands plain values to everything below.

The commands and the TUI call this and nothing deeper.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from scanner import __version__
from scanner.errors import BadInput, OutOfScope
from scanner.files import read_text as read_text
from scanner.files import replace_text as replace_text
from scanner.importers.document import read_document
from scanner.importers.exceptions_text import read_exceptions, with_exceptions, without_exception
from scanner.known import known_addresses, open_doors
from scanner.model.accepted import Exception_, Exceptions
from scanner.model.addresses import AddressSet, address
from scanner.model.network import METHODS, PATIENCE, Engine, Method, Network
from scanner.model.nonce import Signer
from scanner.model.observation import Event, Limitation, Vantage
from scanner.model.site import Site, Zone
from scanner.plan import Manners, Plan, make_plan, scope_of, subnets
from scanner.ports import Ports

if TYPE_CHECKING:
    from scanner.baselines.overrides import Override
    from scanner.model.baseline import Knowledge
    from scanner.model.report import Report
    from scanner.net.evidence.capture import Capture
    from scanner.net.live import LiveNetwork
    from scanner.store import Journal, Store

EXCEPTIONS = "exceptions.yaml"
OVERRIDES = "baselines.yaml"
_RESOLVERS = Path("/etc/resolv.conf")
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_ROUTERS_PATIENCE = 3.1
"""Seconds in which a router reports a host that does not answer its three ARP requests."""


def load_site(path: Path) -> Site:
    return read_document(read_text(path), Site, str(path))


def load_exceptions(site_path: Path) -> Exceptions:
    """What is accepted in `exceptions.yaml` beside the site file; nothing if there is no such file."""
    path = site_path.parent / EXCEPTIONS
    return read_exceptions(read_text(path), str(path)) if path.exists() else ()


def load_overrides(site_path: Path) -> tuple[Override, ...]:
    """What the client asks for in `baselines.yaml` beside the site file; nothing if there is no such file."""
    from scanner.baselines.overrides import read_overrides

    path = site_path.parent / OVERRIDES
    return read_overrides(read_text(path), str(path)) if path.exists() else ()


def knowledge_for(site_path: Path, today: datetime.date) -> Knowledge:
    """All the facts to judge a site by: the package's, the cached feeds', and what its client asks for beyond."""
    from scanner.baselines.overrides import tightened
    from scanner.feeds import knowledge

    facts, asked = knowledge(), load_overrides(site_path)
    if not asked:
        return facts
    return msgspec.structs.replace(facts, baselines=tightened(facts.baselines, asked, OVERRIDES, today))


def add_exception(site_path: Path, *added: Exception_) -> Path:
    """Write exceptions to `exceptions.yaml` beside the site file, all or none, and say where that is."""
    path = site_path.parent / EXCEPTIONS
    before = read_text(path) if path.exists() else ""
    replace_text(path, with_exceptions(before, added, str(path)))
    return path


def drop_exception(site_path: Path, about: str) -> Path:
    """Take the exception about exactly that (`Exception_.about`) out of `exceptions.yaml` beside the site file."""
    path = site_path.parent / EXCEPTIONS
    replace_text(path, without_exception(read_text(path), about, str(path)))
    return path


def store_path(site_path: Path, store: Path | None) -> Path:
    """Where scan data is kept: `--store`, or beside the site file."""
    if not site_path.name:
        raise BadInput(f"{site_path}: is a folder; name a site file in it, such as {site_path / 'site.yaml'}")
    return store or site_path.with_suffix(".fencewalk.sqlite")


def today_local() -> datetime.date:
    return datetime.date.today()


def parse_day(text: str, flag: str) -> datetime.date:
    """The day that a flag names as YYYY-MM-DD; BadInput for anything else."""
    if not _DAY.fullmatch(text):
        raise BadInput(f"{flag} {text}: write the day as YYYY-MM-DD, such as 2026-11-20")
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{flag} {text}: there is no such day") from None


class ScanRequest(msgspec.Struct, kw_only=True):
    """One vantage session as the command line asks for it."""

    site: Site
    zone: str
    interface: str | None = None
    engine: Engine = "auto"
    ports: Ports
    identify: bool = True
    names: bool = True
    polite: bool = False
    methods: tuple[Method, ...] = METHODS
    patience: float = PATIENCE
    resolver: str = ""
    deep: bool = False
    thorough: bool = False
    canary: tuple[str, ...] = ()
    canary_ports: Ports = Ports()
    resume: bool = False
    today: Callable[[], datetime.date] = today_local

    def zone_of(self) -> Zone:
        found = self.site.zone(self.zone)
        if found is None:
            names = ", ".join(each.name for each in self.site.zones)
            raise BadInput(f"--from {self.zone}: the site file has no such zone; its zones are {names}")
        return found


def live_vantage(request: ScanRequest) -> Vantage:
    """Where the laptop stands, checked: its address has to be in one of the zone's subnets."""
    from scanner.net.route import vantage_for

    return vantage_for(request.zone_of(), request.interface)


def resolver_for(site: Site, chosen: str | None, settings: Path = _RESOLVERS) -> str:
    """The DNS server to ask for names: `chosen`, or the laptop's own where it may be asked; empty for none.

    BadInput where the chosen one may not be asked.
    """
    scope = scope_of(site) - subnets(site.scope.fragile)
    if chosen is not None:
        try:
            resolver = address(chosen)
        except ValueError as error:
            raise BadInput(f"--resolver {chosen}: {error}") from None
        if "%" in resolver or resolver not in scope:
            raise BadInput(f"--resolver {chosen}: the site file does not let it be asked; name one in its scope")
        return resolver
    try:
        lines = settings.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for words in map(str.split, lines):
        if len(words) > 1 and words[0] == "nameserver" and "%" not in words[1]:
            with contextlib.suppress(ValueError):
                if (own := address(words[1])) in scope:
                    return own
    return ""


def plan_for(request: ScanRequest, vantage: Vantage, store: Store | None) -> Plan:
    """The plan of a new session; hosts that earlier sessions saw are asked as well."""
    from scanner.canary import asked

    sessions = store.sessions(request.site.client, request.site.site) if store else ()
    known = known_addresses(sessions)
    manners = Manners(
        identify=request.identify,
        names=request.names,
        polite=request.polite,
        methods=request.methods,
        patience=request.patience,
        resolver=request.resolver if request.names and not request.polite else "",
        deep=request.deep and request.identify,
        thorough=request.thorough,
    )
    plan = make_plan(request.site, vantage, request.ports, known, manners, open_doors(sessions))
    return asked(plan, request.site, request.canary, request.canary_ports, store)


def open_journal(request: ScanRequest, vantage: Vantage, store: Store) -> Journal:
    """The unfinished scan from that zone where one is to be resumed, else a new one."""
    site = request.site
    if request.resume:
        journal = store.unfinished(site.client, site.site, request.zone)
        if journal is not None:
            if journal.vantage != vantage:
                raise BadInput(
                    f"--resume: the unfinished scan ran on {journal.vantage.interface} {journal.vantage.address}, this "
                    f"laptop now has {vantage.interface} {vantage.address}; scan without --resume"
                )
            if journal.scan.version not in ("", __version__):
                raise BadInput(
                    f"--resume: the unfinished scan was begun by fencewalk {journal.scan.version}, this is "
                    f"{__version__}, which may divide its work differently; scan without --resume"
                )
            return journal
    return store.begin(site.client, site.site, plan_for(request, vantage, store), request.engine)


def authorization_refusal(request: ScanRequest) -> str | None:
    """Why a scan would be refused today; None if it would not."""
    from scanner.net import rules

    return rules.authorization_refusal(request.site, request.today())


def open_network(request: ScanRequest, vantage: Vantage) -> LiveNetwork:
    """The wire, with every socket that takes a privilege open; `live_scan` guards it. Refused here and now without an
    authorisation for today or the privilege that it takes."""
    from scanner.net.live import LiveNetwork
    from scanner.probes import udp_payloads

    refused = authorization_refusal(request)
    if refused is not None:
        raise OutOfScope(refused)
    if request.deep and shutil.which("nmap") is None:
        raise BadInput("--deep: nmap is not installed: apt install nmap, or scan without --deep")
    site = request.site
    live = LiveNetwork(vantage, request.engine, udp_payloads(), Signer(site.client, site.site), request.thorough)
    request.engine = live.engine  # what `auto` came to is what the session's record says
    return live


def live_scan(
    live: LiveNetwork,
    request: ScanRequest,
    journal: Journal,
    limitations: tuple[Limitation, ...] = (),
    captured: bool = False,
) -> Generator[Event, None, None]:
    """Carry out the journal's plan on the wire, guarded, and as politely as it was planned; `captured`: no faster than
    a capture can follow."""
    from scanner.net.guard import Guard
    from scanner.net.pace import TokenBucket

    site, manners = request.site, journal.plan.manners
    pace = None
    if captured:
        from scanner.net.evidence.capture import RATE

        pace = TokenBucket(min(site.scope.max_rate, RATE))
    guard = Guard(live, site, journal.vantage, request.today, time.time, pace, manners.polite, journal.rows())
    if manners.patience < _ROUTERS_PATIENCE:
        what = "dead hosts behind a router: a port that the fence lets through to one looks dropped"
        reason = f"the router says so after some three seconds, and --patience {manners.patience:g} did not wait for it"
        limitations = (*limitations, Limitation(what, reason, time.time()))
    return scan(guard, site, journal, limitations)


def open_capture(path: Path, site: Site, plan: Plan) -> Capture:
    """A capture of what the plan asks, and of all else in its zone that may be asked, ready to be started."""
    from scanner.net.evidence.capture import Capture
    from scanner.net.route import interface_named

    zone = site.zone(plan.vantage.zone)
    own = subnets(zone.subnets if zone else ()) & scope_of(site)
    asked = AddressSet.parse(",".join(filter(None, (plan.sweep.on_link, plan.other, plan.sweep.discover))))
    interface = interface_named(plan.vantage.interface)
    me = AddressSet.of(each for each in (plan.vantage.address, plan.vantage.address6, interface.link_local()) if each)
    return Capture(path, interface.name, (asked | own | AddressSet.parse("fe80::/10")) - me)


def end_capture(capture: Capture, journal: Journal) -> tuple[Limitation, ...]:
    """End a capture; what it lacks is said, and kept with the scan, whether that ran to its end or not."""
    lacks = capture.stop()
    for each in lacks:
        journal.write("capture", each)
    journal.flush()
    return lacks


def drop_privileges(request: ScanRequest, files: Iterable[Path]) -> None:
    """Give up what the open sockets took. `files` are written later on. Nmap opens sockets of its own."""
    from scanner.net.privileges import drop

    if request.engine != "nmap":
        drop(files)


def blind_spots(site: Site, vantage: Vantage) -> tuple[Limitation, ...]:
    """What a scan from here cannot see because the site file does not speak of it."""
    from scanner.net.route import interface_named

    own = (each.partition("/")[0] for each in interface_named(vantage.interface).addresses)
    outside = [a for a in own if ":" in a and not a.startswith("fe80:") and site.zone_of(a) is None]
    if not outside:
        return ()
    reason = f"the laptop got {', '.join(outside)} here, which is in no zone of the site file; add the subnet to a zone"
    return (Limitation("IPv6 was not looked at", reason, time.time()),)


def scan(
    network: Network, site: Site, journal: Journal, limitations: tuple[Limitation, ...] = ()
) -> Generator[Event, None, None]:
    """Carry out the journal's plan and keep what comes back."""
    from scanner.net.pace import TokenBucket
    from scanner.pipeline import observe

    if not journal.done("sweep"):
        for each in limitations:
            journal.write("sweep", each)
    try:
        yield from observe(journal.plan, network, journal, TokenBucket(site.scope.max_rate), site)
    finally:
        network.close()


def assess_site(
    path: Path,
    store: Path | None = None,
    today: datetime.date | None = None,
    deny: Sequence[str] = (),
    unscanned: bool = False,
    changes: bool = False,
) -> Report:
    """The report on everything that the store holds of a site; `deny`: as if the fence had these rules as well.

    `unscanned`: a site of which nothing is stored yet gets a report that says so, instead of BadInput. `changes`: with
    what the newest scans changed, for which all that was observed is judged once more as it was before them.
    """
    from scanner import history
    from scanner.ahead import readings_ahead
    from scanner.assess import assess
    from scanner.assess.attack.whatif import denials
    from scanner.assess.facts.memory import uncollected
    from scanner.assess.later.again import Knowing
    from scanner.feeds.recog import users_recog
    from scanner.identify.vendor import vendor
    from scanner.store import Store

    site = load_site(path)
    rules = denials(site, deny)
    where = store_path(path, store)
    day = today or today_local()
    if unscanned and not (where.exists() and where.stat().st_size):
        report = assess(site, (), knowledge_for(path, day), day, load_exceptions(path), vendor, users_recog(), rules)
        return history.told(report, site, path.parent)
    with Store(where, create=False) as opened, readings_ahead(where), uncollected():
        inventories = opened.inventories(site.client, site.site)
        if not (inventories or unscanned or opened.scans(site.client, site.site)):
            others = ", ".join(f"{client} / {name}" for client, name in opened.sites()) or "nothing"
            raise BadInput(f"{where}: holds no scan of {site.client} / {site.site} (it holds {others}); scan first")
        facts, accepted = knowledge_for(path, day), load_exceptions(path)
        # What it needs is imported now: a late import may leave frames behind, which would hold all the evidence.
        vendor("00:00:00:00:00:00")
        # An iterator, so that nobody holds the rows once they are indexed.
        sessions = iter(opened.sessions(site.client, site.site))
        report = assess(site, sessions, facts, day, accepted, vendor, users_recog(), rules, inventories)
        known = Knowing(site, facts, day, vendor, users_recog(), accepted) if changes else None
        return history.told(report, site, path.parent, opened, known)


def warnings(path: Path, report: Report) -> list[str]:
    """What whoever asked for the report should know besides: what is odd about the policy, exceptions that do nothing,
    and a day before the scans."""
    from scanner import history
    from scanner.assess.machines.placed import unplaced
    from scanner.assess.machines.strayed import strayed
    from scanner.assess.policies.lint import told
    from scanner.feeds import troubles
    from scanner.feeds.recog import users_recog

    found = [*troubles(), *sorted(f"{each}; it is not used" for each in getattr(users_recog(), "unusable", ()))]
    for row in report.accepted:
        if row.state == "unmatched":
            found.append(f"{EXCEPTIONS}: {row.about} matches no finding")
        elif row.state == "ownerless":
            found.append(f"{EXCEPTIONS}: {row.about} has no owner, so it accepts nothing; say who answers for it")
        elif row.state == "expired":
            found.append(f"{EXCEPTIONS}: {row.about} was accepted until {row.until}; the finding is back")
    found += [*unplaced(report.inventories), *strayed(report), *history.troubles(report, path)]
    newest = max((each.started[:10] for each in report.vantages), default=report.generated)
    if newest > report.generated:
        found.append(f"judged as of {report.generated}, before the newest scan ({newest})")
    return [*told(str(path), report.policy_notes), *found]


def policy_warnings(path: Path, site: Site) -> list[str]:
    """Rules of the site file that do not do what they seem to, as sentences."""
    from scanner.assess.policies.lint import lint, told

    return told(str(path), lint(site))
