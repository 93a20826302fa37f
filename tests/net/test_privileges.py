"""Privileges given up for real: processes that start as root and try to do afterwards what only root may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.net.privileges import behind_sudo

NOBODY = 65534
root_only = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="giving up privileges takes root to begin with"
)

AFTER = """
import json, os, socket, subprocess, sys, threading
from pathlib import Path
from scanner.errors import FencewalkError
from scanner.net import privileges

def attempt(what):
    try:
        what()
    except (OSError, FencewalkError) as error:
        return type(error).__name__
    return "done"

def status(text):
    lines = dict(line.split(":", 1) for line in text.splitlines())
    return {key: lines[key].strip() for key in ("Uid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb",
                                                "NoNewPrivs")}

def give_up(files=(), **more):
    try:
        return privileges.drop([Path(each) for each in files], **more)
    except FencewalkError as error:
        return f"{type(error).__name__}: {error}"

def look(said, files=(), **more):
    fork = os.open("/proc/self/status", os.O_RDONLY)
    print(json.dumps({
        "said": said,
        "again": give_up(files),
        "own": status(os.read(fork, 1 << 16).decode()),
        "child": status(subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True).stdout),
        "raw": attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)),
        "etc": attempt(lambda: Path("/etc/fencewalk-test").write_text("")),
        "setuid": attempt(lambda: os.setuid(0)),
        "home": os.environ.get("HOME"),
        **more,
    }))
