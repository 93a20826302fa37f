"""Namespaces and processes of this machine: entering one, and telling a living owner from a dead one."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import msgspec

from scanner.errors import NoPrivilege

NAMED = Path("/run/netns")
"""Where iproute2 keeps the names of network namespaces."""

_CLONE_NEWNET = 0x40000000
_PACKAGES = {"ip": "iproute2", "bridge": "iproute2", "nft": "nftables", "flock": "util-linux", "unshare": "util-linux"}


class Process(msgspec.Struct, frozen=True):
    """A process for good: a process id alone may long be somebody else's."""

    pid: int
    started: int
    """In clock ticks since the machine started."""
    world: int
    """The inode of its PID namespace; in another one the same number means another process."""

    @classmethod
    def of(cls, pid: int) -> Process:
        """ProcessLookupError: there is no such process."""
        started = _started(pid)
        if started is None:
            raise ProcessLookupError(pid)
        return cls(pid, started, _world())

    @property
    def alive(self) -> bool:
        """True also where it cannot be told, as for a process of another PID namespace."""
        return self.world != _world() or _started(self.pid) == self.started

    def end(self) -> None:
        """SIGKILL, if it is still the same process."""
        if self.world == _world() and _started(self.pid) == self.started:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return


@contextmanager
def entering() -> Iterator[None]:
    """What `enter` does inside ends with it: this thread is back in the network namespace that it came from."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        yield
    finally:
        _setns(home)
        os.close(home)


def enter(namespace: str) -> None:
    """Put this thread, and the processes that it starts, into a named network namespace."""
    descriptor = os.open(NAMED / namespace, os.O_RDONLY)
    try:
        _setns(descriptor)
    finally:
        os.close(descriptor)


def residents(namespaces: set[str]) -> list[int]:
    """The processes whose main thread is in one of the named network namespaces."""
    inodes = {os.stat(NAMED / each).st_ino for each in namespaces if (NAMED / each).exists()}
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            inside = os.stat(f"/proc/{pid}/ns/net").st_ino in inodes
        except OSError:  # it ended meanwhile, or is not ours to look at
            continue
        if inside:
            found.append(int(pid))
    return found


def tool(name: str) -> str:
    """The path of a program; /usr/sbin is looked into too, as users often lack it. NoPrivilege: not installed."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]))
    if found is None:
        raise NoPrivilege(f"the lab needs the program {name!r}: install the package {_PACKAGES.get(name, name)}")
    return found


def _setns(descriptor: int) -> None:
    # os.setns came with Python 3.12.
    if _libc().setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), "setns")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@cache
def _world() -> int:
    return os.stat("/proc/self/ns/pid").st_ino


def _started(pid: int) -> int | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Field 3 is the state, field 22 the start: a zombie has ended, it only waits for its parent to ask.
    return None if fields[0] in (b"Z", b"X") else int(fields[19])
