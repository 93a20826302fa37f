"""Privileges: raw sockets are opened first, then everything else runs without.

A packet socket goes on working after the right to open one is gone. What takes a right has to be done before: every
packet socket, and SO_RCVBUFFORCE (CAP_NET_ADMIN). Binding and filtering an open packet socket, its receive ring,
SO_BINDTODEVICE (since Linux 5.7), and reading routes and neighbours take none. Nmap opens sockets of its own, so a
scan with `--engine nmap` cannot drop anything.

Rights belong to a thread: `drop` comes before the first thread starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from scanner.errors import BadInput, NoPrivilege
from scanner.model.base import Frozen

CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, SETPCAP, NET_ADMIN, NET_RAW = 0, 1, 2, 8, 12, 13
_FILES = 1 << CHOWN | 1 << DAC_OVERRIDE
_CAPABILITY_VERSION = 0x20080522
_PR_CAPBSET_READ, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 23, 24, 38
_SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")
_STATUS = Path("/proc/thread-self/status")
_PROGRAM = (Path(__file__).resolve().parent.parent, Path(os.__file__).resolve().parent, Path(sys.prefix))
"""What is imported and read later on: whoever we become has to be able to read it."""


class Person(Frozen, frozen=True):
    """The user behind sudo. `name` and `home` are empty where the system does not know the user."""

    uid: int
    gid: int
    name: str = ""
    home: str = ""
    groups: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.name or f"user {self.uid}"


def permitted() -> int:
    """The capabilities that this thread may use, as a bit mask; 0 where there are none (a user; not Linux)."""
    return _mask("CapPrm")


def behind_sudo() -> Person | None:
    """Who called sudo, if this process is root because of it; None for a real root and for everybody else."""
    if sys.platform != "linux" or not _root():
        return None
    texts = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if not all(each.isdecimal() and len(each) <= 10 for each in texts):
        return None
    uid, gid = map(int, texts)
    if not 0 < uid < 0xFFFFFFFF or gid >= 0xFFFFFFFF:
        return None
    import pwd  # Windows has none

    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Person(uid=uid, gid=gid, groups=(gid,))
    groups = tuple(os.getgrouplist(entry.pw_name, gid))
    return Person(uid=uid, gid=gid, name=entry.pw_name, home=entry.pw_dir, groups=groups)


def drop(files: Iterable[Path] = (), program: Iterable[Path] = _PROGRAM) -> str:
    """Give up for good what this process may do beyond what its user may. What was done, as a phrase for the log.

    Root by sudo becomes the user who called it, HOME and all, so that what is written belongs to that user, as do
    those of `files` (with SQLite's -wal and -shm) that an earlier run left to root in that user's folder. Where that
    user cannot read `program` or write `files`, it is treated as any other root: that keeps its user id, which owns
    what it writes, and no capability, unless `files` take one: CAP_DAC_OVERRIDE and CAP_CHOWN then stay, so that a
    store in somebody else's folder can be written and goes on being theirs. A user with capabilities (of the
    interpreter's file, or ambient) loses them. Nothing that is started afterwards can gain a right, by sudo neither.
    Doing it twice does nothing.

    BadInput: one of `files` cannot be written afterwards. NoPrivilege: the system refused half way, or a thread kept
    its rights; nothing may be sent then.
    """
    wanted = tuple(files)
    person = behind_sudo()
    if person is not None:
        for path in wanted:
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                _hand_over(path.absolute().parent, name, person)
    if person is not None and _suffices(person, program, wanted):
        _become(person)
        said = f"became {person}"
    elif permitted():
        kept = _FILES & permitted() if _root() and _take_rights(wanted) else 0
        _keep_only(kept)
        said = "gave up every capability"
        if kept:
            said += " but CAP_DAC_OVERRIDE and CAP_CHOWN, which the files take"
        if person is not None:
            said += f"; stays root, as {person} cannot read the program or write the files"
    else:
        return "nothing to give up"
    for path in wanted:
        if why := _unwritable(path):
            raise BadInput(f"{path}: {why}")
    return said


def outlook() -> str:
    """What `drop` would do, as a phrase; empty where there is nothing to give up."""
    person = behind_sudo()
    if person is not None and _suffices(person, _PROGRAM, ()):
        return f"becomes {person}"
    if not permitted():
        return ""
    return "gives up every capability" + (f" and stays root, as {person} cannot read the program" if person else "")


def forbidden() -> bool:
    """Whether no process here may send raw packets, root neither: a container without the right."""
    return sys.platform == "linux" and _STATUS.exists() and not _mask("CapBnd") >> NET_RAW & 1


def _become(person: Person) -> None:
    _forget_bounding_set()
    try:
        os.setgroups(person.groups)
        os.setresgid(person.gid, person.gid, person.gid)
        os.setresuid(person.uid, person.uid, person.uid)
    except OSError as error:
        raise NoPrivilege(f"root cannot become {person} here ({error.strerror}), so nothing was sent") from None
    _keep_only(0)
    with contextlib.suppress(OSError):
        os.setuid(0)
    if {*os.getresuid()} != {person.uid} or {*os.getresgid()} != {person.gid}:
        raise NoPrivilege(f"root became {person} and can turn back, so nothing was sent")
    if person.home:
        os.environ.update(HOME=person.home, USER=person.name, LOGNAME=person.name)


def _hand_over(folder: Path, name: str, person: Person) -> None:
    """Give a plain file of root's to the user behind sudo. Looked at through descriptors: no link leads elsewhere."""
    with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
        where = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        opened.callback(os.close, where)
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=where)
        opened.callback(os.close, file)
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and (found.st_uid, found.st_nlink, os.fstat(where).st_uid) == (0, 1, person.uid):
            os.fchown(file, person.uid, person.gid)


