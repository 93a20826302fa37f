"""What doctor says, and that its advice works: it is followed to the letter on an interpreter of our own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.cli.doctor import SETPRIV, advice, granting, speed
from scanner.net.fitness import Fitness, fitness

NOBODY = 65534
PLAINLY = ["sh", "-c", 'exec "$0" "$@"']
"""setpriv itself still starts its program with root's rights to files; what that one starts has them no more."""
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *PLAINLY]
OPEN = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()"
FIT = Fitness(numpy="2.1", scapy="2.6", sendmmsg=True, ring=True, cores=2)


def tried(*command: object) -> str:
    """The last line of its complaints; empty where it has none."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd="/")
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


@pytest.fixture
def environment() -> Iterator[Path]:
    """A virtual environment of the user nobody, made with links as it usually is."""
    if os.geteuid() != 0:
        pytest.skip("giving somebody a right takes root")
    for tool in ("setcap", "setpriv"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool} here")
    readable = [
        each for each in (sys.executable, "/usr/bin/python3") if not tried(*AS_NOBODY, each, "-c", "import venv")
    ]
    if not readable:
        pytest.skip("no interpreter here may be read by the user nobody")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        prefix = folder / "environment"
        prefix.mkdir()
        os.chown(prefix, NOBODY, NOBODY)
        assert not tried(*AS_NOBODY, readable[0], "-m", "venv", "--without-pip", "--symlinks", prefix)
        yield prefix


def test_the_right_goes_to_a_copy_of_the_interpreter(environment: Path) -> None:
    """The user's commands as the user, those with sudo as root; then a program of the environment has the right, and
    nothing else that the system's interpreter runs."""
    python = environment / "bin" / "python3"
    system = python.resolve()
    program = environment / "bin" / "program"
    program.write_text(f"#!{environment}/bin/python\n{OPEN}\n")
    program.chmod(0o755)
    assert tried(*AS_NOBODY, program).startswith("PermissionError")
    for command in granting(python, environment):
        assert "#" not in command
        as_root, words = command.startswith("sudo "), command.removeprefix("sudo ").split()
        assert not tried(*([] if as_root else AS_NOBODY), *words), command
    assert not tried(*AS_NOBODY, python, "-c", OPEN)
    assert not tried(*AS_NOBODY, program)
    assert tried(*AS_NOBODY, system, "-c", OPEN).startswith("PermissionError")
    other = ["setpriv", "--reuid=65533", "--regid=65533", "--clear-groups", *PLAINLY]
    assert "Permission denied" in tried(*other, python, "-c", OPEN)
    # Done twice it does no harm, and nothing is copied over itself.
    assert [each.split()[0] for each in granting(python, environment)] == ["chmod", "sudo"]


def test_the_right_for_one_run(environment: Path) -> None:
    text = SETPRIV[0].removeprefix("sudo ").replace('"$USER"', "nobody").replace('"$(id -g)"', str(NOBODY))
    words = [*text.split(), *PLAINLY]
    assert not tried(*words, environment / "bin" / "python", "-c", OPEN)
    assert tried(*words, environment / "bin" / "python", "-c", "import os; os.setuid(0)").startswith("PermissionError")


def test_the_systems_interpreter_is_not_given_the_right(tmp_path: Path) -> None:
    for python, prefix in (("/usr/bin/python3", "/usr"), ("/elsewhere/bin/python3", str(tmp_path))):
        [said] = granting(Path(python), Path(prefix))
        assert "venv --copies" in said
        assert "setcap" not in said


def test_a_container_without_the_right_is_told_so() -> None:
    said = " ".join(advice(Path("/x/bin/python"), Path("/x"), Path("/x/bin/fencewalk"), forbidden=True))
    assert "--cap-add NET_RAW" in said
    assert "sudo" not in said
    said = " ".join(advice(Path("/x/bin/python"), Path("/x"), Path("/x/bin/fencewalk"), forbidden=False))
    assert "sudo /x/bin/fencewalk scan" in said


@pytest.mark.parametrize(
    ("changes", "lacks", "says"),
    [
        ({}, set(), "numpy 2.1"),
        ({"numpy": ""}, {"fast sending"}, "pip install numpy"),
        ({"sendmmsg": False}, {"fast sending"}, "no sendmmsg"),
        ({"ring": None}, {"fast receiving"}, "can only be tried"),
        ({"ring": False}, {"fast receiving"}, "lower max_rate"),
        ({"cores": 1}, {"two processors"}, "in turn"),
        ({"scapy": ""}, {"capture"}, "pip install scapy"),
    ],
)
def test_what_a_fast_scan_takes(changes: dict[str, object], lacks: set[str], says: str) -> None:
    import msgspec

    found = speed(msgspec.structs.replace(FIT, **changes))
    assert {what for what, good, _ in found if not good} == lacks
    assert any(says in detail for _, _, detail in found)


def test_this_machine() -> None:
    found = fitness()
    assert found.numpy
    assert found.scapy
    assert found.cores == len(os.sched_getaffinity(0))
    done = subprocess.run([sys.executable, "-m", "scanner.cli", "doctor"], capture_output=True, text=True, check=True)
    assert f"numpy {found.numpy}" in done.stdout
    assert "raw packets" in done.stdout
    assert not done.stderr
