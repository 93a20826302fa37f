"""Rule sets made of a seed, a router between six zones that carries them out, and what they mean.

The oracle is an evaluation of its own: the first rule of the pair that matches, else the default. It shares nothing
with nftables, which carries them out, nor with the judge.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from live_lab import Lab
from loaded import NEEDED, begun

Action = Literal["accept", "drop", "reset", "prohibit"]
Pair = tuple[str, str]
ZONES = ("alpha", "bravo", "carol", "delta", "eve", "fox")
PAIRS: tuple[Pair, ...] = tuple((left, right) for left in ZONES for right in ZONES if left != right)
TCP, UDP = range(2000, 2008), range(2000, 2004)
UNIVERSE = [*(("tcp", port) for port in TCP), *(("udp", port) for port in UDP), ("icmp", 8)]
_WORDS: dict[tuple[Action, str], str] = {
    ("reset", "tcp"): "reject with tcp reset",
    ("reset", "udp"): "reject with icmp port-unreachable",
    ("prohibit", "tcp"): "reject with icmp admin-prohibited",
    ("prohibit", "udp"): "reject with icmp admin-prohibited",
}


class Rule(NamedTuple):
    """`low` to `high` of a transport, from one zone to another; for icmp the type."""

    pair: Pair
    transport: str
    low: int
    high: int
    action: Action

    def matches(self, pair: Pair, transport: str, port: int) -> bool:
        return (self.pair, self.transport) == (pair, transport) and self.low <= port <= self.high


def random_rules(seed: int) -> list[Rule]:
    """Up to three rules a pair, first match wins; a pair may have none."""
    dice = random.Random(seed)
    rules = []
    for pair in PAIRS:
        for _ in range(dice.randrange(4)):
            transport = dice.choice(["tcp", "tcp", "udp", "icmp"])
            ports = {"tcp": TCP, "udp": UDP, "icmp": range(8, 9)}[transport]
            low = dice.choice(ports)
            high = dice.choice([low, low, ports[-1]])
            actions: list[Action] = ["accept", "accept", "drop"]
            if transport != "icmp":
                actions += ["reset", "prohibit"]
            rules.append(Rule(pair, transport, low, high, dice.choice(actions)))
    return rules


def meaning(rules: Sequence[Rule], pair: Pair, transport: str, port: int) -> Action:
    return next((each.action for each in rules if each.matches(pair, transport, port)), "drop")


def written(rules: Sequence[Rule]) -> str:
    """For nftables, in one transaction."""
    lines = []
    for rule in rules:
        (left, right), ports = rule.pair, f"{rule.low}-{rule.high}" if rule.low < rule.high else str(rule.low)
        what = "icmp type echo-request" if rule.transport == "icmp" else f"{rule.transport} dport {ports}"
        verdict = _WORDS.get((rule.action, rule.transport), "accept" if rule.action == "accept" else "drop")
        lines.append(f"    iifname to-{left} oifname to-{right} {what} {verdict}")
    chain = "\n".join(
        [
            "    type filter hook forward priority 0; policy drop;",
            "    ct direction reply ct state established,related accept",
            *lines,
        ]
    )
    return f"table inet fence\ndelete table inet fence\ntable inet fence {{\n  chain forward {{\n{chain}\n  }}\n}}\n"


class SixZones(Lab):
    """Six zones around one router: 10.96.N.0/29, the laptop at .6 and the router at .1. A laptop stands in each."""

    def __init__(self) -> None:
        super().__init__(("router", *ZONES))

    def build(self) -> None:
        self.sysctl("router", net__ipv4__ip_forward=1)
        for number, zone in enumerate(ZONES, 1):
            self.wire("router", f"to-{zone}", zone, "eth0")
            self.ns("router", f"ip addr add 10.96.{number}.1/29 dev to-{zone}")
            self.ns(zone, f"ip addr add 10.96.{number}.6/29 dev eth0", f"ip route add default via 10.96.{number}.1")
        self.fence([])

    def fence(self, rules: Sequence[Rule]) -> None:
        self.nft("router", written(rules))

    def site(self, folder: Path) -> Path:
        path = folder / "site.yaml"
        today = datetime.date.today().isoformat()
        zones = "\n".join(
            f"  - {{name: {zone}, subnets: [10.96.{number}.0/29]}}" for number, zone in enumerate(ZONES, 1)
        )
        path.write_text(
            f"client: Six\nsite: zones\nauthorization: {{by: A. Tester, from: {today}, until: {today}}}\n"
            f"scope: {{include: [10.96.0.0/16], max_rate: 20000}}\nzones:\n{zones}\n"
        )
        return path

    @contextlib.contextmanager
    def canaries(self, site: Path) -> Iterator[None]:
        """One in each zone, each with a store of its own: they would be six laptops."""
        with contextlib.ExitStack() as stack:
            # What a process in a zone is forked from has loaded all that it needs.
            for each in NEEDED:
                importlib.import_module(each)
            started = [stack.enter_context(self._canary(site, zone)) for zone in ZONES]
            for listens in started:
                listens()
            yield

    @contextlib.contextmanager
    def _canary(self, site: Path, zone: str) -> Iterator[Callable[[], None]]:
        """What is yielded waits until it listens: they get ready side by side."""
        log, store = site.with_name(f"{zone}.log"), site.with_name(f"{zone}.sqlite")
        log.touch()
        process = begun(self.name(zone), log, "canary", str(site), "--zone", zone, "--store", str(store))

        def listens() -> None:
            end = time.monotonic() + 300
            while "Ctrl-C ends it" not in log.read_text():
                if not process.is_alive() or time.monotonic() > end:
                    raise AssertionError(log.read_text())
                time.sleep(0.05)

        try:
            yield listens
            assert process.pid is not None
            os.kill(process.pid, signal.SIGINT)
            process.join(300)
        finally:
            process.kill()
            process.join()

    def address(self, zone: str) -> str:  # type: ignore[override]
        return f"10.96.{ZONES.index(zone) + 1}.6"


Measured = Mapping[tuple[Pair, str, int], str]
"""(pair, transport, port) -> verdict."""
