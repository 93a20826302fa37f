"""Names of packages and programs to products: each entry matches its own examples, and what it must not match."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.baselines import bundled
from scanner.identify.installed import packages, product_of, programs, system_of, upstream_of
from scanner.identify.matcher import Database
from scanner.model.observation import Item


@pytest.mark.parametrize("found", [packages(), programs()], ids=lambda each: each.name)
def test_examples(found: Database) -> None:
    for fingerprint in found.fingerprints:
        assert fingerprint.examples, fingerprint.description
        for example in fingerprint.examples:
            match = found.match(example.text)
            assert match is not None
            assert match.description == fingerprint.description
            assert example.fields.items() <= match.fields.items()


def test_words_are_those_that_baselines_go_by() -> None:
    vendors = {each.product: each.vendor for each in bundled()}
    named = {
        (match.fields["service.vendor"], match.fields["service.product"])
        for each in (packages(), programs())
        for fingerprint in each.fingerprints
        if (match := each.match(fingerprint.examples[0].text))
    }
    assert {product for _, product in named} >= {"openssh", "http_server", "sql_server"}
    assert {name: vendor for vendor, name in named if vendors.get(name, vendor) != vendor} == {}


DEB, EL, WIN = "debian:12", "el:8", "windows"
PRODUCTS = [
    (Item("openssh-server", "1:9.2p1-2+deb12u3", "", DEB, True), "openssh 9.2p1 9.2p1-2+deb12u3 debian:12"),
    (Item("openssh-server", "1:9.2p1-2~bpo11+1", "", DEB), "openssh 9.2p1 9.2p1-2~bpo11+1 debian:12"),
    (Item("httpd", "2.4.37-65.el8", "", EL, True), "http_server 2.4.37 2.4.37-65.el8 el:8"),
    (Item("nginx", "1.26.1-2.el8.ngx", "", EL), "nginx 1.26.1 None None"),
    (Item("docker-ce", "5:27.1.1-1~debian.12~bookworm", "", DEB), "docker 27.1.1 None None"),
    (Item("postgresql-15", "15.8-0+deb12u1", "", DEB, True), "postgresql 15.8 15.8-0+deb12u1 debian:12"),
    (Item("proftpd-core", "1.3.8+dfsg-4+deb12u3", "", DEB, True), "proftpd 1.3.8 1.3.8+dfsg-4+deb12u3 debian:12"),
    (Item("openssh-client", "1:9.2p1-2", "", DEB, True), None),
    (Item("postgresql-client-15", "15.8-0+deb12u1", "", DEB, True), None),
    (Item("Microsoft SQL Server 2019 (64-bit)", "15.0.2000.5", "", WIN), "sql_server None None windows"),
    (Item("Hotfix 4375 for SQL Server 2019 (KB5039747) (64-bit)", "15.0.4375.4", "", WIN),
     "sql_server 15.0.4375.4 None windows"),
    (Item("SQL Server 2019 Database Engine Services", "15.0.2000.5", "", WIN), None),
    (Item("Microsoft Exchange Server 2019 Cumulative Update 14", "15.2.1544.4", "", WIN),
     "exchange_server 15.2.1544 None windows"),
    (Item("Java 8 Update 391 (64-bit)", "8.0.3910.13", "", WIN), "jre 8u391 None windows"),
    (Item("7-Zip 23.01 (x64)", "23.01", "", WIN), "7-zip 23.01 None windows"),
    (Item("PostgreSQL 15 ", "15.4-1", "", WIN), None),
    (Item("PostgreSQL 15", "15.4-1", "", WIN), "postgresql 15.4 None windows"),
    (Item("MariaDB 10.11 (x64)", "10.11.6.0", "", WIN), "mariadb 10.11.6 None windows"),
    (Item("ScreenConnect Client (a1b2c3)", "23.9.7", "", WIN), None),
    (Item("Google Chrome", "120.0", "", ""), "chrome 120.0 None None"),
    (Item("Google Chrome Helper", "1"), None),
]  # fmt: skip


@for_every(("item", "told"), PRODUCTS, ids=[each[0].name for each in PRODUCTS])
def test_items(item: Item, told: str | None) -> None:
    found = product_of(item)
    assert (found and f"{found.name} {found.version} {found.revision} {found.distro}") == told


SYSTEMS = [
    ("Microsoft Windows Server 2019 Standard", "10.0.17763.5000", "windows_server 10.0.17763.5000"),
    ("Microsoft Windows Server 2019 Standard", "", "windows_server 10.0.17763"),
    ("Windows Server 2012 R2 Standard x64", "6.3.9600", "windows_server 6.3.9600"),
    ("Microsoft Windows 10 Pro", "10.0.19045", "windows 10.0.19045"),
    ("Microsoft Windows 11 Pro", "22H2 (OS Build 22621.2715)", "windows 10.0.22621.2715"),
    ("Microsoft Windows 10 Pro 10.0.19045 Build 19045", "", "windows 10.0.19045"),
    ("Windows 10 Pro", "22H2", None),
    ("Windows 7 Professional", "", "windows 6.1.7601"),
    ("Ubuntu", "22.04.4 LTS (Jammy Jellyfish)", "ubuntu_linux 22.04"),
    ("Debian 12", "12", None),
    ("", "", None),
]


@pytest.mark.parametrize(("name", "version", "told"), SYSTEMS)
def test_systems(name: str, version: str, told: str | None) -> None:
    found = system_of(name, version)
    assert (found and f"{found.name} {found.version}") == told


def test_upstream() -> None:
    assert [
        upstream_of(each) for each in ("1:2.3-4", "2.3", "4.96-15+deb12u5", "1.2.3+dfsg1-2", "0:8.0p1-19.el8_8")
    ] == [
        "2.3",
        "2.3",
        "4.96",
        "1.2.3",
        "8.0p1",
    ]
