"""A root of its own for each daemon: the packages' folders, and what its `setup` left, made once and kept."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from daemons.packages import BASE, Package, Unavailable, cache, locked, provide
from daemons.recipe import Recipe

_ROOM = Path(__file__).with_name("room.py")
_SETUP_SECONDS = 300
CERTIFICATE, KEY = "/etc/ssl/certs/ssl-cert-snakeoil.pem", "/etc/ssl/private/ssl-cert-snakeoil.key"
"""Where Debian's package ssl-cert puts them; every root has them, readable by all of its users."""


class Room(msgspec.Struct, frozen=True):
    """What a daemon's root is made of."""

    recipe: Recipe
    packages: tuple[Package, ...]
    setup: Path
    """What `setup` left."""

    def has(self, package: str) -> bool:
        """Whether a package is part of this root: another release may have divided things otherwise."""
        return any(each.name == package for each in self.packages)

    def version(self, package: str = "") -> str:
        """The version of a package of this root, by default the recipe's first, as Debian writes it."""
        name = package or self.recipe.packages[0]
        return next(each.version for each in self.packages if each.name == name)

    def command(self, address: str) -> list[str]:
        """Runs the daemon in the network namespace of whoever starts it; it ends with its starter."""
        layers = [self.setup, *self._layers()]
        return _command(self.recipe.name, layers, self.recipe.run, address=address)

    def _layers(self) -> list[Path]:
        # The daemon's own packages hide what the others bring.
        first = [each for each in self.packages if each.name in self.recipe.packages]
        return [each.folder for each in (*first, *(each for each in self.packages if each not in first))]


def furnish(recipe: Recipe) -> Room:
    """Download, unpack and set up, where it is not done yet. Unavailable: it cannot be had here."""
    packages = provide(recipe.packages)
    digest = hashlib.sha256(json.dumps([recipe.digest, *packages]).encode()).hexdigest()[:16]
    room = Room(recipe, packages, cache() / "setups" / f"{recipe.name}-{digest}")
    if room.setup.is_dir():
        return room
    with locked(f"setup-{recipe.name}"):
        if not room.setup.is_dir():
            _set_up(room)
    return room


def _set_up(room: Room) -> None:
    recipe = room.recipe
    room.setup.parent.mkdir(exist_ok=True)
    partial = room.setup.with_name(f".{room.setup.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    certificate, key = _certificate()
    argv = _command(
        recipe.name,
        room._layers(),
        f"chmod 644 {KEY}\n{recipe.setup}",
        users=list(recipe.users),
        files={
            CERTIFICATE: certificate,
            KEY: key,
            "/etc/hosts": _hosts(recipe.name),
            # Nobody answers: a daemon that asks at its start shall not wait for long.
            "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
            **recipe.files,
        },
        keep=partial,
    )
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=_SETUP_SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{recipe.name}: its setup did not end within {_SETUP_SECONDS} s") from error
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable(f"{recipe.name}: its setup failed:\n{(done.stdout + done.stderr)[-2000:]}")
    partial.rename(room.setup)


def _hosts(name: str) -> str:
    return f"127.0.0.1 localhost\n127.0.1.1 {name}.lab.example {name}\n::1 localhost\n"


def _command(
    name: str,
    layers: Sequence[Path],
    script: str,
    address: str = "",
    users: list[str] | None = None,
    files: dict[str, str] | None = None,
    keep: Path | None = None,
) -> list[str]:
    place = cache() / "room"
    place.mkdir(exist_ok=True)
    plan = {
        "place": str(place),
        "links": str(cache() / "links"),
        "layers": ":".join(map(_link, layers)),
        "outside": os.readlink("/proc/self/ns/uts"),
        "host": name,
        "address": address,
        "script": script,
        "users": users,
        "files": files or {},
        "keep": str(keep or ""),
    }
    # Without an address it is a setup, which needs no network.
    spaces = ["--mount", "--pid", "--uts", "--ipc", *([] if address else ["--net"])]
    python = [sys.executable, "-S", "-E", str(_ROOM), json.dumps(plan)]
    return ["setpriv", "--pdeathsig", "KILL", "unshare", *spaces, "--fork", "--kill-child", "--", *python]


def _link(folder: Path) -> str:
    """A short name for a folder."""
    links = cache() / "links"
    links.mkdir(exist_ok=True)
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:7]
    link = links / name
    if not link.is_symlink():
        partial = links / f".{name}.{os.getpid()}"
        partial.symlink_to(folder)
        partial.replace(link)
    return name


def _certificate() -> tuple[str, str]:
    """A self-signed certificate and its key, PEM, as the package ssl-cert makes them."""
    files = cache() / "snakeoil.pem", cache() / "snakeoil.key"
    with locked("snakeoil"):
        if not files[1].exists():
            key = rsa.generate_private_key(65537, 2048)
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "daemon.lab.example")])
            start = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
            builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3650))
            names = x509.SubjectAlternativeName([x509.DNSName("daemon.lab.example")])
            certificate = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
            files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            form = serialization.PrivateFormat.TraditionalOpenSSL
            files[1].write_bytes(
                key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
            )
    return files[0].read_text(), files[1].read_text()


__all__ = ["BASE", "CERTIFICATE", "KEY", "Room", "furnish"]
