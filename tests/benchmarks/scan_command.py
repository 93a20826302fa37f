"""fencewalk as a user runs it: a site file, the command in a namespace, and what the store then holds."""

from __future__ import annotations

import datetime
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from scanner.model.addresses import addresses_of, ports_of
from scanner.model.observation import Alive, HostSeen, Observation, PortState, Silence
from scanner.store import Store

CLIENT, SITE = "Bench", "lab"
FENCEWALK = Path(sys.executable).with_name("fencewalk")


def site_text(
    zones: Mapping[str, Sequence[str]],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    critical: Iterable[str] = (),
    max_rate: int = 1_000_000,
) -> str:
    """A site file, authorised for today. `critical` names addresses of IPv6 zones, which nobody can walk."""
    today = datetime.date.today()
    lines = [
        f"client: {CLIENT}",
        f"site: {SITE}",
        f"authorization: {{by: owner, from: {today - datetime.timedelta(1)}, until: {today + datetime.timedelta(2)}}}",
        "scope:",
        f"  include: [{_quoted(include)}]",
        f"  exclude: [{_quoted(exclude)}]",
        "  allow_ports: [102, 502, 20000, 44818, 47808]",
        f"  max_rate: {max_rate}",
        "zones:",
        *(f"  - {{name: {name}, subnets: [{_quoted(subnets)}]}}" for name, subnets in zones.items()),
    ]
    if named := _quoted(critical):
        lines.append(f"critical: [{{name: asked one by one, hosts: [{named}]}}]")
    return "\n".join([*lines, ""])


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f'"{each}"' for each in texts)


@functools.cache
def _help() -> str:
    return subprocess.run([str(FENCEWALK), "scan", "--help"], capture_output=True, text=True, check=True).stdout


def offered(*flags: str) -> list[str]:
    """Those flags that this fencewalk has; a flag's value follows after `=`."""
    return [
        each
        for flag in flags
        if re.search(rf"{re.escape(flag.partition('=')[0])}\b", _help())
        for each in flag.split("=", 1)
    ]


def scan_command(site: Path, store: Path, zone: str, *flags: str) -> list[str]:
    return [str(FENCEWALK), "scan", str(site), "--from", zone, "--store", str(store), *flags]


class Ran(msgspec.Struct, frozen=True):
    """A process that ended, or was ended (`code` None) after its time."""

    seconds: float
    code: int | None
    peak_kb: int
    """The largest resident size of the process and its children together; 0 where it was not measured."""
    said: str
    """The end of what it wrote to stderr."""


def run(command: Sequence[str], timeout: float, memory: bool = False) -> Ran:
    """Wall time of the whole process and, if asked for, its peak memory.

    That is read from /proc ten times a second: the usage that the kernel hands over at the end begins with this
    process's own size, from before the new program took its place.
    """
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        # As installed, with what Python keeps of a module once it was loaded.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            env=environment,
        )
        late = threading.Event()

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(timeout, end)
        timer.start()
        peak = 0
        try:
            while memory and os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                peak = max(peak, _resident_kb(process.pid))
                time.sleep(0.1)
            _, status = os.waitpid(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode(errors="replace")[-2000:]
    return Ran(seconds, None if late.is_set() else process.returncode, peak, text)


def _resident_kb(process: int) -> int:
    """The highest resident sizes so far of a process and its children, added up; 0 for one that has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return 0
    own = re.search(r"VmHWM:\s+(\d+)", status)
    return (int(own[1]) if own else 0) + sum(_resident_kb(int(each)) for each in children)


class Found(msgspec.Struct, frozen=True):
    """What the store holds, as sets. A port is written `address/transport/port`."""

    alive: frozenset[str]
    """Addresses that showed a host by ARP or echo."""
    open: frozenset[str]
    closed: frozenset[str]
    silent: frozenset[str]
    other: frozenset[str]
    """Rejected or unreachable."""


def found(store: Path) -> Found:
    """Of all sessions in the store. The latest word on a port counts, but silence never against an answer."""
    with Store(store, create=False) as opened:
        sessions = opened.sessions(CLIENT, SITE)
    return sorted_out(each for session in sessions for each in session.observations)


def opened(store: Path) -> set[str]:
    """The open ports alone, of a store with more answers than a set could hold."""
    ports: dict[str, set[int]] = {}
    with Store(store, create=False) as there:
        for session in there.sessions(CLIENT, SITE):
            for each in session.observations:
                if isinstance(each, PortState) and each.transport == "tcp":
                    if each.state == "open":
                        ports.setdefault(each.address, set()).update(ports_of(each.ports))
                    elif each.state != "silent" and each.address in ports:
                        ports[each.address].difference_update(ports_of(each.ports))
    return {f"{address}/tcp/{port}" for address, found in ports.items() for port in found}


def sorted_out(observations: Iterable[Observation]) -> Found:
    alive: set[str] = set()
    said: dict[str, str] = {}
    for each in observations:
        if isinstance(each, Alive):
            alive.update(addresses_of(each.addresses))
        elif isinstance(each, HostSeen) and each.how in ("arp", "echo-reply"):
            alive.add(each.address)
        elif isinstance(each, PortState) and each.transport == "icmp":
            if each.state == "open":
                alive.add(each.address)
        elif isinstance(each, PortState):
            for port in ports_of(each.ports):
                key = f"{each.address}/{each.transport}/{port}"
                if each.state != "silent" or key not in said:
                    said[key] = each.state
        elif isinstance(each, Silence) and each.transport != "icmp":
            ports = ports_of(each.ports)
            for address in addresses_of(each.addresses):
                for port in ports:
                    said.setdefault(f"{address}/{each.transport}/{port}", "silent")
    states: dict[str, set[str]] = {"open": set(), "closed": set(), "silent": set(), "other": set()}
    for key, state in said.items():
        states.get(state, states["other"]).add(key)
    return Found(
        frozenset(alive),
        frozenset(states["open"]),
        frozenset(states["closed"]),
        frozenset(states["silent"]),
        frozenset(states["other"]),
    )
