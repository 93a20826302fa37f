"""fencewalk beside `nmap -sV -T4` on every daemon of the lab: what was right, what was invented, and how long it took.

    python tests/benchmarks/bench_identify.py [NAME...] [--office] [--rows] [--without-nmap] [--release 13]

All daemons stand at once, each at an address of its own. Both tools get the same list of TCP and UDP ports, and are
judged by the same truth: the packages' own versions. Nmap is told that all hosts are up (-Pn) and to ask no DNS (-n);
its UDP ports go to the hosts that have one only, in a second run, as each of the others would cost it seconds.
fencewalk runs as a user runs it, with discovery and the store, without Nmap's head start.

`--release`: the same daemons as another release of Debian has them, in versions that no fingerprint was written by.
The recipes are written for one release, so that some do not start there, or show less.

Whether Nmap is right is judged kindly: its product is right when a right name is among the words of the product or of
a CPE, its version when the right version is among what it says, its revision when the package's revision can be put
together from it.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from defusedxml.ElementTree import parse

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from daemons import judge, lab, recipe, run
from daemons.judge import Judged, Said, Truth
from daemons.packages import RELEASES, release

Answers = dict[tuple[str, str], Said]

OFFICE = Path(__file__).with_name("office_daemons.txt")
"""What the network of an office shows."""


class Score(msgspec.Struct):
    """Right of possible."""

    products: int = 0
    versions: int = 0
    revisions: int = 0
    wrong: int = 0
    invented: int = 0


class Possible(msgspec.Struct):
    products: int = 0
    shown: int = 0
    versions: int = 0
    revisions: int = 0


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="daemons, by default all")
    parser.add_argument("--office", action="store_true", help="those that an office's network shows")
    parser.add_argument("--rows", action="store_true", help="print every port on which one of the two is not right")
    parser.add_argument("--without-nmap", action="store_true")
    parser.add_argument("--release", choices=sorted(RELEASES), help="of Debian", default=release())
    options = parser.parse_args(arguments)
    if options.release not in RELEASES:
        parser.error(f"FENCEWALK_RELEASE is {options.release!r}, and may be {', '.join(sorted(RELEASES))}")
    os.environ["FENCEWALK_RELEASE"] = options.release
    if options.office:
        options.names = [
            *options.names,
            *(each for each in recipe.names() if each in OFFICE.read_text("utf-8").split()),
        ]
    reason = lab.why_not()
    if reason:
        print(f"cannot be measured here: {reason}", file=sys.stderr)
        return 4
    rooms, unavailable = run.provide([recipe.load(each) for each in options.names or recipe.names()])
    if not lab.is_inside():
        flags = [each for each in arguments if each in ("--rows", "--without-nmap")]
        argv = lab.inside([sys.executable, __file__, *flags, *(each.recipe.name for each in rooms)])
        print(f"{len(rooms)} daemons, {len(unavailable)} whose packages cannot be had", file=sys.stderr, flush=True)
        os.execvp(argv[0], argv)
    with lab.DaemonLab(rooms, patience=90.0) as built, tempfile.TemporaryDirectory(dir=lab.HERE) as folder:
        for name, why in built.failed.items():
            print(f"{name}: {why}", file=sys.stderr)
        ours, seconds = judge.scan(built, Path(folder))
        rows = {"fencewalk": judge.judge_all(built, ours)}
        times = {"fencewalk": seconds}
        if not options.without_nmap:
            theirs, times["nmap -sV -T4"] = nmap(built, Path(folder))
            rows["nmap -sV -T4"] = judge_nmap(built, theirs)
        print("\n".join(table(rows, times, len(built.running))))
        if options.rows:
            for tool, judged in rows.items():
                amiss = [each for each in judged if each.worst != "ok"]
                print("\n".join([f"\n{tool}", *run.table(amiss)]))
    return 0


def table(rows: dict[str, list[Judged]], times: dict[str, float], daemons: int) -> list[str]:
    first = next(iter(rows.values()))
    possible = Possible(
        products=sum(bool(each.truth.products) for each in first),
        shown=sum(each.truth.shows_product and bool(each.truth.products) for each in first),
        versions=sum(each.truth.version is not None for each in first),
        revisions=sum(each.truth.revision is not None for each in first),
    )
    lines = [
        f"{daemons} daemons, {len(first)} services; the wire shows {possible.shown} products of {possible.products},"
        f" {possible.versions} versions, {possible.revisions} revisions",
        f"{'':14} {'products':>12} {'versions':>12} {'revisions':>12} {'wrong':>6} {'invented':>9}"
        f" {'seconds':>8} {'ratio':>6}",
    ]
    for tool, judged in rows.items():
        score = count(judged)
        ratio = times[tool] / times["fencewalk"]
        lines.append(
            f"{tool:14} {_of(score.products, possible.products)} {_of(score.versions, possible.versions)}"
            f" {_of(score.revisions, possible.revisions)} {score.wrong:6} {score.invented:9}"
            f" {times[tool]:8.1f} {ratio:6.1f}"
        )
    return lines


def _of(count: int, total: int) -> str:
    return f"{f'{count}/{total}':>12}"


def count(rows: Iterable[Judged]) -> Score:
    score = Score()
    for row in rows:
        score.products += row.verdicts.get("product") == "ok"
        score.versions += row.truth.version is not None and row.verdicts.get("version") == "ok"
        score.revisions += row.truth.revision is not None and row.verdicts.get("revision") == "ok"
        score.wrong += row.verdicts.get("product") == "WRONG"
        score.invented += "INVENTED" in row.verdicts.values()
    return score


def nmap(built: lab.DaemonLab, folder: Path) -> tuple[Answers, float]:
    """What Nmap says, and its seconds: the sum of the TCP and the UDP run."""
    answers: Answers = {}
    seconds = 0.0
    for kind, option in (("tcp", "-sS"), ("udp", "-sU")):
        chosen = [one for one in built.running if any(each == kind for each, _ in one.recipe.ports)]
        ports = sorted({port for one in chosen for each, port in one.recipe.ports if each == kind})
        if not chosen:
            continue
        out = folder / f"{kind}.xml"
        argv = ["nmap", option, "-sV", "-T4", "-n", "-Pn", "-oX", str(out), "-p", ",".join(map(str, ports))]
        argv += [one.address for one in chosen]
        started = time.monotonic()
        subprocess.run(built.command(argv), check=True, capture_output=True)
        seconds += time.monotonic() - started
        answers.update(_read(out, kind))
    return answers, seconds


def _read(path: Path, kind: str) -> Iterable[tuple[tuple[str, str], Said]]:
    for host in parse(path).getroot().iter("host"):
        address = next(each.get("addr") for each in host.iter("address") if each.get("addrtype") == "ipv4")
        for port in host.iter("port"):
            service = port.find("service")
            if service is None or service.get("method") != "probed":
                continue
            said = [service.get(key) or "" for key in ("version", "extrainfo")]
            cpes = " ".join(each.text or "" for each in service.iter("cpe"))
            product = service.get("product")
            yield (
                (address, f"{kind}/{port.get('portid')}"),
                Said(
                    service.get("name"),
                    product and f"{product} {cpes}".strip(),
                    said[0] or None,
                    None,
                    None,
                    " ".join(said),
                ),
            )


def judge_nmap(built: lab.DaemonLab, answers: Answers) -> list[Judged]:
    rows = []
    for one in built.running:
        for port, service in one.recipe.services.items():
            right = judge.truth(one.room, service)
            said = kindly(right, one.recipe.name, answers.get((one.address, port), Said()))
            rows.append(judge.judge(one.recipe.name, one.address, port, right, said))
    return rows


def kindly(right: Truth, daemon: str, said: Said) -> Said:
    """Nmap's own words in ours, so that both are judged alike."""
    product = said.product
    if product is not None and _plain(product) == _plain(said.service or ""):
        # "VNC" for vnc is the protocol, no product.
        product = None
    if product is not None:
        words = _plain(product)
        match = next((each for each in (*right.products, daemon) if _plain(each) in words), None)
        product = (right.products or (product,))[0] if match else product
    version = said.version
    if version is not None and _contains(version, right.right_version):
        version = right.right_version
    # "9.2p1 Debian 2+deb12u7" is the revision 9.2p1-2+deb12u7.
    joined = re.sub(r"[\s-]*(?:Debian|MariaDB)[\s-]*", "-", said.evidence)
    revision = right.right_revision if right.revision and _contains(joined, right.revision) else None
    return Said(said.service, product, version, revision, right.distro, said.evidence)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _contains(text: str, version: str) -> bool:
    """As a whole, not as the beginning of a longer number."""
    return re.search(rf"(?<![\w.]){re.escape(version)}(?![\w]|\.\d)", text) is not None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
