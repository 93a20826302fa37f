"""Pairs of package versions, and the programs that define their order.

`python tests/package_judges.py` judges the pairs by `dpkg` and by `rpm` (both have to be installed) and writes their
verdicts to `versions/oracles/`, so that the tests know them where the programs are missing.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from scanner.versions import Order, compare

FOLDER = Path(__file__).parent / "versions" / "oracles"
SIGNS: dict[str, Order] = {"<": -1, "=": 0, ">": 1}
Pair = tuple[str, str]
Judge = Callable[[Sequence[Pair]], list[Order]]

DEB_REAL = (FOLDER / "real-deb.txt").read_text(encoding="utf-8").split()
RPM_REAL = (FOLDER / "real-rpm.txt").read_text(encoding="utf-8").split()
DEB_PIECES = (
    "1",
    "9",
    "10",
    "09",
    "0",
    "a",
    "b",
    "rc1",
    "Z",
    "~",
    "~~",
    "+",
    ".",
    "-",
    "p",
    "+deb12u",
    "~bpo11+1",
    "+esm1",
)
RPM_PIECES = (
    "1",
    "9",
    "10",
    "09",
    "0",
    "a",
    "b",
    "rc1",
    "Z",
    "~",
    "~~",
    "^",
    "^git1",
    "+",
    ".",
    "_",
    "..",
    "p",
    ".el9_4",
    "_9.2",
)
_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|.")


def _changed(text: str, pieces: Sequence[str], source: random.Random) -> str:
    """The same version with one to three of its tokens dropped, changed or grown."""
    tokens = _TOKEN.findall(text)
    for _ in range(source.randrange(1, 4)):
        at = source.randrange(len(tokens))
        kind = source.randrange(4)
        if kind == 0 and tokens[at].isdigit():
            tokens[at] = str(max(0, int(tokens[at]) + source.choice((-1, 1, 10))))
        elif kind == 1 and len(tokens) > 1:
            del tokens[at]
        elif kind == 2:
            tokens[at] = source.choice(pieces)
        else:
            tokens.insert(at + 1, source.choice(pieces))
    return "".join(tokens)


def _made(pieces: Sequence[str], source: random.Random) -> str:
    version = str(source.randrange(3)) + "".join(source.choice(pieces) for _ in range(source.randrange(5)))
    release = "".join(source.choice(pieces) for _ in range(source.randrange(1, 4)))
    epoch = f"{source.randrange(3)}:" if source.random() < 0.2 else ""
    return f"{epoch}{version}-{release}" if source.random() < 0.8 else epoch + version


def pairs(scheme: str, real: Sequence[str], count: int, seed: int) -> Iterator[Pair]:
    """Of real versions, of a real one and its near relative, and of made ones; only what the scheme can order."""
    source = random.Random(seed)
    pieces = DEB_PIECES if scheme == "deb" else RPM_PIECES
    while count:
        left = source.choice(real) if source.random() < 0.7 else _made(pieces, source)
        chance = source.random()
        if chance < 0.25:
            right = source.choice(real)
        else:
            right = _changed(left, pieces, source) if chance < 0.8 else _made(pieces, source)
        if compare(scheme, left, right) is not None:
            count -= 1
            yield left, right


def dpkg(asked: Sequence[Pair]) -> list[Order]:
    """By the program itself: two questions a pair."""
    script = """
        while read -r left right; do
            if dpkg --compare-versions "$left" lt "$right"; then echo -1
            elif dpkg --compare-versions "$left" eq "$right"; then echo 0
            else echo 1; fi
        done
    """
    return _orders(["sh", "-c", script], "".join(f"{left} {right}\n" for left, right in asked))


def dpkg_perl(asked: Sequence[Pair]) -> list[Order]:
    """By Debian's own library: one process for any number of pairs."""
    script = 'while (<>) { my ($a, $b) = split; print version_compare($a, $b), "\\n" }'
    return _orders(["perl", "-MDpkg::Version", "-e", script], "".join(f"{left} {right}\n" for left, right in asked))


def rpm(asked: Sequence[Pair]) -> list[Order]:
    """By rpm's own comparison of epoch, version and release, a thousand pairs a process."""
    found: list[Order] = []
    for start in range(0, len(asked), 1000):
        lines = " ".join(f'print(rpm.vercmp("{left}","{right}").." ")' for left, right in asked[start : start + 1000])
        found += _orders(["rpm", "--eval", "%{lua:" + lines + "}"], "")
    return found


def _orders(command: Sequence[str], given: str) -> list[Order]:
    run = subprocess.run(command, input=given, capture_output=True, text=True, timeout=300, check=True)
    assert not run.stderr, run.stderr[:200]
    orders: dict[str, Order] = {"-1": -1, "0": 0, "1": 1}
    return [orders[each] for each in run.stdout.split()]


def table(program: str) -> list[tuple[str, str, Order]]:
    """The verdicts that were written down."""
    lines = (FOLDER / f"{program}.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" ") for line in lines if line and not line.startswith("#"))
    return [(left, right, SIGNS[sign]) for left, sign, right in rows]


def _write(program: str, scheme: str, real: Sequence[str], judge: Judge) -> None:
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    asked = list(dict.fromkeys(pairs(scheme, real, 2000, seed=7)))
    signs = {order: sign for sign, order in SIGNS.items()}
    rows = [f"{left} {signs[order]} {right}" for (left, right), order in zip(asked, judge(asked), strict=True)]
    head = f"# Judged by {program} (python tests/package_judges.py): {version}"
    (FOLDER / f"{program}.txt").write_text("\n".join([head, *rows, ""]), encoding="utf-8")


if __name__ == "__main__":
    for write in (partial(_write, "dpkg", "deb", DEB_REAL, dpkg), partial(_write, "rpm", "rpm", RPM_REAL, rpm)):
        write()
    sys.stdout.write("written\n")
