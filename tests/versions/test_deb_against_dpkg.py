"""The Debian order against the program that defines it."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from scanner.versions import compare

PARTS = ["1", "2", "10", "09", "0", "a", "b", "rc1", "~", "~~", "+", "+deb12u", "~bpo11+1", ".", "ubuntu0", "p", "Z"]


def generated(source: random.Random) -> str:
    upstream = str(source.randrange(3)) + "".join(source.choice([*PARTS, "-"]) for _ in range(source.randrange(4)))
    text = upstream.rstrip("-")
    if source.random() < 0.6:
        text += "-" + "".join(source.choice(PARTS) for _ in range(source.randrange(1, 4)))
    return f"{source.randrange(3)}:{text}" if source.random() < 0.3 else text


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is not installed; it is the judge of this test")
def test_agrees_with_dpkg() -> None:
    """One shell asks dpkg about 400 pairs."""
    source = random.Random(20261120)
    pairs = [(generated(source), generated(source)) for _ in range(400)]
    script = """
        while read -r left right; do
            if dpkg --compare-versions "$left" lt "$right"; then echo -1
            elif dpkg --compare-versions "$left" eq "$right"; then echo 0
            else echo 1; fi
        done
    """
    asked = "".join(f"{left} {right}\n" for left, right in pairs)
    run = subprocess.run(["sh", "-c", script], input=asked, capture_output=True, text=True, timeout=120, check=True)
    assert not run.stderr
    truth = [int(line) for line in run.stdout.split()]
    assert {-1, 1} <= set(truth)
    assert [compare("deb", a, b) for a, b in pairs] == truth
