"""Whether this machine lets us raise a lab, and becoming root in a user namespace of our own where we are not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from scanner.errors import NoPrivilege
from scanner.lab.kernel import tool

_SETUP = 'mount -t tmpfs none /run && mkdir -p /run/netns && ip link set lo up && exec "$@"'
# The PID namespace makes the end certain: when its first process dies, the kernel kills all the others.
_UNSHARE = ("--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


def can_raise() -> str | None:
    """None: `raise_lab` will work here, as root or after `enter_user_namespace`. Else why not, as one sentence."""
    if sys.platform != "linux":
        return f"the lab needs Linux's network namespaces, and this is {sys.platform}"
    try:
        for name in ("ip", "bridge", "nft", "flock", "unshare"):
            tool(name)
    except NoPrivilege as error:
        return str(error)
    if os.geteuid() == 0:
        said = _refusal([tool("unshare"), "--net", "--mount", "true"])
        return f"root may not make namespaces here (a container without SYS_ADMIN?): {said}" if said else None
    said = _refusal(_inside(["true"]))
    return f"the lab needs root, as this kernel gives users no namespaces of their own: {said}" if said else None


def enter_user_namespace(argv: Sequence[str] | None = None) -> None:
    """Where we are not root: start this program again (or `argv`) as root of its own user namespace; does not return.

    In there are no network but its own, an empty /run, and no process of outside; files are as they were. Root comes
    back from this at once. NoPrivilege: the kernel refuses.
    """
    if os.geteuid() == 0:
        return
    reason = can_raise()
    if reason:
        raise NoPrivilege(reason)
    inside = _inside(argv or sys.orig_argv)
    os.execve(inside[0], inside, _environment())


def _inside(argv: Sequence[str]) -> list[str]:
    return [tool("unshare"), *_UNSHARE, "sh", "-c", _SETUP, "sh", *argv]


def _refusal(argv: list[str]) -> str:
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env=_environment(), stdin=subprocess.DEVNULL, timeout=20
    )
    return "" if done.returncode == 0 else " ".join(done.stderr.split()) or f"exit code {done.returncode}"


def _environment() -> dict[str, str]:
    """Ours, with the folders of `ip` and `mount` in the path, which users may lack."""
    return {**os.environ, "PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])}
