"""Debian packages, downloaded with all that they depend on and unpacked, one folder a package.

Nothing is installed: apt is given a state of its own in which no package is there, so that a daemon's root is made of
one Debian release's packages alone (12, or $FENCEWALK_RELEASE), and `dpkg-deb` unpacks without running a maintainer
script. The truth about versions is the packages' control fields. Safe for several processes at once: one lock, and
every folder appears by a rename.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

BASE = [
    "base-files",
    "base-passwd",
    "bash",
    "coreutils",
    "dash",
    "debianutils",
    "findutils",
    "grep",
    "hostname",
    "libc-bin",
    "mawk",
    "netbase",
    "perl-base",
    "procps",
    "sed",
    "util-linux",
]
"""What shell scripts expect; part of every root."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
RECIPES = "12"
"""The release of Debian that the recipes are written for."""
RELEASES = {"11": "bullseye", "12": "bookworm", "13": "trixie"}
_MERGED = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")

_UNREAD = [f"--exclude=./usr/share/{each}" for each in ("man", "locale", "info", "lintian")]
"""Nothing that a daemon reads; a good part of the space."""


class Unavailable(Exception):
    """The packages cannot be had here; says why."""


def cache() -> Path:
    """Where packages and what is made of them stay from run to run: $FENCEWALK_DAEMONS, or the user's cache."""
    chosen = os.environ.get("FENCEWALK_DAEMONS")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "fencewalk-daemons"
    return folder if release() == RECIPES else folder / f"debian-{release()}"


def release() -> str:
    """The release of Debian that the packages are of: `12`."""
    return os.environ.get("FENCEWALK_RELEASE", RECIPES)


def _sources() -> str:
    name = RELEASES[release()]
    places = (f"debian {name}", f"debian {name}-updates", f"debian-security {name}-security")
    return "".join(f"deb [signed-by={KEYRING}] http://deb.debian.org/{each} main\n" for each in places)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """One process at a time."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Package(str):
    """`nginx_1.22.1-9+deb12u1_amd64`: name, version and architecture; the name of its folder."""

    @property
    def name(self) -> str:
        return self.split("_")[0]

    @property
    def folder(self) -> Path:
        return cache() / "packages" / self

    @property
    def version(self) -> str:
        """As the package itself says."""
        return (cache() / "control" / self).read_text().strip()


def provide(wanted: Sequence[str]) -> tuple[Package, ...]:
    """These packages and all that they depend on, unpacked. Unavailable: they cannot be had here."""
    names = sorted({*wanted, *BASE})
    known = cache() / "closures" / hashlib.sha256(" ".join(names).encode()).hexdigest()[:24]
    if known.is_file():
        packages = tuple(map(Package, json.loads(known.read_text())))
        if all(each.folder.is_dir() for each in packages):
            return packages
    with locked("packages"):
        _prepare()
        packages = _closure(names)
        _unpack([each for each in packages if not each.folder.is_dir()])
        known.parent.mkdir(exist_ok=True)
        _write(known, json.dumps(packages))
    return packages


def _prepare() -> None:
    """apt's state, once."""
    apt = cache() / "apt"
    if (apt / "ready").exists():
        return
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise Unavailable(f"there is no {tool} here")
    if not KEYRING.is_file():
        raise Unavailable(f"Debian's keys are not here ({KEYRING}: package debian-archive-keyring)")
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text(_sources())
    _apt("update", "-qq")
    (apt / "ready").touch()


def _apt(*arguments: str, folder: Path | None = None) -> str:
    apt = cache() / "apt"
    options = {
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "APT::Architecture": "amd64",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    argv = ["apt-get", *(f"-o{key}={value}" for key, value in options.items()), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=folder, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines() or ["?"]
        raise Unavailable(f"apt-get {arguments[0]}: {said[0]}")
    return done.stdout


def _closure(names: Sequence[str]) -> tuple[Package, ...]:
    found = []
    for line in _apt("install", "--print-uris", "-qq", "-y", *names).splitlines():
        # 'http://.../foo_1%3a2-1_amd64.deb' foo_1%3a2-1_amd64.deb 12345 MD5Sum:...
        file = line.split("' ")[-1].split(" ")[0]
        if file.endswith(".deb"):
            found.append(Package(urllib.parse.unquote(file.removesuffix(".deb"))))
    return tuple(found)


def _unpack(packages: Sequence[Package]) -> None:
    if not packages:
        return
    for folder in ("packages", "control"):
        (cache() / folder).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix="unpacking-") as name:
        here = Path(name)
        _apt("download", "-qq", *("=".join(each.split("_")[:2]) for each in packages), folder=here)
        for package in packages:
            # apt writes an epoch's colon as %3a.
            file = here / f"{package.replace(':', '%3a')}.deb"
            root = here / package
            # Debian 12 keeps /bin and /lib in /usr; a folder of that name in one package would hide
            # the link of another.
            for each in _MERGED:
                (root / "usr" / each).mkdir(parents=True)
                (root / each).symlink_to(f"usr/{each}")
            tar = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", file], stdout=subprocess.PIPE)
            extract = ["tar", "-x", "-p", "-f", "-", "--keep-directory-symlink", "-C", str(root), *_UNREAD]
            subprocess.run(extract, stdin=tar.stdout, check=True)
            if tar.wait():
                raise Unavailable(f"{file.name} is damaged")
            said = subprocess.run(["dpkg-deb", "-f", file, "Version"], capture_output=True, text=True, check=True)
            _write(cache() / "control" / package, said.stdout)
            root.rename(package.folder)
            file.unlink()


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)
