"""One daemon as data: its packages, what to write and run, and what its ports really are."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Literal

import msgspec
import yaml

FOLDER = Path(__file__).with_name("recipes")

Shown = Literal["product", "version", "revision", "distro"]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The truth about one port."""

    product: tuple[str, ...] = ()
    """The names that are right, as a CPE writes the product. The first one is the best."""
    shows: tuple[Shown, ...] = ("product",)
    """What a scanner can see there without credentials: looked at, on the wire. Nothing else is asked for."""
    package: str = ""
    """The package whose version it is; the recipe's first if left out."""
    version: str = ""
    """A pattern whose group 1, found in the package's version, is the version that the wire shows. Else: the upstream
    version, less what the distribution adds to it (`1:2.4.57+dfsg-3` is `2.4.57`)."""
    exactly: str = ""
    """The version where the package's own version does not contain it (a library's, a fixed text); `kernel`
    is the version of the kernel that this machine runs."""


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    packages: tuple[str, ...]
    """The daemon's own package first. What they depend on comes along, what they recommend does not."""
    services: dict[str, Service]
    """`tcp/22`: what is there."""
    run: str
    """A shell script, run as root in the daemon's root. It has to stay in the foreground: when it ends, all of its
    processes end. `$ADDRESS` is the daemon's address, and `as USER COMMAND` runs a command as a user (who
    may bind any port)."""
    users: tuple[str, ...] = ()
    """Users (with a group of the same name) beyond Debian's own; nobody, www-data, mail and so on are there."""
    files: dict[str, str] = {}
    """Path -> content, written before `setup`."""
    setup: str = ""
    """A shell script, run once as root in the daemon's root, without a network; what it leaves is kept."""
    heavy: bool = False
    """Slow to start or large to download: not for every test run."""
    wait: float = 0.0
    """Seconds to go on waiting when all ports listen, for a daemon that then is not ready yet."""
    name: str = ""

    @property
    def ports(self) -> tuple[tuple[str, int], ...]:
        return tuple((each.partition("/")[0], int(each.partition("/")[2])) for each in self.services)

    @property
    def digest(self) -> str:
        """Names what `setup` leaves, for one set of packages."""
        made_by = repr((self.users, sorted(self.files.items()), self.setup))
        return hashlib.sha256(made_by.encode()).hexdigest()[:16]


def load(name: str) -> Recipe:
    """KeyError: no such recipe."""
    path = FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise KeyError(f"there is no recipe {name!r} in {FOLDER}")
    try:
        recipe = msgspec.convert(yaml.safe_load(path.read_text()), Recipe)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error
    return msgspec.structs.replace(recipe, name=name)


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def upstream(version: str) -> str:
    """The upstream part of a Debian package's version, less what says that the source was repacked."""
    version = version.partition(":")[2] or version
    version = version.rpartition("-")[0] or version
    return re.split(r"[+~.](?:dfsg|ds|repack|debian|really|git|svn)", version)[0]
