"""Where scan data cannot be kept: one sentence, before anything is sent. As root without its right to ignore modes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typed import sentence

PLAIN = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
SCAN = [sys.executable, "-m", "scanner.cli", "scan"]
ASSESS = [sys.executable, "-m", "scanner.cli", "assess"]
FULL = """
import sys
from pathlib import Path
from scanner.cli import group, main
from scanner import session
from scanner.model.observation import HostSeen
from scanner.ports import parse_ports
from scanner.store import Store

@group.command("fill")
def fill():
    request = session.ScanRequest(
        site=session.load_site(Path(sys.argv[1])), zone="loop", interface="lo", engine="connect", ports=parse_ports("9")
    )
    with Store(Path(sys.argv[2])) as store:
        journal = session.open_journal(request, session.live_vantage(request), store)
        for number in range(100_000):
            journal.write("sweep", HostSeen(f"127.0.{number >> 8 & 255}.{number & 255}", "arp", 0.0))
        journal.flush()

group.get_command = lambda context, name: fill
main(["fill"])
"""


def from_loop(site: Path, store: Path) -> list[str]:
    return [*SCAN, str(site), "--from", "loop", "--interface", "lo", "--engine", "connect", "--store", str(store)]


def said(command: list[str], code: int = 2) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.returncode == code, done.stderr
    assert not done.stdout
    return sentence(done.stderr)


def test_no_such_folder(site: Path, tmp_path: Path) -> None:
    assert f"there is no folder {tmp_path / 'evidence'}; make it" in said(
        from_loop(site, tmp_path / "evidence/s.sqlite")
    )


def test_a_file_for_a_folder(site: Path) -> None:
    assert "is a file, not a folder" in said(from_loop(site, site / "s.sqlite"))


def test_a_folder_for_a_file(site: Path, tmp_path: Path) -> None:
    assert "is a folder; name a file in it, such as --store" in said(from_loop(site, tmp_path))
    assert "is a folder; name a file in it" in said([*ASSESS, str(site), "--store", str(tmp_path)])


def test_a_device_for_a_file(site: Path) -> None:
    assert "/dev/null: is no ordinary file" in said(from_loop(site, Path("/dev/null")))


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="there is no setpriv here")
def test_what_this_user_may_not(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    store = folder / "s.sqlite"
    store.touch()
    store.chmod(0o000)
    assert "may not read it" in said([*PLAIN, *from_loop(site, store)])
    assert "may not read it" in said([*PLAIN, *ASSESS, str(site), "--store", str(store)])
    store.chmod(0o400)
    assert "may not write it" in said([*PLAIN, *from_loop(site, store)])
    store.chmod(0o600)
    folder.chmod(0o500)
    assert f"may make no files in {folder}" in said([*PLAIN, *from_loop(site, store)])
    assert f"may make no files in {folder}" in said([*PLAIN, *from_loop(site, folder / "new.sqlite")])
    folder.chmod(0o700)


def test_a_read_only_disk(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    script = f'mount -t tmpfs -o ro none {folder} && exec "$@"'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", *from_loop(site, folder / "s.sqlite")]
    assert f"{folder} is on a read-only disk; name a file elsewhere with --store" in said(command)


@pytest.mark.parametrize("size", ["12k", "1m"], ids=["from the beginning", "after a while"])
def test_a_full_disk(site: Path, tmp_path: Path, size: str) -> None:
    folder = tmp_path / "usb"
    folder.mkdir()
    script = f'mount -t tmpfs -o size={size} none {folder} && exec "$@"'
    fill = [sys.executable, "-c", FULL, str(site), str(folder / "s.sqlite")]
    words = said(["unshare", "-rm", "sh", "-c", script, "sh", *fill], code=3)
    assert f"{folder / 's.sqlite'}: " in words
    assert "the disk is full" in words


def test_some_other_file(site: Path, tmp_path: Path) -> None:
    other = tmp_path / "holiday.jpg"
    other.write_bytes(b"\xff\xd8\xff\xe0" + bytes(4096))
    assert "cannot be used as a store of scan data: it is no store of scan data" in said(
        [*ASSESS, str(site), "--store", str(other)]
    )
