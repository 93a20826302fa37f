"""Network namespaces of a test's own: joined by wires, worked in, and taken down whatever happens."""

from __future__ import annotations

import abc
import contextlib
import functools
import itertools
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

import pytest

from scanner.lab.kernel import enter
from scanner.lab.privilege import can_raise

T = TypeVar("T")
_NUMBERS = itertools.count()


@functools.cache
def why_not() -> str | None:
    """Why there can be none here; None when there can."""
    return can_raise() or (None if os.geteuid() == 0 else "network namespaces inside the tests need root")


IN_LAB = [pytest.mark.lab, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]
"""The marks of a module whose every test needs them."""


def shell(command: str, text: str | None = None, check: bool = True) -> str:
    """What a command without quotes prints, `text` being its input."""
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False, input=text)
    if check and done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.strip()}")
    return done.stdout


class Namespaces(abc.ABC):
    """Some namespaces, joined by `build`, from the beginning of a `with` block to its end.

    They are named after this process: what a killed one left behind, the next one removes.
    """

    def __init__(self, *names: str) -> None:
        self._prefix = f"fwp{os.getpid()}x{next(_NUMBERS)}"
        self._names = names

    def __enter__(self) -> Self:
        _remove_leftovers()
        try:
            for name in self._names:
                shell(f"ip netns add {self.name(name)}")
                self.ns(name, "ip link set lo up")
            self.build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abc.abstractmethod
    def build(self) -> None:
        """Join the namespaces, in each of which there is the loopback interface."""

    def close(self) -> None:
        for name in self._names:
            shell(f"ip netns del {self.name(name)}", check=False)

    def name(self, name: str) -> str:
        """As `ip netns` knows it."""
        return f"{self._prefix}{name}"

    def command(self, name: str, arguments: Sequence[str]) -> list[str]:
        """The command line that runs `arguments` there: the process is the program's own, no wrapper stays."""
        return ["ip", "netns", "exec", self.name(name), *arguments]

    def ns(self, name: str, *commands: str, check: bool = True) -> str:
        # `ip` enters a namespace by itself, which costs half as much.
        there = self.name(name)
        lines = (
            f"ip -n {there} {each[3:]}" if each.startswith("ip ") else f"ip netns exec {there} {each}"
            for each in commands
        )
        return "".join(shell(each, check=check) for each in lines)

    def sysctl(self, name: str, **values: int) -> None:
        """Set what this kernel knows; keys are written with two underscores for each point."""

        def write() -> None:
            for key, value in values.items():
                with contextlib.suppress(OSError):
                    Path("/proc/sys", key.replace("__", "/")).write_text(str(value))

        self.inside(name, write)

    def nft(self, name: str, rules: str) -> None:
        shell(f"ip netns exec {self.name(name)} nft -f -", rules)

    def wire(self, left: str, left_device: str, right: str, right_device: str) -> None:
        shell(
            f"ip -n {self.name(left)} link add {left_device} type veth peer name {right_device} "
            f"netns {self.name(right)}"
        )
        self.ns(left, f"ip link set {left_device} up")
        self.ns(right, f"ip link set {right_device} up")

    def batch(self, name: str, lines: Iterable[str], six: bool = False) -> None:
        """Many `ip` commands at once."""
        shell(f"ip {'-6 ' if six else ''}-n {self.name(name)} -force -batch -", "\n".join(lines))

    def mac(self, name: str, device: str) -> str:
        return self.ns(name, f"ip link show dev {device}").partition("link/ether ")[2].split()[0]

    def pids(self, name: str) -> set[int]:
        """Of every process in there."""
        return set(map(int, shell(f"ip netns pids {self.name(name)}").split()))

    def inside(self, name: str, work: Callable[[], T]) -> T:
        """What `work` returns when a thread of this process runs it in there: its sockets stay there."""
        found: list[T] = []
        failed: list[OSError] = []

        def run() -> None:
            try:
                enter(self.name(name))
                found.append(work())
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return found[0]

    @contextlib.contextmanager
    def serving(self, name: str, arguments: Sequence[str]) -> Iterator[None]:
        """A program in there, from the line `ready` that it prints to the end of the block."""
        with subprocess.Popen(self.command(name, arguments), stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                if process.stdout.readline() != b"ready\n":
                    raise RuntimeError(f"{arguments[0]} did not get ready in {name}")
                yield
            finally:
                process.kill()


def _remove_leftovers() -> None:
    for name in re.findall(r"^fwp\d+x\w+", shell("ip netns list"), re.MULTILINE):
        if not Path("/proc", re.findall(r"\d+", name)[0]).exists():
            shell(f"ip netns del {name}", check=False)
