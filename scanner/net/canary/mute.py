"""The laptop's kernel, kept from answering what the canary answers: an nftables table of our own.

The table belongs to an `nft` that we hold by its input (`flags owner`), so the kernel takes it away with that process,
however we end. Where a kernel or an nft knows no owners it is taken away by hand, and what a killed canary left is
taken away when the next one starts.

What is dropped, before connections are tracked: packets from the site's zones to the canary's addresses that no socket
of the laptop itself waits for, and signed echo requests. The technician's ssh, and whatever else the laptop serves or
has opened itself, goes on.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from scanner.model.addresses import AddressSet
from scanner.model.nonce import MAGIC

_TABLE = "fencewalk_canary_"
_SECONDS = 3.0
_LAST_RULE = "meta l4proto { tcp, udp } drop"
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))


class Mute:
    """In force from the beginning of a `with` block to its end, or the process's. `reason`: why it is not; empty where
    it is. It takes CAP_NET_ADMIN when it begins, and no more afterwards."""

    def __init__(self, interface: str, addresses: Sequence[str], zones: AddressSet) -> None:
        self._rules = rules(interface, addresses, zones)
        self._table = f"{_TABLE}{os.getpid()}"
        self._child: subprocess.Popen[str] | None = None
        self._by_hand = False
        self.reason = ""

    def __enter__(self) -> Mute:
        nft = shutil.which("nft", path=_PATH)
        if nft is None:
            self.reason = "nft is not installed (apt install nftables)"
            return self
        _clear(nft)
        for owner in (True, False):
            self._begin(nft, owner)
            if self._stands(nft):
                return self
            self._end()
        self.reason = "this kernel or its nft refuses the rules, or this user may not make any (sudo)"
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _begin(self, nft: str, owner: bool) -> None:
        # A session of its own: Ctrl-C at the terminal is for us, and the table stays until we have ended.
        self._child = subprocess.Popen(
            [nft, "-i"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._by_hand = not owner
        flags = " { flags owner; }" if owner else ""
        self._say([f"add table inet {self._table}{flags}", *(each.format(self._table) for each in self._rules)])

    def _say(self, lines: Iterable[str]) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.write("".join(f"{each}\n" for each in lines))
            self._child.stdin.flush()

    def _stands(self, nft: str) -> bool:
        assert self._child is not None
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and self._child.poll() is None:
            if _LAST_RULE in _run(nft, "list", "table", "inet", self._table):
                return True
            time.sleep(0.05)
        return False

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if self._by_hand and child.poll() is None:
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(f"delete table inet {self._table}\n")
        with contextlib.suppress(BrokenPipeError):
            assert child.stdin is not None
            child.stdin.close()
        try:
            child.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            # It may still run with rights that we have given up; it ends by itself, for its input has.
            with contextlib.suppress(PermissionError):
                child.kill()
                child.wait()


def rules(interface: str, addresses: Sequence[str], zones: AddressSet) -> list[str]:
    """The commands that fill the table, `{0}` being its name."""
    found = ["add chain inet {0} mute {{ type filter hook prerouting priority raw; policy accept; }}"]
    tests = [f'iifname != "{interface}"']
    for family, version in (("ip", 4), ("ip6", 6)):
        own = [each for each in addresses if (":" in each) == (version == 6)]
        away = zones.of_version(version)
        if own and away:
            tests += [f"{family} daddr != {_listed(own)}", f"{family} saddr != {_listed(_ranges(away))}"]
        else:
            tests.append(f"meta nfproto ipv{version}")
    # Answers to the laptop itself: it may be scanning at the same time, and its kernel has to see them.
    tests += ["tcp flags & (syn | ack) == syn | ack", "tcp flags & rst == rst", "socket transparent {{ 0, 1 }}"]
    found += [f"add rule inet {{0}} mute {each} accept" for each in tests]
    signed = f"@th,64,64 0x{MAGIC.hex()}"
    found += [f"add rule inet {{0}} mute {each} type echo-request {signed} drop" for each in ("icmp", "icmpv6")]
    found.append("add rule inet {0} mute " + _LAST_RULE.replace("{", "{{").replace("}", "}}"))
    return found


def _listed(parts: Iterable[str]) -> str:
    return f"{{{{ {', '.join(parts)} }}}}"


def _ranges(addresses: AddressSet) -> list[str]:
    return str(addresses).split(",")


def _run(nft: str, *arguments: str) -> str:
    try:
        done = subprocess.run([nft, *arguments], capture_output=True, text=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _clear(nft: str) -> None:
    """Take away the tables of canaries that are no more."""
    for number in re.findall(rf"{_TABLE}(\d+)", _run(nft, "list", "tables")):
        if not Path("/proc", number).exists():
            _run(nft, "delete", "table", "inet", f"{_TABLE}{number}")
