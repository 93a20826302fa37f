"""Runs inside namespaces of its own (mount, PID, UTS): builds a daemon's root, and runs a script in it.

`python -S -E room.py PLAN`, with a JSON plan; a program rather than a module, as it is started a hundred times and so
imports little. The root is an overlay of the packages' folders under a tmpfs: what a daemon writes is its own, and
everything is gone with the namespace.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys

_LIBC = ctypes.CDLL(None, use_errno=True)
_NODEV, _NOSUID, _BIND, _REC, _PRIVATE = 4, 2, 4096, 16384, 1 << 18
_AS = 'as() { user=$1; shift; setpriv --reuid "$user" --regid "$user" --init-groups "$@"; }\n'
"""`as USER COMMAND...`: a daemon that systemd would start as that user."""
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def mount(source: str, target: str, kind: str, flags: int = 0, options: str = "") -> None:
    """mount(2) itself: newer versions of the program `mount` cannot pass that many folders."""
    done = _LIBC.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode())
    if done:
        raise OSError(ctypes.get_errno(), f"mount {kind} on {target}: {os.strerror(ctypes.get_errno())}")


def build(plan: dict[str, str]) -> tuple[str, str]:
    """The root, and the folder that gets what is written there."""
    # The mount point may be the cache's own folder: it is hidden in this mount namespace only.
    place = plan["place"]
    mount("none", "/", "", _REC | _PRIVATE)
    mount("room", place, "tmpfs", 0, "mode=755")
    upper, work, root = (f"{place}/{each}" for each in ("upper", "work", "root"))
    for each in (upper, work, root):
        os.mkdir(each)
    # One page is all that mount(2) takes: short names, relative to the folder of links.
    os.chdir(plan["links"])
    mount("room", root, "overlay", 0, f"lowerdir={plan['layers']},upperdir={upper},workdir={work}")
    os.chdir("/")
    for each in ("proc", "dev", "sys", "tmp", "root", "srv", "run", "var/log", "var/tmp"):
        os.makedirs(f"{root}/{each}", exist_ok=True)
    # What base-files' own script would do: some packages bring a /var/run of their own.
    for each, to in (("var/run", "run"), ("var/lock", "run/lock")):
        os.makedirs(f"{root}/{to}", exist_ok=True)
        if not os.path.islink(f"{root}/{each}"):
            if os.path.isdir(f"{root}/{each}"):
                subprocess.run(["cp", "-a", f"{root}/{each}/.", f"{root}/{to}"], check=True)
                subprocess.run(["rm", "-r", f"{root}/{each}"], check=True)
            os.symlink(f"/{to}", f"{root}/{each}")
    for each in ("tmp", "var/tmp"):
        os.chmod(f"{root}/{each}", 0o1777)
    mount("proc", f"{root}/proc", "proc")
    mount("dev", f"{root}/dev", "tmpfs", _NOSUID, "mode=755")
    for each in _DEVICES:
        if not os.path.exists(f"/dev/{each}"):
            continue
        with open(f"{root}/dev/{each}", "w"):
            mount(f"/dev/{each}", f"{root}/dev/{each}", "", _BIND)
    for each in ("pts", "shm"):
        os.mkdir(f"{root}/dev/{each}")
    mount("devpts", f"{root}/dev/pts", "devpts", _NOSUID, "newinstance,ptmxmode=0666,mode=620")
    mount("shm", f"{root}/dev/shm", "tmpfs", _NOSUID | _NODEV, "mode=1777")
    for link, to in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1")):
        os.symlink(to, f"{root}/dev/{link}")
    os.symlink("fd/2", f"{root}/dev/stderr")
    return root, upper


def people(root: str, users: list[str]) -> None:
    """Debian's own users, and the daemon's."""
    etc, masters = f"{root}/etc", f"{root}/usr/share/base-passwd"
    for kind in ("passwd", "group"):
        with open(f"{masters}/{kind}.master") as master, open(f"{etc}/{kind}", "w") as out:
            out.write(master.read())
            for number, user in enumerate(users, 990 - len(users)):
                out.write(f"{user}:x:{number}:{number}::/var/lib/{user}:/bin/sh\n" if kind == "passwd" else "")
                out.write(f"{user}:x:{number}:\n" if kind == "group" else "")
    with open(f"{etc}/shadow", "w") as shadow:
        shadow.write("".join(f"{user}:*:19700:0:99999:7:::\n" for user in ("root", "nobody", *users)))
    os.chmod(f"{etc}/shadow", 0o640)


def main() -> None:
    plan = json.loads(sys.argv[1])
    if os.readlink("/proc/self/ns/uts") == plan["outside"] or os.getpid() != 1:
        raise SystemExit("a room needs namespaces of its own")
    socket.sethostname(plan["host"])
    root, upper = build(plan)
    if plan["users"] is not None:
        people(root, plan["users"])
    for path, text in plan["files"].items():
        target = f"{root}/{path.lstrip('/')}"
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.lexists(target):
            os.unlink(target)
        with open(target, "w") as file:
            file.write(text)
        os.chmod(target, 0o755 if text.startswith("#!") else 0o644)
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w") as setting:
        setting.write("0")
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "ADDRESS": plan["address"],
        "NAME": plan["host"],
    }
    script = ["/bin/sh", "-e", "-c", _AS + plan["script"]]
    if not plan["keep"]:
        os.chroot(root)
        os.chdir("/")
        # This process stays: it gathers orphans, and when the script ends it ends, and the kernel ends the rest.
        raise SystemExit(subprocess.run(script, env=environment, check=False).returncode)
    status = subprocess.run(["chroot", root, *script], env=environment, check=False).returncode
    if status == 0:
        subprocess.run(["cp", "-a", upper, plan["keep"]], check=True)
    raise SystemExit(status)


if __name__ == "__main__":
    main()
