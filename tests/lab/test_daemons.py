"""Real daemons, unpacked from Debian's packages and run in namespaces: is each of them what its package says it is?

The daemons and the truth about them are `tests/daemons`; this takes the ones that start quickly. Adding a name to
DAEMONS is all that a further one needs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from daemons import judge, lab, recipe, run
from tables import for_every

from scanner.lab.kernel import Process

DAEMONS = [
    "adb",
    "apache2",
    "barrier",
    "bind9",
    "busybox-httpd",
    "chrony",
    "coap-server",
    "cups",
    "dcmtk",
    "dnsmasq",
    "dovecot",
    "dropbear",
    "exim4",
    "grpcio",
    "haproxy",
    "http2-only",
    "knot",
    "lighttpd",
    "mariadb",
    "memcached",
    "mini-httpd",
    "mosquitto",
    "nghttpd",
    "nginx",
    "nsd",
    "opensmtpd",
    "openssh",
    "openttd",
    "openvswitch",
    "pdns-server",
    "postfix",
    "postgresql",
    "proftpd",
    "pure-ftpd",
    "redis",
    "rsync",
    "samba",
    "slapd",
    "snmpd",
    "squid",
    "tigervnc",
    "unbound",
    "vsftpd",
    "xrdp",
]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "daemons.run", *arguments]


@pytest.mark.lab
def test_daemons_are_what_their_packages_say(root: Path) -> None:
    """Product, version and revision wherever the wire shows them, and nothing else anywhere."""
    reason = lab.why_not()
    if reason:
        pytest.skip(reason)
    done = subprocess.run(command("--json", *DAEMONS), cwd=root / "tests", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    outcome = msgspec.json.decode(done.stdout, type=run.Outcome)
    if outcome.unavailable:
        pytest.skip(f"Debian's packages cannot be had: {outcome.unavailable}")
    assert outcome.failed == {}
    assert {row.daemon for row in outcome.rows} == set(DAEMONS)
    wrong = [row for row in outcome.rows if row.worst not in ("ok", "hidden")]
    assert wrong == [], "\n" + "\n".join(run.table(wrong))


@pytest.mark.lab
def test_nothing_outlives_a_killed_run(root: Path) -> None:
    reason = lab.why_not()
    if reason:
        pytest.skip(reason)
    argv = command("memcached", "--", "sh", "-c", "echo up; exec sleep 600")
    with subprocess.Popen(argv, cwd=root / "tests", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        if running.stdout.readline() != b"up\n":
            pytest.skip(f"no daemon here: {running.stderr.read().decode()}")
        names: set[str] = set()
        deadline = time.monotonic() + 120
        while not {"memcached", "sleep"} <= names and time.monotonic() < deadline:  # the shell becomes its sleep later
            family = [Process.of(pid) for pid in descendants(running.pid)]
            names = {Path(f"/proc/{each.pid}/comm").read_text().strip() for each in family}
        assert {"memcached", "sleep"} <= names
        running.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + 120
        while any(each.alive for each in family) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [each for each in family if each.alive] == []


def descendants(pid: int) -> list[int]:
    parents = {}
    for each in filter(str.isdecimal, os.listdir("/proc")):
        try:
            parents[int(each)] = int(Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


@for_every("name", recipe.names())
def test_recipe_can_be_read(name: str) -> None:
    found = recipe.load(name)
    assert found.services
    for kind, port in found.ports:
        assert kind in ("tcp", "udp")
        assert 0 < port < 65536


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1:9.2p1-2+deb12u7", "9.2p1"),
        ("2.4.57-2", "2.4.57"),
        ("1.4.6+dfsg-0+deb12u1", "1.4.6"),
        ("3.2.1+dfsg-4+deb12u1", "3.2.1"),
        ("1.1.20+ds-1", "1.1.20"),
        ("3.4+really3.4-3", "3.4"),
        ("1.6.7~rc0-1+b13", "1.6.7~rc0"),
        ("5.2+20150808-1.4", "5.2+20150808"),
        ("20231115", "20231115"),
        ("1:10.11.6-0+deb12u1", "10.11.6"),
    ],
)
def test_upstream_part_of_a_package_version(version: str, expected: str) -> None:
    assert recipe.upstream(version) == expected


RIGHT = judge.Truth(
    products=("openssh",),
    shows_product=True,
    version="9.2p1",
    revision="9.2p1-2+deb12u7",
    distro="debian:12",
    right_version="9.2p1",
    right_revision="9.2p1-2+deb12u7",
)
NOTHING_SHOWN = judge.Truth(("samba",), False, None, None, None, "4.17.12", "4.17.12+dfsg-0+deb12u1")


@for_every(
    ("truth", "said", "worst"),
    [
        (RIGHT, judge.Said("ssh", "openssh", "9.2p1", "9.2p1-2+deb12u7", "debian:12"), "ok"),
        (RIGHT, judge.Said("ssh", "openssh", "9.2p1", "9.2p1-2+deb12u7"), "missing"),
        (RIGHT, judge.Said("ssh", "openssh"), "missing"),
        (RIGHT, judge.Said("ssh"), "missing"),
        (RIGHT, judge.Said("ssh", "dropbear_ssh", "9.2p1", "9.2p1-2+deb12u7", "debian:12"), "WRONG"),
        (RIGHT, judge.Said("ssh", "openssh", "9.2", "9.2p1-2+deb12u7", "debian:12"), "INVENTED"),
        (RIGHT, judge.Said("ssh", "openssh", "9.2p1", "9.2p1-2+deb12u6", "debian:12"), "INVENTED"),
        (RIGHT, judge.Said("ssh", "openssh", "9.2p1", "9.2p1-2+deb12u7", "ubuntu:22.04"), "INVENTED"),
        (NOTHING_SHOWN, judge.Said("microsoft-ds"), "hidden"),
        (NOTHING_SHOWN, judge.Said("microsoft-ds", "samba"), "ok"),
        (NOTHING_SHOWN, judge.Said("microsoft-ds", "samba", "4.6.2"), "INVENTED"),
        (NOTHING_SHOWN, judge.Said("microsoft-ds", "samba", "4.17.12"), "ok"),
    ],
)
def test_what_the_judge_says(truth: judge.Truth, said: judge.Said, worst: str) -> None:
    assert judge.judge("daemon", "10.66.1.1", "tcp/22", truth, said).worst == worst