"""


def run(script: str, *args: object, sudo: bool = False, within: str = "") -> dict[str, object]:
    """The script's report. It starts as root, with or without sudo's variables."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SUDO_")} | {"HOME": "/root"}
    if sudo:
        environment |= {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY), "SUDO_USER": "somebody"}
    command = [sys.executable, "-c", AFTER + script, *map(str, args)]
    if within:
        command = ["ip", "netns", "exec", within, *command]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def rights(status: object) -> set[int]:
    assert isinstance(status, dict)
    return {int(status[key], 16) for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def theirs(open_folder: Path) -> Path:
    """A folder of the user nobody."""
    folder = open_folder / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    return folder


@pytest.mark.parametrize(
    ("uid", "gid", "expected"),
    [
        ("1000", "100", (1000, 100)),
        ("65534", "65534", (65534, 65534)),
        ("0", "0", None),
        ("", "", None),
        ("1000", "", None),
        ("-1", "100", None),
        ("4294967295", "100", None),
        ("100000000000000", "100", None),
        ("jo", "jo", None),
        ("²", "100", None),
    ],
)
@root_only
def test_who_called_sudo(monkeypatch: pytest.MonkeyPatch, uid: str, gid: str, expected: tuple[int, int] | None) -> None:
    monkeypatch.setenv("SUDO_UID", uid)
    monkeypatch.setenv("SUDO_GID", gid)
    found = behind_sudo()
    assert (found and (found.uid, found.gid)) == expected


@root_only
def test_root_by_sudo_becomes_the_user(theirs: Path) -> None:
    left = theirs / "site.fencewalk.sqlite"
    for each in (left, theirs / "site.fencewalk.sqlite-wal"):
        each.write_text("an earlier run left this to root")
    found = run(
        "said = give_up([sys.argv[1]], program=())\nPath(sys.argv[1]).write_text('x')\nlook(said)", left, sudo=True
    )
    assert found["said"] == "became nobody"
    assert found["again"] == "nothing to give up"
    for who in (found["own"], found["child"]):
        assert isinstance(who, dict)
        assert set(who["Uid"].split()) == {str(NOBODY)}
        assert set(who["Groups"].split()) == {str(NOBODY)}
        assert who["NoNewPrivs"] == "1"
        assert rights(who) == {0}
    assert (found["raw"], found["etc"], found["setuid"]) == ("PermissionError",) * 3
    assert found["home"] == "/nonexistent"
    assert {each.stat().st_uid for each in theirs.iterdir()} == {NOBODY}


@root_only
def test_links_in_the_users_folder_give_nothing_away(theirs: Path, open_folder: Path) -> None:
    """Only a plain file without a second name is handed over, and only in the user's own folder."""
    secret = open_folder / "secret"
    secret.write_text("root's")
    (theirs / "soft").symlink_to(secret)
    (theirs / "hard").hardlink_to(secret)
    elsewhere = open_folder / "elsewhere"
    elsewhere.write_text("root's too")
    for name in (theirs / "soft", theirs / "hard", elsewhere):
        found = run("look(give_up([sys.argv[1]], program=()))", name, sudo=True)
        assert str(found["said"]).endswith("stays root, as nobody cannot read the program or write the files"), name
        assert found["raw"] == "PermissionError"
    assert {secret.stat().st_uid, elsewhere.stat().st_uid} == {0}


@root_only
def test_a_user_who_cannot_read_the_program_leaves_root_without_rights(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = run("look(give_up(program=[Path(sys.argv[1])]))", closed, sudo=True)
    assert found["said"] == (
        "gave up every capability; stays root, as nobody cannot read the program or write the files"
    )
    assert rights(found["own"]) == {0}
    assert found["raw"] == "PermissionError"


@root_only
def test_a_file_that_cannot_be_written_is_named_before_anything_is_sent() -> None:
    found = run("look(give_up([Path('/proc/sys/store')]))")
    assert str(found["said"]).startswith("BadInput: /proc/sys/store: ")
    assert found["raw"] == "PermissionError"


@root_only
def test_a_real_root_keeps_its_files_and_no_capability(tmp_path: Path) -> None:
    own = tmp_path / "store"
    found = run("said = give_up([sys.argv[1]])\nlook(said, file=attempt(lambda: open(sys.argv[1], 'w')))", own)
    assert found["said"] == "gave up every capability"
    assert found["again"] == "nothing to give up"
    assert rights(found["own"]) == rights(found["child"]) == {0}
    assert (found["raw"], found["file"]) == ("PermissionError", "done")


@root_only
def test_a_store_in_somebody_elses_folder_stays_theirs(theirs: Path) -> None:
    """SQLite gives its log the owner of the database, if root may: else its owner could not read it after a crash."""
    store = theirs / "store.sqlite"
    store.touch()
    os.chown(store, NOBODY, NOBODY)
    script = """
import sqlite3
said = give_up([sys.argv[1]])
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA journal_mode=WAL")
db.execute("CREATE TABLE t (x)")
look(said, sys.argv[1:], owners=sorted({each.stat().st_uid for each in Path(sys.argv[1]).parent.iterdir()}))
"""
    found = run(script, store)
    assert found["said"] == "gave up every capability but CAP_DAC_OVERRIDE and CAP_CHOWN, which the files take"
    assert found["again"] == found["said"]
    assert found["owners"] == [NOBODY]
    assert found["raw"] == "PermissionError"
    own = found["own"]
    assert isinstance(own, dict)
    assert own["CapEff"] == own["CapPrm"] == f"{0b11:016x}"


@root_only
def test_a_capability_of_a_user_is_given_up() -> None:
    """As an interpreter with cap_net_raw+ep starts for an ordinary user, who then has nothing of root."""
    script = """
privileges._prctl(8, 1)  # PR_SET_KEEPCAPS
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
assert privileges._capset(1 << 13, 1 << 13, 1 << 13)
assert privileges._prctl(47, 2) >= -1
before = attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
look(give_up(), before=before)
"""
    found = run(script)
    assert (found["before"], found["raw"]) == ("done", "PermissionError")
    assert found["said"] == "gave up every capability"
    assert found["again"] == "nothing to give up"
    own = found["own"]
    assert isinstance(own, dict)
    assert {own[key] for key in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {"0" * 16}
    assert own["NoNewPrivs"] == "1"


@root_only
@pytest.mark.parametrize("sudo", [False, True], ids=["root", "sudo"])
def test_a_thread_that_would_keep_its_rights_stops_the_scan(sudo: bool) -> None:
    """Becoming a user takes the rights of every thread; giving up capabilities alone takes those of the caller."""
    script = """
done = threading.Event()
thread = threading.Thread(target=done.wait)
thread.start()
said = give_up(program=())
print(json.dumps({"said": said}))
done.set()
"""
    said = run(script, sudo=sudo)["said"]
    assert said == ("became nobody" if sudo else "NoPrivilege: a thread that ran already keeps the rights of this "
                    "process, so nothing was sent")  # fmt: skip


@pytest.mark.lab
@root_only
@pytest.mark.parametrize("sudo", [False, True], ids=["root", "sudo"])
def test_open_packet_sockets_go_on_working(sudo: bool) -> None:
    """Opened and bound before, or opened before and bound, filtered and given a ring afterwards."""
    name = f"fwpriv{os.getpid()}{int(sudo)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this kernel gives no network namespaces: {made.stderr}")
    try:
        for command in ("link add wire-a type veth peer name wire-b", "link set wire-a up", "link set wire-b up"):
            subprocess.run(["ip", "-n", name, *command.split()], check=True)
        script = """
import struct
early, late = (socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) for _ in range(2))
early.bind(("wire-a", 0x88b5))
said = give_up(program=())
late.setsockopt(263, 10, 2)  # PACKET_VERSION, TPACKET_V3
late.setsockopt(263, 5, struct.pack("@7I", 65536, 2, 2048, 64, 50, 0, 0))  # PACKET_RX_RING
late.bind(("wire-b", 0x88b5))
early.settimeout(5)
early.send(b"\\xff" * 6 + b"\\2" * 6 + b"\\x88\\xb5" + b"there")
heard = 0
for _ in range(100):
    heard += struct.unpack("@III", late.getsockopt(263, 6, 12))[0]  # PACKET_STATISTICS
    if heard:
        break
    threading.Event().wait(0.05)
late.send(b"\\xff" * 6 + b"\\3" * 6 + b"\\x88\\xb5" + b"back")
look(said, by_ring=heard, by_read=early.recv(100)[14:18].decode(),
     device=attempt(lambda: socket.socket().setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wire-a")))
"""
        found = run(script, sudo=sudo, within=name)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)
    assert (found["by_read"], found["device"], found["raw"]) == ("back", "done", "PermissionError")
    assert found["by_ring"]
    assert rights(found["own"]) == {0}
