"""The command on a system without what only Linux has: `python elsewhere.py POLLER fencewalk-arguments...`.

What other systems do not have is taken away before anything of ours is imported, so a module that cannot do without
fails as it would there. POLLER is what `selectors` has left: `select`, `poll` or `epoll`. Processes that the scan might
start get no such treatment; it must start none.
"""

from __future__ import annotations

import asyncio
import os
import select
import selectors
import socket
import subprocess
import sys

# These two are the system's own here, and would be others elsewhere.
import psutil  # noqa: F401

GONE = {
    socket: (
        *("AF_NETLINK", "AF_PACKET", "SO_BINDTODEVICE", "MSG_ERRQUEUE", "IP_RECVERR", "IP_RECVTTL", "SOCK_NONBLOCK"),
        *("SOCK_CLOEXEC", "IP_BIND_ADDRESS_NO_PORT", "SO_MARK", "SOL_PACKET"),
    ),
    os: (
        *("sched_getaffinity", "sched_setaffinity", "geteuid", "getuid", "statvfs", "fork", "pidfd_open", "O_PATH"),
        *("killpg", "setresuid", "getresuid", "O_NOFOLLOW", "O_CLOEXEC", "fchown"),
    ),
}
MODULES = ("resource", "fcntl", "pwd", "termios", "grp")
POLLERS = {"epoll": ("epoll", "EpollSelector"), "poll": ("poll", "PollSelector")}


def take_away(poller: str) -> None:
    for module, names in GONE.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name, (call, selector) in POLLERS.items():
        if poller == "select" or (poller == "poll" and name == "epoll"):
            delattr(select, call)
            delattr(selectors, selector)
    left = getattr(selectors, {"select": "SelectSelector", "poll": "PollSelector", "epoll": "EpollSelector"}[poller])
    selectors.DefaultSelector = left  # type: ignore[misc]

    def refused(*_: object, **__: object) -> None:
        raise OSError("this system starts no process")

    subprocess.Popen = refused  # type: ignore[assignment,misc]


if __name__ == "__main__":
    asyncio.new_event_loop().close()
    take_away(sys.argv[1])
    from scanner.cli import main

    main(sys.argv[2:])
