"""What identification says runs behind a service."""

from __future__ import annotations

from scanner.model.base import Frozen


class Product(Frozen, frozen=True, cache_hash=True):
    """A product named by a banner.

    `vendor` and `name` are the lower-case words of a CPE (`openbsd`, `openssh`), and `name` is what baselines go by.
    `version` is the upstream version as the banner writes it (`9.2p1`). `revision` is the package version as the
    distribution writes it, without an epoch, which no banner has (`9.2p1-2+deb12u7`). `distro` is who built it
    (`debian:12`, `ubuntu:22.04`, `raspbian:12`, `el:8`, `freebsd`), None where the banner does not say. `cpe` is a
    CPE 2.3 string. `certain` is False where the rule itself knows that the version may be bundled or rewritten.
    """

    vendor: str
    name: str
    version: str | None = None
    revision: str | None = None
    distro: str | None = None
    cpe: str | None = None
    certain: bool = True
    rule: str = ""
    """Which fingerprint or parser said so: `ssh.xml: OpenSSH on Debian`."""
