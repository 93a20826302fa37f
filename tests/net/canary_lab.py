"""A canary behind a fence: a laptop, a router with rules, and a second laptop on the far side.

    scanner 10.93.1.10 ── 10.93.1.1 router 10.93.2.1 ── far 10.93.2.10

Each address has an IPv6 sibling (fd93:1::10 and so on). The scanner has a second interface to the far side's segment,
which is down until a test wants one laptop with two legs.
"""

from __future__ import annotations

import contextlib
import datetime
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from loaded import Running, fencewalk_in
from netns import Namespaces

from scanner.model.addresses import ports_of
from scanner.model.observation import Arrival, Listening, Session
from scanner.store import Store

Command: TypeAlias = Running | subprocess.Popen[str]
FAR, FAR6 = "10.93.2.10", "fd93:2::10"
SITE = """
client: Canary Lab
site: lab
authorization: {{by: "A. Tester", reference: T-1, from: {today}, until: {today}}}
scope: {{include: [10.93.0.0/16, "fd93::/16"], max_rate: {rate}}}
zones:
  - {{name: near, subnets: [10.93.1.0/24, "fd93:1::/64"]}}
  - {{name: far, subnets: [10.93.2.0/24, "fd93:2::/64"]}}
"""


class CanaryLab(Namespaces):
    """`fence` sets the router's rules; `listening` and `scan` run the commands."""

    def __init__(self) -> None:
        super().__init__("near", "router", "far")

    def build(self) -> None:
        for name in self._names:
            self.sysctl(name, net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0)
        self.sysctl("router", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        for key in ("iptables", "ip6tables"):
            self.ns("router", f"sysctl -qw net.bridge.bridge-nf-call-{key}=0", check=False)
        self.ns("router", "ip link add br2 type bridge", "ip link set br2 up")
        self.wire("router", "to-near", "near", "eth0")
        self.wire("router", "to-far", "far", "eth0")
        self.wire("router", "to-leg", "near", "eth1")
        self.ns("router", "ip link set to-far master br2", "ip link set to-leg master br2")
        for name, device, net, host in (
            ("router", "to-near", 1, 1), ("router", "br2", 2, 1), ("near", "eth0", 1, 10), ("far", "eth0", 2, 10)
        ):  # fmt: skip
            self.ns(name, f"ip addr add 10.93.{net}.{host}/24 dev {device}")
            self.ns(name, f"ip -6 addr add fd93:{net}::{host}/64 dev {device} nodad")
        for name, net in (("near", 1), ("far", 2)):
            self.ns(name, f"ip route add default via 10.93.{net}.1", f"ip -6 route add default via fd93:{net}::1")
        self.ns("near", "ip link set eth1 down")

    def second_leg(self) -> None:
        """The scanning laptop stands in the far zone, too."""
        self.ns("near", "ip link set eth1 up", "ip addr add 10.93.2.20/24 dev eth1")

    def fence(self, rules: str = "") -> None:
        self.ns("router", "nft flush ruleset")
        if rules:
            self.nft("router", rules)

    def site(self, folder: Path, rate: int = 50_000) -> Path:
        path = folder / "site.yaml"
        path.write_text(SITE.format(today=datetime.date.today().isoformat(), rate=rate))
        return path

    @contextlib.contextmanager
    def listening(
        self, site: Path, flags: Sequence[str] = (), name: str = "far", bare: bool = False
    ) -> Iterator[Command]:
        """A canary, from when it listens until it was ended with Ctrl-C; its stderr is in `canary.log`. `bare`: without
        any capability."""
        log = site.with_name("canary.log")
        arguments = ["canary", str(site), "--zone", "far", *flags]
        with self._begun(name, log, arguments) if not bare else self._bare(name, log, arguments) as process:
            try:
                self._wait(log, process)
                yield process
                if process.poll() is None:
                    process.send_signal(signal.SIGINT)
                process.wait(300)
            finally:
                process.kill()

    @contextlib.contextmanager
    def _begun(self, name: str, log: Path, arguments: Sequence[str]) -> Iterator[Command]:
        log.touch()
        process = Running(self.name(name), log, *arguments)
        yield process
        process.wait(300)

    @contextlib.contextmanager
    def _bare(self, name: str, log: Path, arguments: Sequence[str]) -> Iterator[Command]:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "scanner.cli", *arguments]
        with (
            log.open("w") as errors,
            subprocess.Popen(self.command(name, command), stderr=errors, text=True) as process,
        ):
            yield process

    def _wait(self, log: Path, process: Command) -> None:
        end = time.monotonic() + 300
        while "Ctrl-C ends it" not in log.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(log.read_text())
            time.sleep(0.05)

    def scan(self, site: Path, flags: Sequence[str]) -> str:
        """One scan from near of nothing but the canary; what it said."""
        done = fencewalk_in(
            self.name("near"), "scan", str(site), "--from", "near", "--interface", "eth0",
            "--ports", "none", "--no-names", "--discover", "echo", "--patience", "1", *flags,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stderr


def sessions(site: Path) -> list[Session]:
    with Store(site.with_suffix(".fencewalk.sqlite"), create=False) as store:
        return list(store.sessions("Canary Lab", "lab"))


def canary_session(site: Path) -> Session:
    (found,) = [each for each in sessions(site) if each.scan.purpose == "canary"]
    return found


def arrived(session: Session, transport: str, how: str = "packet", address: str = FAR, via: str = "") -> set[int]:
    """The ports that arrived there."""
    return {
        port
        for each in session.observations
        if isinstance(each, Arrival)
        and (each.transport, each.how, each.address, each.via) == (transport, how, address, via)
        for port in ports_of(each.ports)
    }


def listened(session: Session) -> dict[str, str]:
    """What was listened on, by transport."""
    return {each.transport: each.ports for each in session.observations if isinstance(each, Listening)}
