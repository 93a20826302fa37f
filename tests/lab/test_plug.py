"""The laptop's switch ports: commands that begin at the same moment do not unplug each other."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from scanner.lab.blueprint import Port
from scanner.lab.plug import script

BRIDGE = '#!/bin/sh\necho "$2 $8" >>FOLDER/states\n'
"""Notes which switch's port gets which state."""
IP = "#!/bin/sh\ntouch FOLDER/looked\nsleep 0.5\n"
"""Finds nobody in the other zone, and is slow to say so."""


@pytest.mark.skipif(shutil.which("flock") is None, reason="there is no flock here")
def test_a_port_that_a_command_opens_is_not_closed_by_another_that_looked_before(tmp_path: Path) -> None:
    for name, text in (("bridge", BRIDGE), ("ip", IP)):
        (tmp_path / name).write_text(text.replace("FOLDER", str(tmp_path)))
        (tmp_path / name).chmod(0o700)
    ports = {zone: Port(f"laptop-{zone}", zone, "port0", (), ()) for zone in ("servers", "office")}
    flock = shutil.which("flock") or ""
    plug = tmp_path / "plug"
    plug.write_text(script(ports, str(tmp_path / "ip"), str(tmp_path / "bridge"), flock, str(tmp_path / "lab")))
    (tmp_path / "lab.plugged-servers").touch()  # something ran there a moment ago
    with subprocess.Popen(["sh", plug, "office", "--"]) as first:
        while not (tmp_path / "looked").exists():
            assert first.poll() is None
            time.sleep(0.005)
        subprocess.run(["sh", plug, "servers", "--", "true"], check=True)
    assert first.returncode == 0
    states = dict(line.split() for line in (tmp_path / "states").read_text().splitlines())
    assert states["servers"] == "3"
