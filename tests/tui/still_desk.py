"""A site at which time stands still: every zone, scan, change and export that a screen may show, the same each time.

What a network or a file may say goes through `say`, so that a test can have it say what it likes.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from fence_sample import fence_report
from patch_sample import patch_report
from sample import HOSTS

from scanner.assess.later.compare import CellChange, Change, Diff, FlowChange
from scanner.assess.later.compare import ScanRow as Compared
from scanner.errors import BadInput
from scanner.model.observation import (
    Alive,
    Conversation,
    HostSeen,
    Limitation,
    Outlook,
    PortState,
    Progress,
    Reading,
    Refused,
    Work,
)
from scanner.model.report import Report
from tui.desk import Ended, Item, Outcome, Run, Said, ScanRow, Standing

Say = Callable[[str], str]
AT = datetime.datetime(2026, 11, 6, 9, 30, tzinfo=datetime.UTC).timestamp()


def whole_report() -> Report:
    """All that the samples hold: fence, patches, a register, inventories and feeds."""
    sample, patch, fence = fence_report(), patch_report(), fence_report()
    return msgspec.structs.replace(
        fence,
        patches=patch.patches,
        findings=patch.findings,
        feeds=patch.feeds,
        deadlines=patch.deadlines,
        accepted=patch.accepted,
        inventories=patch.inventories,
        authorization=sample.authorization or "J. Ortiz, owner (SOW-2291), 2026-11-01 to 2026-12-31",
    )


def found(say: Say) -> Iterator[Item]:
    """A port scan at two thirds, after a sweep."""
    yield Said(say("raw engine on enp0s31f6"))
    yield Outlook(
        (
            Work("tcp servers", (("servers", 3000),), done=True),
            Work("tcp clinical", (("clinical", 2000),)),
            Work("udp", (("servers", 500), ("clinical", 500))),
        ),
        AT,
    )
    for at, host in enumerate(HOSTS[3:9]):
        address = host.addresses[0]
        yield HostSeen(address, "tcp", AT + at, host.mac, 63, 0.4, tuple(map(say, host.names)))
        for service in host.services:
            yield PortState(address, "tcp", str(service.port), "open", "syn-ack", AT + at, 63, address, 64240, 0.4)
            said = (Reading(f"{service.service}", say(service.evidence).encode("utf-8", "surrogatepass")),)
            yield Conversation(address, "tcp", service.port, "ssh", "answered", AT + at, said, detail=say("x"))
    yield Alive("10.20.30.30-10.20.30.40", "icmp", 8, "echo-reply", AT + 9)
    yield Refused("10.20.30.7", "tcp", "1-65535", say("excluded"), AT + 10)
    yield Limitation(say("what the firewall counts"), say("it says nothing"), AT + 11)
    for step in range(12):
        yield Progress(
            "knock", 1000 + 200 * step, 6000, AT + 12 + step, 900 + 20 * step, 1, say("clinical"), "tcp clinical"
        )


class StillRun:
    """Gives its items and then, unless the last of them is an end, waits for the pause."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = list(items)
        self._paused = asyncio.Event()
        self._over = False

    def __aiter__(self) -> Run:
        return self

    async def __anext__(self) -> Item:
        if self._over:
            raise StopAsyncIteration
        if self._items:
            item = self._items.pop(0)
        else:
            await self._paused.wait()
            item = Ended("paused", resumable=True)
        self._over = isinstance(item, Ended | Outcome)
        return item

    async def pause(self) -> None:
        self._paused.set()

    async def aclose(self) -> None:
        self._paused.set()


class StillDesk:
    """Implements `tui.desk.Desk`. Nothing is written anywhere."""

    def __init__(self, report: Report, say: Say = str) -> None:
        self.report, self.say = report, say
        self.site = Path("/srv/clients") / say("harbor-dental.yaml").replace("/", "-").replace("\0", "0")
        self.store = self.site.with_suffix(".sqlite")
        self.today: datetime.date | None = datetime.date(2026, 11, 6)

    def zones(self) -> tuple[Standing, ...]:
        say, names = self.say, [zone.name for zone in self.report.zones]
        here = Standing(names[0], say("enp0s31f6"), "10.20.10.250", None, "2026-11-05T09:05:00Z")
        half = Standing(names[1], say("vlan30"), "10.20.30.250", say("scan 0f3a91c2 of 2026-11-05 09:05"))
        refused = Standing(
            names[2], "eth1", "10.20.20.250", None, None, say("Two interfaces stand in servers: name one.")
        )
        return (here, half, refused, *map(Standing, names[3:]))

    def zone_of(self) -> Callable[[str], str]:
        return lambda address: next(
            (host.zone for host in self.report.hosts if address in host.addresses), self.report.zones[0].name
        )

    def scan(self, zone: str, *, resume: bool, flags: Sequence[str] = ()) -> Run:
        return StillRun(list(found(self.say)))

    def verify(self, finding: str) -> Run:
        return StillRun([Said(self.say("asks tcp/5432 of 10.20.20.10")), Outcome("confirmed", self.say("it answered"))])

    def accept(
        self, finding: str | tuple[str, ...], owner: str, reason: str, until: datetime.date, approved_by: str = ""
    ) -> str:
        raise BadInput(self.say("exceptions.yaml: cannot be written (Read-only file system)."))

    def retract(self, finding: str) -> str:
        raise BadInput(self.say("exceptions.yaml: cannot be written (Read-only file system)."))

    def reassess(self) -> Report:
        return self.report

    def scans(self) -> tuple[ScanRow, ...]:
        return tuple(
            ScanRow(
                f"{at:08x}", each.zone, each.started, each.ended, each.complete, each.purpose, each.engine,
                each.interface, each.address,
            )
            for at, each in enumerate(self.report.vantages, 0xA1B2)
        )  # fmt: skip

    def changes(self, base: str | None = None, until: str | None = None) -> Diff:
        say, (one, two, three, four, *_) = self.say, self.report.findings
        zones = [zone.name for zone in self.report.zones]
        scans = [Compared(each.id, each.zone, each.started, each.purpose) for each in self.scans()]
        flow = FlowChange(zones[4], zones[2], "10.20.20.10", "tcp", 22, "", "DROPPED", "REACHED", False, say("open"))
        back = msgspec.structs.replace(flow, port=23, before="REACHED", after="DROPPED", reason=say("shut"))
        return Diff(
            1, self.report.client, self.report.site, self.report.generated, tuple(scans[:3]), tuple(scans[3:]),
            new=(Change(one, say("asked before, and not open")),),
            fixed=(Change(two, say("asked again: silent, with controls")),),
            persisting=(Change(three, say("asked again")),),
            not_retested=(Change(four, say("nobody stood in front-desk since")),),
            cells=(CellChange(zones[4], zones[2], "AS_POLICY", "BREACHED", say("3 forbidden flows")),),
            opened=(flow,),
            closed=(back,),
            uncertain=(msgspec.structs.replace(back, port=25, reason=say("silent")),),
        )  # fmt: skip

    def formats(self) -> dict[str, tuple[str, str]]:
        # Not those that there are: one more is no other screen.
        return {
            "csv": ("Findings as a table (CSV)", ".csv"),
            "html": ("Report for people (HTML)", ".html"),
            "json": ("Everything (JSON)", ".json"),
            "patches-csv": ("Versions as a table (CSV)", ".csv"),
        }

    def export(
        self, formats: Sequence[tuple[str, Path]], *, masked: bool, report: Report | None = None
    ) -> tuple[str, ...]:
        return tuple(f"{name} written to {path}" for name, path in formats)
