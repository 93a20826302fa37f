"""Daemons in network namespaces, each at an address of its own on one link, and a place for a scanner beside them.

    scanner 10.66.0.2 ── bridge ── 10.66.0.10, 10.66.0.11, ... one daemon each

`inside` runs a program in a private PID, mount and network namespace, in which the lab is then built: whatever ends
that program ends all of the lab, and nothing of it is ever seen, or left, outside.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import msgspec

from daemons.recipe import Recipe
from daemons.rooms import Room
from scanner.lab.kernel import tool
from scanner.lab.privilege import can_raise

SCANNER = "10.66.0.2"
SUBNET = "10.66.0.0/22"
HERE = "/run"
"""A file system of the namespaces' own: what is written there goes with them, whatever ends them."""
_NAMED = Path("/run/netns")
_MARK = "FENCEWALK_DAEMONS_INSIDE"


def why_not() -> str | None:
    """Why there can be no such lab here; None when there can."""
    if os.geteuid() != 0:
        return "the daemons' roots need root"
    reason = can_raise()
    if reason:
        return reason
    with tempfile.TemporaryDirectory() as folder:
        script = f"mount -t tmpfs t {folder} && cd {folder} && mkdir a b u w && mount -t tmpfs t u && mkdir u/u u/w && "
        script += f"mount -t overlay o -o lowerdir=a,upperdir=u/u,workdir=u/w b || exit 1; cd /; umount {folder}/b"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
    return f"no overlay file system can be mounted here: {done.stderr.strip()}" if done.returncode else None


def inside(argv: Sequence[str]) -> list[str]:
    """The command line that runs `argv`, a program that builds a `DaemonLab`, in namespaces of its own."""
    spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    ready = f'mount -t tmpfs none /run && mkdir -p {_NAMED} && ip link set lo up && exec "$@"'
    return ["env", f"{_MARK}=1", tool("unshare"), *spaces, "sh", "-c", ready, "sh", *argv]


def is_inside() -> bool:
    return os.environ.get(_MARK) == "1"


class Running(msgspec.Struct, frozen=True):
    """A daemon of the lab."""

    room: Room
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def recipe(self) -> Recipe:
        return self.room.recipe

    def missing(self) -> list[str]:
        """Its ports that do not listen yet: `tcp/22`."""
        return [f"{kind}/{port}" for kind, port in self.recipe.ports if port not in self._listening(kind)]

    def _listening(self, kind: str) -> set[int]:
        found = set()
        for table in (kind, f"{kind}6"):
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{self.process.pid}/net/{table}").read_text().splitlines()[1:]:
                    _, local, _, state = line.split()[:4]
                    if state == ("0A" if kind == "tcp" else "07"):
                        found.add(int(local.rpartition(":")[2], 16))
        return found


class DaemonLab:
    """Starts the daemons; `running` are those whose ports listen, `failed` says of the others why not."""

    def __init__(self, rooms: Sequence[Room], patience: float = 25.0) -> None:
        if not is_inside():
            raise RuntimeError("a DaemonLab is built in namespaces of its own: run the program by `inside`")
        self._rooms = rooms
        self._patience = patience
        self.running: list[Running] = []
        self.failed: dict[str, str] = {}
        self._logs = tempfile.TemporaryDirectory(dir=HERE)

    def __enter__(self) -> Self:
        try:
            self._wire()
            started = [self._start(number, room) for number, room in enumerate(self._rooms)]
            self._wait(started)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for each in self.running:
            each.process.kill()
            each.process.wait()
        self._logs.cleanup()

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` where the scanner is."""
        return [tool("ip"), "netns", "exec", "scanner", *argv]

    def log(self, name: str) -> str:
        """What a daemon wrote to its standard output and error."""
        return (Path(self._logs.name) / name).read_text(errors="replace")

    def _wire(self) -> None:
        lines = ["link add hub type bridge", "link set hub up"]
        namespaces = ["scanner", *(f"d{number}" for number in range(len(self._rooms)))]
        lines += [f"netns add {each}" for each in namespaces]
        for number, each in enumerate(namespaces):
            lines.append(f"link add eth0 netns {each} type veth peer name p{number}")
            lines.append(f"link set p{number} master hub up")
        _ip(lines)
        bits = SUBNET.partition("/")[2]
        for each in namespaces:
            address = SCANNER if each == "scanner" else _address(int(each[1:]))
            inner = ["link set lo up", "link set eth0 up", f"addr add {address}/{bits} dev eth0"]
            _ip(inner, each)
        with contextlib.suppress(OSError):
            Path("/proc/sys/net/bridge/bridge-nf-call-iptables").write_text("0")

    def _start(self, number: int, room: Room) -> Running:
        address, log = _address(number), Path(self._logs.name) / room.recipe.name
        argv = ["nsenter", f"--net={_NAMED}/d{number}", *room.command(address)]
        with log.open("wb") as out:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        return Running(room, address, process, log)

    def _wait(self, started: list[Running]) -> None:
        deadline = time.monotonic() + self._patience
        waiting = list(started)
        while waiting and time.monotonic() < deadline:
            time.sleep(0.1)
            waiting = [each for each in waiting if each.process.poll() is None and each.missing()]
        for each in started:
            status, missing = each.process.poll(), each.missing()
            if status is not None:
                self.failed[each.recipe.name] = f"it ended with {status}"
            elif missing:
                self.failed[each.recipe.name] = f"it does not listen on {', '.join(missing)}"
            if status is None:
                # One that listens on some of its ports is worth looking at, too.
                self.running.append(each)
        time.sleep(max([0.3, *(each.recipe.wait for each in self.running)]))


def _address(number: int) -> str:
    return f"10.66.{(10 + number) // 256}.{(10 + number) % 256}"


def _ip(lines: Sequence[str], namespace: str = "") -> None:
    argv = [tool("ip"), *(["-n", namespace] if namespace else []), "-batch", "-"]
    done = subprocess.run(argv, input="\n".join(lines), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip: {done.stderr.strip()}")
