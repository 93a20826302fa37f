"""Whatever happens to the owner, no process of a lab outlives it and the next lab finds no trace of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from netns import IN_LAB

from scanner.errors import BadInput
from scanner.importers.document import read_document
from scanner.lab.kernel import NAMED, Process
from scanner.lab.namespaces import labs, lower, raise_lab, reap
from scanner.lab.records import FOLDER, Record, path_of
from scanner.lab.topology import Topology

pytestmark = IN_LAB

SMALL = """
name: small
title: One segment
today: 2026-11-20
networks: [{name: office, subnets: [10.78.1.0/24]}]
site: {client: Small, site: lab, zones: [{name: office, subnets: [10.78.1.0/24]}]}
hosts:
  - name: pc
    legs: {office: [10.78.1.10]}
    services: [{port: tcp/22, speaks: banner, options: {text: alive}}]
"""
OWNER = f"""
import sys
from scanner.importers.document import read_document
from scanner.lab.namespaces import raise_lab
from scanner.lab.privilege import enter_user_namespace
from scanner.lab.topology import Topology
enter_user_namespace()
try:
    with raise_lab(read_document({SMALL!r}, Topology, "small"), persistent="persistent" in sys.argv) as lab:
        print(lab.name, flush=True)
        if "persistent" not in sys.argv:
            asked = "import socket; print(socket.create_connection(('10.78.1.10', 22), 3).recv(9).decode().strip())"
            lab.run("office", [sys.executable, "-c", asked], check=True)
            sys.stdin.readline()
except KeyboardInterrupt:
    sys.exit(130)
"""


def own(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdin=-1, stdout=-1, stderr=-1, text=True)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def traces(name: str) -> list[str]:
    return [each for folder in (NAMED, FOLDER) for each in os.listdir(folder) if each.startswith(name)]


def server_of(name: str) -> Process:
    server = msgspec.json.decode(path_of(name).read_bytes(), type=Record).server
    assert server is not None
    return server


def soon(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def test_killed_owner() -> None:
    with own() as owner:
        name = line(owner)
        assert line(owner) == "alive"
        server = server_of(name)
        assert server.alive
        assert name in {each.name for each in labs()}
        owner.kill()
    assert soon(lambda: not server.alive)
    assert name not in {each.name for each in labs()}
    with raise_lab(read_document(SMALL, Topology, "small")):
        assert soon(lambda: not traces(name)), "whoever raises the next lab, here or in another test, takes it down"


def test_killed_owner_and_what_still_runs_in_the_zone() -> None:
    """A scan that outlived its owner is ended with the lab, or the namespaces would stay, nameless."""
    with own() as owner:
        name = line(owner)
        line(owner)
        lab = next(each for each in labs() if each.name == name)
        scan = subprocess.Popen(lab.command("office", ["sh", "-c", "echo in; read _"]), stdin=-1, stdout=-1)
        assert scan.stdout is not None
        assert scan.stdout.readline() == b"in\n"
        owner.kill()
    reap()  # unless another test's lab did so already
    assert scan.wait(300) == -signal.SIGKILL
    assert soon(lambda: not traces(name))
    scan.communicate()


@pytest.mark.parametrize("after", [0.25, 0.35, 0.45, 0.6])
def test_interrupted_while_it_is_built(after: float) -> None:
    with own() as owner:
        time.sleep(after)
        owner.send_signal(signal.SIGINT)
        owner.communicate("\n", timeout=300)
    # Its exit code tells nothing: Python drops an interrupt that arrives while an object is being destroyed.
    assert not traces(f"fw-{owner.pid}-"), f"left after {after} s"


def test_killed_while_it_is_built() -> None:
    prefix = ""
    with own() as owner:
        prefix = f"fw-{owner.pid}-"
        assert soon(lambda: any(each.startswith(prefix) for each in os.listdir(NAMED)))
        owner.kill()

    def gone() -> bool:
        """A program that the owner had started may still add a namespace: the lab is noted until none is left."""
        reap()
        return not traces(prefix)

    assert soon(gone)


def test_normal_end() -> None:
    with own() as owner:
        name = line(owner)
        server = server_of(name)
        owner.communicate("\n", timeout=300)
    assert owner.returncode == 0
    assert not traces(name)
    assert not server.alive


def test_persistent_outlives_its_maker_until_it_is_lowered() -> None:
    with own("persistent") as owner:
        name = line(owner)
        owner.communicate(timeout=300)
    try:
        server = server_of(name)
        reap()
        lab = next(each for each in labs() if each.name == name)
        assert lab.persistent
        assert lab.topology == "small"
        time.sleep(0.3)
        assert server.alive
        asked = "import socket; print(socket.create_connection(('10.78.1.10', 22), 3).recv(9).decode().strip())"
        done = lab.run("office", [sys.executable, "-c", asked], capture_output=True, text=True)
        assert done.stdout == "alive\n"
    finally:
        lower(name)
    assert not traces(name)
    assert not server.alive
    with pytest.raises(BadInput, match=name):
        lower(name)


def test_recycled_process_number_is_not_the_owner() -> None:
    me = Process.of(os.getpid())
    assert me.alive
    assert not msgspec.structs.replace(me, started=me.started - 1).alive
    other_world = msgspec.structs.replace(me, started=me.started - 1, world=1)
    assert other_world.alive
    other_world.end()


def _nobodys_python() -> tuple[str, dict[str, str]] | str:
    """A Python that the user nobody may start, and the environment in which it finds our packages; or why not."""
    if shutil.which("setpriv") is None:
        return "no setpriv to become another user with"
    paths = [str(Path(each)) for each in sys.path if each]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"}
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        with contextlib.suppress(OSError):
            tried = subprocess.run(
                [*NOBODY, python, "-c", "import scanner.lab.namespaces"], env=environment, capture_output=True
            )
            if tried.returncode == 0:
                return python, environment
    return "no Python here that the user nobody may start with our packages"


# Through a shell: setpriv itself may still start what the user nobody may not.
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-c", 'exec "$@"', "sh"]


def test_without_privilege() -> None:
    found = _nobodys_python()
    if isinstance(found, str):
        pytest.skip(found)
    python, environment = found
    refused = subprocess.run(
        [*NOBODY, python, "-c", "from scanner.lab.privilege import can_raise; print(can_raise() or '')"],
        env=environment,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if refused:
        pytest.skip(refused)
    before = set(traces("fw-"))  # other labs may come and go meanwhile
    done = subprocess.run(
        [*NOBODY, python, "-c", OWNER], env=environment, input="\n", capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    name, said = done.stdout.split()
    assert said == "alive"
    assert name.startswith("fw-")
    assert set(traces(name)) <= before
