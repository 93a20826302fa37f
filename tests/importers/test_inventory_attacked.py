"""Package lists that would pass for a distribution's own: rebuilders, makers' packages, half installed ones."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.inventory import Hints, Inventories, formats

DEB13 = "libfoo\t1.0-1+deb13u1\n"
DERIVED = {
    "Kali": f"base-files\t1:2025.4.0\nopenssh-server\t1:10.2p1-3\n{DEB13}",
    "Kali without base-files": f"kali-defaults\t2025.4.0\nopenssh-server\t1:10.2p1-3\n{DEB13}",
    "Parrot": f"openssh-server\t1:10.2p1-3\n{DEB13}parrot-core\t6.4\n",
    "Devuan": f"base-files\t13.8devuan1\nopenssh-server\t1:10.0p1-7\n{DEB13}",
    "Raspberry Pi OS": f"base-files\t13.8+deb13u2+rpt1\nopenssh-server\t1:10.0p1-7\n{DEB13}",
    "Raspbian": f"base-files\t13.8\nraspbian-archive-keyring\t20120528.4\n{DEB13}",
}


def read(kind: str, text: str, distro: str = "") -> Inventories:
    return formats()[kind].read(text.encode(), "x.txt", Hints(distro=distro))


@pytest.mark.parametrize("text", DERIVED.values(), ids=DERIVED)
def test_who_builds_upon_debian_is_not_debian(text: str) -> None:
    with pytest.raises(BadInput, match=r"^x\.txt: .*--distro debian:12"):
        read("dpkg-list", text)
    assert read("dpkg-list", text, "kali:2025").machines[0].items


@pytest.mark.parametrize("base", ["13", "13.8", "13.8+deb13u2"])
def test_debian_is_debian(base: str) -> None:
    (machine,) = read("dpkg-list", f"base-files\t{base}\nopenssh-server\t1:10.0p1-7\n").machines
    assert {each.distro for each in machine.items} == {"debian:13"}


OWN = [
    ("rpm-list", "mariadb-server-10.5.29-1.el9.x86_64", True),
    ("rpm-list", "MariaDB-server-10.5.99-1.el9.x86_64", False),
    ("rpm-list", "mysql-server-8.0.41-2.el9_5.x86_64", True),
    ("rpm-list", "mysql-community-server-8.0.99-1.el9.x86_64", False),
    ("rpm-list", "mysql-commercial-server-8.0.99-1.1.el9.x86_64", False),
    ("rpm-list", "percona-server-server-8.0.99-1.1.el9.x86_64", False),
    ("rpm-list", "grafana-9.2.10-16.el9.x86_64", True),
    ("rpm-list", "grafana-11.1.0-1.x86_64", False),
    ("rpm-list", "nginx-1.26.1-2.el8.x86_64", False),
    ("dpkg-list", "mariadb-server\t1:10.11.6-0+deb12u1", True),
    ("dpkg-list", "mysql-community-server\t8.0.46-1debian12", False),
    ("dpkg-list", "mysql-community-server\t8.0.46-1", False),
    ("dpkg-list", "mysql-common\t8.0.46-1debian12", False),
]


@for_every(("kind", "line", "own"), OWN, ids=[each[1] for each in OWN])
def test_a_makers_package_is_not_the_distributions(kind: str, line: str, own: bool) -> None:
    other = (
        "bash-5.1.8-9.el9.x86_64\nglibc-2.34-100.el9.x86_64\n"
        if kind == "rpm-list"
        else "base-files\t12.4+deb12u7\nbash\t5.2-2\n"
    )
    (machine,) = read(kind, f"{other}{line}\n").machines
    assert [each.package for each in machine.items] == [True, True, own]


STATES = [("ii", True), ("hi", True), ("iW", True), ("it", True), ("iU", False), ("iF", False), ("iH", False),
          ("iiR", False), ("rc", False)]  # fmt: skip


@pytest.mark.parametrize(("state", "counts"), STATES)
def test_what_is_not_installed_to_the_end_does_not_count(state: str, counts: bool) -> None:
    found = read("dpkg-list", f"ii  base-files 12.4+deb12u7 amd64 x\n{state:<3} openssh-server 1:9.2p1-2 amd64 x\n")
    assert [each.name for each in found.machines[0].items][1:] == ["openssh-server"] * counts
    assert any("openssh-server: not installed to the end" in each for each in found.notes) == (
        not counts and state != "rc"
    )


QUERIED = [("installed", True), ("triggers-pending", True), ("unpacked", False), ("half-configured", False),
           ("config-files", False)]  # fmt: skip


@pytest.mark.parametrize(("status", "counts"), QUERIED)
@pytest.mark.parametrize("between", ["\t", " "])
def test_the_same_of_dpkg_query(status: str, counts: bool, between: str) -> None:
    rows = (("base-files", "12.4+deb12u7", "installed"), ("openssh-server", "1:9.2p1-2", status))
    text = "".join(between.join((name, version, f"install ok {said}\n")) for name, version, said in rows)
    found = read("dpkg-list", text)
    assert [each.name for each in found.machines[0].items][1:] == ["openssh-server"] * counts
