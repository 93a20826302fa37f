"""What fencewalk says of each daemon's ports beside the truth, port by port."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from daemons.lab import SCANNER, SUBNET, DaemonLab, Running
from daemons.packages import RECIPES, release
from daemons.recipe import Service, upstream
from daemons.rooms import Room

Verdict = Literal["ok", "hidden", "missing", "WRONG", "INVENTED"]
"""hidden: not named, and the wire does not show it."""

_SITE = f"""\
client: Daemon lab
site: lab
authorization: {{by: "the lab", reference: LAB, from: 2020-01-01, until: 2099-12-31, contact: none}}
scope:
  include: [{SUBNET}]
  max_rate: 20000
  snmp_public: true
zones:
  - {{name: lab, subnets: [{SUBNET}], trust: user}}
"""


class Truth(msgspec.Struct, frozen=True):
    """What is right for one port; None is for what the wire does not show."""

    products: tuple[str, ...]
    shows_product: bool
    version: str | None
    revision: str | None
    distro: str | None
    right_version: str
    """Also where the wire shows none: to say it by other means is no invention. Empty where nobody knows it."""
    right_revision: str
    """Without an epoch, which no banner has, and without the mark of a mere rebuild (+b4), which some have."""
    rebuilt: str = ""
    """With that mark."""


class Said(msgspec.Struct, frozen=True):
    """What a scanner said of one port."""

    service: str | None = None
    product: str | None = None
    version: str | None = None
    revision: str | None = None
    distro: str | None = None
    evidence: str = ""


class Judged(msgspec.Struct, frozen=True):
    daemon: str
    address: str
    port: str
    truth: Truth
    said: Said
    verdicts: dict[str, Verdict]
    """For product, version, revision and distro, where there is something to say of it."""

    @property
    def worst(self) -> Verdict:
        order: tuple[Verdict, ...] = ("ok", "hidden", "missing", "WRONG", "INVENTED")
        return max(self.verdicts.values(), key=order.index, default="ok")


def truth(room: Room, service: Service) -> Truth:
    if release() != RECIPES and (service.exactly or not room.has(service.package or room.recipe.packages[0])):
        # A component's version, which the recipe knows of its own release only.
        return Truth(service.product, "product" in service.shows, None, None, None, "", "")
    package = room.version(service.package)
    rebuilt = package.partition(":")[2] or package
    revision = re.sub(r"\+b\d+$", "", rebuilt)
    version = service.exactly or upstream(package)
    if version == "kernel":
        version = os.uname().release
    if service.version:
        found = re.search(service.version, package)
        if found is None:
            raise ValueError(f"{room.recipe.name}: {service.version!r} is not in {package!r}")
        version = found[1]
    shows = service.shows
    return Truth(
        products=service.product,
        shows_product="product" in shows,
        version=version if "version" in shows else None,
        revision=revision if "revision" in shows else None,
        distro=f"debian:{release()}" if "distro" in shows else None,
        right_version=version,
        right_revision=revision,
        rebuilt=rebuilt,
    )


def judge(daemon: str, address: str, port: str, right: Truth, said: Said) -> Judged:
    verdicts: dict[str, Verdict] = {}
    if right.products and said.product is None:
        verdicts["product"] = "missing" if right.shows_product else "hidden"
    elif said.product is not None:
        verdicts["product"] = "ok" if said.product in right.products else "WRONG"
    for field, expected, correct in (
        ("version", right.version, (right.right_version, right.right_revision)),
        ("revision", right.revision, (right.right_revision, right.rebuilt)),
        ("distro", right.distro, (f"debian:{release()}", "debian")),
    ):
        found = getattr(said, field)
        if not right.right_version:
            continue
        if found is not None:
            verdicts[field] = "ok" if found in correct else "INVENTED"
        elif expected is not None:
            verdicts[field] = "missing"
    return Judged(daemon, address, port, right, said, verdicts)


def ports_of(running: Iterable[Running]) -> str:
    """The union of the daemons' ports, as `--ports` takes it."""
    ports = sorted({each for one in running for each in one.recipe.ports})
    return ",".join(f"U:{port}" if kind == "udp" else str(port) for kind, port in ports)


def scan(lab: DaemonLab, folder: Path, *options: str) -> tuple[dict[tuple[str, str], Said], float]:
    """What `fencewalk scan` and `fencewalk assess` say, by (address, `tcp/22`), and the scan's seconds."""
    site = folder / "site.yaml"
    site.write_text(_SITE)
    command = [sys.executable, "-m", "scanner.cli"]
    ports = ["--ports", ports_of(lab.running)] if "--ports" not in options else []
    argv = [*command, "scan", str(site), "--from", "lab", *ports, "--no-names", *options]
    started = time.monotonic()
    _run(lab.command(argv))
    seconds = time.monotonic() - started
    report = json.loads(_run([*command, "assess", str(site), "-o", "json=-"]))
    return dict(_services(report)), seconds


def _run(argv: Sequence[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def _services(report: dict[str, list[dict[str, list[dict[str, str]]]]]) -> Iterable[tuple[tuple[str, str], Said]]:
    for host in report["hosts"]:
        for each in host["services"]:
            said = msgspec.convert({key: each.get(key) for key in Said.__struct_fields__}, Said)
            for address in host["addresses"]:
                yield (str(address), f"{each['transport']}/{each['port']}"), said


def judge_all(lab: DaemonLab, said: dict[tuple[str, str], Said]) -> list[Judged]:
    return [
        judge(one.recipe.name, one.address, port, truth(one.room, service), said.get((one.address, port), Said()))
        for one in lab.running
        for port, service in one.recipe.services.items()
    ]


__all__ = ["SCANNER", "Judged", "Said", "Truth", "judge", "judge_all", "ports_of", "scan", "truth"]
