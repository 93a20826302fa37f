"""Topologies as real network namespaces: raise one, work from its zones, take it down.

    with raise_lab(topology) as lab:
        lab.run("guest", ["ping", "-c1", "10.20.20.10"])

Needs root, in the machine's own or in a user namespace (`scanner.lab.privilege`). Nothing is left in the machine's own
network namespace, and nothing of a lab outlives its owner: its service process ends with it, and whoever raises the
next lab takes the rest down.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import msgspec

from scanner.errors import BadInput, NetworkFailed, NoPrivilege
from scanner.lab.blueprint import INTERFACE, Port, blueprint
from scanner.lab.firewall import TABLE
from scanner.lab.kernel import Process, residents, tool
from scanner.lab.plug import script
from scanner.lab.records import Record, claim, forget, path_of, read_all, save
from scanner.lab.serve import Answer, Plan
from scanner.lab.topology import Topology

_READY_WITHIN = 60.0
_ENDED_WITHIN = 5.0


class Lab:
    """A network that stands. As a context manager it is taken down at the end, unless it is persistent.

    There is one laptop, as in life: it is plugged in where something runs, and nowhere else. A command in a zone plugs
    it in there, and unplugs it from every zone in which nothing runs any more. So several commands in several zones
    work at once, but a scan meets no laptop that has gone.
    """

    def __init__(self, record: Record, server: subprocess.Popen[bytes] | None = None) -> None:
        self._record = record
        self._server = server

    @property
    def name(self) -> str:
        return self._record.name

    @property
    def topology(self) -> str:
        """The topology's name."""
        return self._record.topology

    @property
    def persistent(self) -> bool:
        return self._record.owner is None

    @property
    def zones(self) -> tuple[str, ...]:
        """Where the laptop can stand."""
        return tuple(self._record.ports)

    def interface(self, zone: str) -> str:
        """The laptop's interface in `zone`."""
        self._port(zone)
        return INTERFACE

    def command(self, zone: str, argv: Sequence[str]) -> list[str]:
        """A command line that runs `argv` on the laptop in `zone`. Its process becomes that of `argv` (exec)."""
        laptop = self._port(zone).namespace
        return [tool("ip"), "netns", "exec", laptop, "sh", str(path_of(self.name, ".plug")), zone, "--", *argv]

    def run(self, zone: str, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[Any]:
        """Run `argv` on the laptop in `zone`; `options` are those of `subprocess.run`."""
        return subprocess.run(self.command(zone, argv), **options)

    def plug(self, *zones: str) -> None:
        """Plug the laptop in in these zones, though nothing runs there yet (or unplug it everywhere)."""
        for zone in zones:
            self._port(zone)
        subprocess.run(["sh", str(path_of(self.name, ".plug")), *zones, "--"], check=True)

    def namespace(self, node: str) -> str:
        """The namespace of a host or router. BadInput: no such name."""
        found = self._record.nodes.get(node)
        if found is None:
            raise BadInput(f"{self.topology} has no host or router {node!r}")
        return found

    def laptop(self, zone: str) -> str:
        """The laptop's namespace in `zone`. A program that enters it itself has to `plug` it in first."""
        return self._port(zone).namespace

    def counters(self, node: str) -> dict[str, int]:
        """Packets that each filter rule of a node has met, by its comment (`forward 0`, `local default`)."""
        argv = [tool("ip"), "netns", "exec", self.namespace(node), tool("nft"), "-j", "list", "table", "inet", TABLE]
        done = subprocess.run(argv, capture_output=True, check=False)
        totals: dict[str, int] = {}
        for item in msgspec.json.decode(done.stdout)["nftables"] if done.returncode == 0 else ():
            rule = item.get("rule", {})
            for part in rule.get("expr", ()):
                if "counter" in part:
                    totals[rule["comment"]] = totals.get(rule["comment"], 0) + part["counter"]["packets"]
        return totals

    def close(self) -> None:
        """Take it down, persistent or not. Once is enough, twice does no harm."""
        _take_down(self._record, self._server)
        self._server = None

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self.persistent:
            self.close()

    def _port(self, zone: str) -> Port:
        found = self._record.ports.get(zone)
        if found is None:
            raise BadInput(f"{self.topology} has no zone {zone!r}; it has {', '.join(self.zones)}")
        return found


def raise_lab(topology: Topology, *, persistent: bool = False) -> Lab:
    """Build `topology` and start its services; every link is up and every service listens when this returns.

    First takes down what dead owners left. A failure or Ctrl-C on the way takes down what was built. BadInput: the
    topology cannot be built. NoPrivilege: not root, or a program is missing. NetworkFailed: the kernel refused.
    """
    if os.geteuid() != 0:
        raise NoPrivilege("a lab of network namespaces needs root, or a user namespace")
    for name in ("ip", "bridge", "nft", "flock"):
        tool(name)
    reap()
    record = claim(topology.name, persistent)
    server: subprocess.Popen[bytes] | None = None
    try:
        plan = blueprint(topology, f"{record.name}-")
        server = _start(record)
        record = msgspec.structs.replace(record, server=Process.of(server.pid), nodes=plan.nodes, ports=plan.ports)
        save(record)
        plug = script(plan.ports, tool("ip"), tool("bridge"), tool("flock"), str(path_of(record.name, "")))
        path_of(record.name, ".plug").write_text(plug)
        _add(record, [each.namespace for each in plan.rooms])
        _furnish(record, server, Plan(plan.rooms, plan.links, persistent))
    except BaseException:
        _take_down(record, server)
        raise
    return Lab(record, server)


def labs() -> list[Lab]:
    """Every lab that stands, of living owners and persistent ones."""
    return [Lab(each) for each in read_all() if each.owner is None or each.owner.alive]


def lower(name: str) -> None:
    """Take the lab of that name down, whoever owns it, and end what still runs in it. BadInput: no such lab."""
    for record in read_all():
        if record.name == name:
            _take_down(record, None)
            return
    raise BadInput(f"no lab is called {name!r}; there are: {', '.join(each.name for each in labs()) or 'none'}")


def reap() -> list[str]:
    """Take down every lab whose owner is dead; their names."""
    dead = [each for each in read_all() if each.owner is not None and not each.owner.alive]
    for record in dead:
        _take_down(record, None)
    return [each.name for each in dead]


def _start(record: Record) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C at our terminal is for us, and we take the lab down in good order.
    with open(path_of(record.name, ".log"), "wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "scanner.lab.serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )


def _add(record: Record, names: list[str]) -> None:
    lines = "".join(f"netns add {each}\n" for each in names)
    done = subprocess.run([tool("ip"), "-batch", "-"], input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())
        kind = NoPrivilege if "not permitted" in said or "denied" in said else NetworkFailed
        raise kind(f"network namespaces cannot be made here: {said}")


def _furnish(record: Record, server: subprocess.Popen[bytes], plan: Plan) -> None:
    assert server.stdin is not None
    assert server.stdout is not None
    line = b""
    with contextlib.suppress(BrokenPipeError):
        server.stdin.write(msgspec.json.encode(plan) + b"\n")
        server.stdin.flush()
        if select.select([server.stdout], [], [], _READY_WITHIN)[0]:
            line = server.stdout.readline()
    if not line:
        log = path_of(record.name, ".log").read_text(errors="replace").strip().splitlines()
        raise NetworkFailed(f"the lab's service process did not get ready: {log[-1] if log else 'it said nothing'}")
    failed = msgspec.json.decode(line, type=Answer).failed
    if failed:
        raise NetworkFailed(failed)


def _take_down(record: Record, server: subprocess.Popen[bytes] | None) -> None:
    if record.server is not None:
        record.server.end()
    if server is not None:
        server.kill()
        server.wait()
        for pipe in (server.stdin, server.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
    names = record.namespaces()
    for pid in residents(set(names)):
        if pid != os.getpid():
            with contextlib.suppress(ProcessLookupError):
                Process.of(pid).end()
    if names:
        lines = "".join(f"netns del {each}\n" for each in names)
        # -force: go on after a name that another process has taken down at the same moment.
        subprocess.run([tool("ip"), "-force", "-batch", "-"], input=lines, capture_output=True, text=True, check=False)
    deadline = time.monotonic() + _ENDED_WITHIN
    while record.server is not None and record.server.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    if not record.namespaces():
        forget(record.name)
