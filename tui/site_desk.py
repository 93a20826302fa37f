"""The desk of a site file: scans and verifications are child processes, all else is `scanner.session`'s."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scanner import session
from scanner.errors import BadInput
from scanner.files import real, replace_bytes
from scanner.model.accepted import Exception_
from scanner.model.report import Report
from scanner.model.text import plural, visible
from tui.child import ScanChild, VerifyChild
from tui.desk import ScanRow, Standing

if TYPE_CHECKING:
    from scanner.assess.later.compare import Diff
    from scanner.model.observation import Scan
    from scanner.model.site import Site
    from scanner.store import Store

_PLAIN = (
    "sudo takes a password, which cannot be typed here: ordinary connections instead of packets of our own; for those "
    "leave, and start with `sudo fencewalk tui`"
)


class SiteDesk:
    """Implements `desk.Desk`."""

    def __init__(self, site: Path, store: Path | None = None, today: datetime.date | None = None) -> None:
        self.site = site.absolute()
        self.store = session.store_path(self.site, store.absolute() if store else None)
        self.today = today
        self._report: Report | None = None

    # Scans

    def zones(self) -> tuple[Standing, ...]:
        from scanner.ports import Ports

        site = session.load_site(self.site)
        latest: dict[str, Scan] = {}
        whole: dict[str, Scan] = {}
        with self._opened() as store:
            for each in store.scans(site.client, site.site) if store else ():
                if each.purpose == "scan":
                    latest[each.vantage.zone] = each
                    if each.complete:
                        whole[each.vantage.zone] = each
        request = session.ScanRequest(site=site, zone="", ports=Ports())
        refused = session.authorization_refusal(request)
        return tuple(self._standing(site, each.name, latest, whole, refused) for each in site.zones)

    def _standing(
        self, site: Site, zone: str, latest: Mapping[str, Scan], whole: Mapping[str, Scan], refused: str | None
    ) -> Standing:
        from scanner.assess.facts.evidence import utc
        from scanner.verify import vantage_in

        vantage = None
        try:
            vantage = vantage_in(site, zone, None)
        except BadInput as error:
            refused = str(error)
        last, newest = whole.get(zone), latest.get(zone)
        unfinished = newest if newest is not None and not newest.complete else None
        return Standing(
            zone=zone,
            interface=vantage.interface if vantage else None,
            address=vantage.address if vantage else None,
            unfinished=f"scan {unfinished.id} of {_local(unfinished.started)}" if unfinished else None,
            last=utc(last.started) if last else None,
            refused=refused,
        )

    def zone_of(self) -> Callable[[str], str]:
        site = session.load_site(self.site)

        def named(address: str) -> str:
            found = site.zone_of(address.partition("%")[0])
            return found.name if found else ""

        return named

    def scan(self, zone: str, *, resume: bool, flags: Sequence[str] = ()) -> ScanChild:
        words = ["scan", str(self.site), "--from", zone, "--store", str(self.store), "--events", "-", "--until-eof"]
        return ScanChild(self._commands([*words, *(["--resume"] if resume else []), *flags]))

    def verify(self, finding: str) -> VerifyChild:
        words = ["verify", "--store", str(self.store), "--until-eof", "--", str(self.site), finding]
        return VerifyChild(self._commands(words))

    def _commands(self, words: Sequence[str]) -> list[tuple[list[str], str]]:
        """With sudo first, where packets take it: it may ask for a password, which nobody could type here."""
        from scanner.net.privileges import NET_RAW, permitted

        # -P: nothing of the folder that we stand in, which is a client's, is imported; least of all as root.
        plain = [sys.executable, "-P", "-m", "scanner.cli", *words]
        engine = words[words.index("--engine") + 1] if "--engine" in words[:-1] else "auto"
        root = not hasattr(os, "geteuid") or os.geteuid() == 0
        sudo = shutil.which("sudo")
        if root or sudo is None or engine == "connect" or permitted() >> NET_RAW & 1:
            return [(plain, "")]
        return [([sudo, "-n", "--", *plain], ""), (plain, _PLAIN)]

    # Exceptions

    def accept(
        self, finding: str | tuple[str, ...], owner: str, reason: str, until: datetime.date, approved_by: str = ""
    ) -> str:
        findings = (finding,) if isinstance(finding, str) else finding
        what = visible(findings[0]) if len(findings) == 1 else plural(len(findings), "finding")
        owner = owner.strip()
        if not owner:
            raise BadInput("Nobody is named as owner; an exception holds only while somebody answers for it.")
        if until < (self.today or session.today_local()):
            raise BadInput(f"{until} is past; name the last day on which the finding is accepted.")
        try:
            wanted = [Exception_(each, owner, reason.strip(), until, approved_by.strip()) for each in findings]
        except ValueError as error:
            raise BadInput(f"{what}: {error}") from None
        where = session.add_exception(self.site, *wanted)
        return f"{where.name}: {what} accepted by {visible(owner)} until {until}"

    def retract(self, finding: str) -> str:
        where = session.drop_exception(self.site, finding)
        return f"{where.name}: the exception about {visible(finding)} is taken out"

    # Reports

    def reassess(self) -> Report:
        self._report = session.assess_site(self.site, self.store, self.today, unscanned=True)
        return self._report

    def scans(self) -> tuple[ScanRow, ...]:
        from scanner.assess.facts.evidence import utc

        site = session.load_site(self.site)
        with self._opened() as store:
            return tuple(
                ScanRow(
                    id=each.id,
                    zone=each.vantage.zone,
                    started=utc(each.started),
                    ended=None if each.ended is None else utc(each.ended),
                    complete=each.complete,
                    purpose=each.purpose,
                    engine=each.engine,
                    interface=each.vantage.interface,
                    address=each.vantage.address,
                )
                for each in (store.scans(site.client, site.site) if store else ())
            )

    def changes(self, base: str | None = None, until: str | None = None) -> Diff:
        from scanner.diff import diff_site

        return diff_site(self.site, self.store, base, self.today, until)

    def formats(self) -> dict[str, tuple[str, str]]:
        from scanner.exporters import exporters

        return {name: (each.title, each.suffix) for name, each in exporters().items()}

    def export(
        self, formats: Sequence[tuple[str, Path]], *, masked: bool, report: Report | None = None
    ) -> tuple[str, ...]:
        from scanner import diff
        from scanner.exporters import exporters
        from tui import mask

        known = exporters()
        shown = diff.with_changes(self.site, self.store, report or self._report or self.reassess())
        inputs = {real(each): each for each in (self.site, self.store, self.site.parent / session.EXCEPTIONS)}
        for name, path in formats:
            if name not in known:
                raise BadInput(f"{visible(name)}: is none of the formats {', '.join(sorted(known))}.")
            if path.is_dir():
                example = path / f"report{known[name].suffix}"
                raise BadInput(f"{path}: is a folder; name a file in it, such as {example}.")
            if real(path) in inputs:
                raise BadInput(f"{path}: would be overwritten; name another file.")
            folder = path.absolute().parent
            if not folder.is_dir():
                raise BadInput(f"{path}: there is no folder {folder}; make it, or name a file elsewhere.")
            inputs[real(path)] = path
        if masked:
            shown = mask.masked(shown)
        said = []
        for name, path in formats:
            for each, parts in known[name].named(str(path), shown):
                written = Path(each)
                if written != path and real(written) in inputs:
                    raise BadInput(f"{written}: would be overwritten by the next part of {path}; name another file.")
                replace_bytes(written, parts)
                size = _size(written.stat().st_size)
                said.append(f"{written}: {known[name].title}, {size}{', masked' if masked else ''}")
        return tuple(said)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Store | None]:
        from scanner.store import Store

        if not self.store.exists() or not self.store.stat().st_size:
            yield None
            return
        with Store(self.store, create=False) as opened:
            yield opened


def _local(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3))} kB"