def _keep_only(kept: int) -> None:
    """`kept` permitted and effective, and no other right in any set, with no way back to any."""
    _forget_bounding_set()
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0 or not _capset(kept, kept, 0):
        raise NoPrivilege("the system does not let this process give up its rights, so nothing was sent")
    for task in Path("/proc/self/task").iterdir():
        try:
            text = (task / "status").read_text()
        except OSError:
            continue  # that thread has ended meanwhile
        if any(_mask(name, text) & ~kept for name in _SETS):
            raise NoPrivilege("a thread that ran already keeps the rights of this process, so nothing was sent")


def _forget_bounding_set() -> None:
    """What programs started later could gain at most. Only CAP_SETPCAP may; without, no_new_privs does the same."""
    if not _mask("CapEff") >> SETPCAP & 1:
        return
    number = 0
    while (there := _prctl(_PR_CAPBSET_READ, number)) >= 0:
        if there and _prctl(_PR_CAPBSET_DROP, number) != 0:
            raise NoPrivilege("the system does not let this process give up its rights, so nothing was sent")
        number += 1


def _suffices(person: Person, program: Iterable[Path], files: Iterable[Path]) -> bool:
    """Whether that user's rights are enough. Looked at in that user's place, for as long as that takes."""
    before = os.getgroups(), os.getegid()
    try:
        os.setgroups(person.groups)
        os.setegid(person.gid)
        os.seteuid(person.uid)
        readable = all(os.access(path, os.R_OK | os.X_OK, effective_ids=True) for path in program)
        return readable and not any(map(_unwritable, files))
    except OSError as error:
        raise NoPrivilege(f"root cannot become {person} here ({error.strerror}), so nothing was sent") from None
    finally:
        os.seteuid(0)
        os.setegid(before[1])
        with contextlib.suppress(OSError):
            os.setgroups(before[0])


def _take_rights(files: Iterable[Path]) -> bool:
    """Whether root needs more than the mode bits for these files: they, or where they lie, are somebody else's."""
    with _without(_FILES | 1 << DAC_READ_SEARCH):
        return any(_unwritable(path) or (path.exists() and path.stat().st_uid != 0) for path in files)


@contextlib.contextmanager
def _without(rights: int) -> Iterator[None]:
    effective, inherited = _mask("CapEff"), _mask("CapInh")
    try:
        _capset(effective & ~rights, permitted(), inherited)
        yield
    finally:
        _capset(effective, permitted(), inherited)


def _unwritable(path: Path) -> str:
    """Why the file, or a new one of that name, cannot be written by who we are now; empty where it can."""
    folder = path.absolute().parent
    who = "root" if _root() else f"user {os.geteuid()}" if hasattr(os, "geteuid") else "this user"
    as_now = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=as_now):
        return f"{who} may not write in its folder; name a file elsewhere"
    if os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK, effective_ids=as_now):
        return f"{who} may not write it; change its owner, or name another file"
    return ""


def _root() -> bool:
    """Windows has no such user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _mask(name: str, status: str | None = None) -> int:
    """One capability set of this thread, or of another's status text."""
    try:
        lines = (_STATUS.read_text() if status is None else status).splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith(f"{name}:")), 0)


def _prctl(option: int, argument: int) -> int:
    done: int = ctypes.CDLL(None).prctl(option, *map(ctypes.c_ulong, (argument, 0, 0, 0)))
    return done


def _capset(effective: int, allowed: int, inherited: int) -> bool:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    masks = (effective, allowed, inherited)
    halves = [mask >> shift & 0xFFFFFFFF for shift in (0, 32) for mask in masks]
    return bool(ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)(*halves)) == 0)
