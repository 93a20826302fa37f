"""Where a jump can lead, and which places fit the letters that were typed. Pure.

All words that are found as they stand come before those whose letters merely occur in that order. A great many places
are gone through in parts, so that a newer query can stop an older one in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec
from textual.fuzzy import FuzzySearch

from scanner.model.report import Report
from scanner.model.text import visible
from tui.facts import PATCH_KINDS, zone_names
from tui.keymap import TABS
from tui.state import Place

Kind = Literal["screen", "zone", "host", "service", "finding"]
_ORDER: dict[Kind, int] = {"screen": 0, "zone": 1, "host": 2, "finding": 3, "service": 4}

MOST = 50
"""Places that are offered at once."""
_PART = 20_000
_RANKED = 2_000
"""Loose fits that are ranked by how well they fit."""


class Target(msgspec.Struct, frozen=True):
    """A place that can be jumped to."""

    kind: Kind
    words: str
    """What is looked in and shown: visible text."""
    place: Place
    finding: str | None = None
    """The id of the finding that the cursor is to be on."""


def targets(report: Report) -> Iterator[Target]:
    """Everything that the report names: screens, zones, hosts with their names, findings, services."""
    for tab in (*TABS, "fixes"):
        yield Target("screen", tab.capitalize(), Place(tab))
    for zone in zone_names(report):
        yield Target("zone", visible(zone), Place("hosts", f'zone="{visible(zone)}"'))
    for host in report.hosts:
        said = " ".join(filter(None, (*host.addresses, *host.names, host.zone, host.critical, host.mac)))
        yield Target("host", visible(said), Place("hosts", key=host.id))
    for each in report.findings:
        tab = "patches" if each.kind in PATCH_KINDS else "gaps"
        where = " ".join(filter(None, (each.severity, each.host, each.id)))
        yield Target("finding", visible(f"{each.title}  {where}"), Place(tab), each.id)
    for host in report.hosts:
        for service in host.services:
            if service.state != "open":
                continue
            name = " ".join(filter(None, (service.service, service.title or service.product, service.version)))
            at = f"{service.transport}/{service.port}"
            yield Target("service", visible(f"{at} {name}  {host.id}"), Place("services", key=f"{host.id} {at}"))


class Index:
    """The places of one report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._source = targets(report)
        self._targets: list[Target] = []
        self._texts: list[str] = []
        self._whole = False

    def _parts(self) -> Iterator[tuple[int, int]]:
        """Stretches of the index, made as far as they are not there yet."""
        start = 0
        while True:
            while not self._whole and len(self._targets) < start + _PART:
                target = next(self._source, None)
                if target is None:
                    self._whole = True
                    break
                self._targets.append(target)
                self._texts.append(target.words.lower())
            stop = min(start + _PART, len(self._targets))
            if start == stop:
                return
            yield start, stop
            start = stop

    def find(self, query: str) -> Iterator[list[Target] | None]:
        """None after each part of the work, then the best places for the query, the best first."""
        words = query.lower().split()
        strict: list[int] = []
        loose: list[int] = []
        pattern = _in_order("".join(words))
        for start, stop in self._parts():
            texts = self._texts[start:stop]
            fits = [at for at, text in enumerate(texts, start) if all(word in text for word in words)]
            strict.extend(fits)
            if not words:
                break
            if len(strict) < MOST and len(loose) < _RANKED:
                held = set(fits)
                loose.extend(at for at, text in enumerate(texts, start) if at not in held and pattern.match(text))
            yield None
        if not words:
            yield self._targets[:MOST]
            return
        ranked = sorted(strict, key=lambda at: (*self._rank(at, words), at))[:MOST]
        if len(ranked) < MOST and loose:
            score = FuzzySearch().match
            near = "".join(words)
            scored = [(-score(near, self._texts[at][:120])[0], at) for at in loose[:_RANKED]]
            ranked += [at for points, at in sorted(scored)[: MOST - len(ranked)] if points < 0]
        yield [self._targets[at] for at in ranked]

    def _rank(self, at: int, words: list[str]) -> tuple[int, int, int]:
        """A word at the text's begin first, then at a word's begin, then inside; kinds in their order within."""
        text = self._texts[at]
        misses = sum(0 if text.startswith(word) else 1 if f" {word}" in text else 2 for word in words)
        return misses, _ORDER[self._targets[at].kind], len(text)


def _in_order(letters: str) -> re.Pattern[str]:
    """Finds texts that hold these letters in this order: no way back anywhere, so linear in the text."""
    return re.compile("".join(f"[^{re.escape(each)}]*{re.escape(each)}" for each in letters[:64]), re.DOTALL)
