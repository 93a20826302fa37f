"""Banners that name less than they seem to: no release, builder or product may be read into them."""

from __future__ import annotations

from tables import for_every

from scanner.identify import identify

KERNEL = "Linux box 6.1.0-9-amd64 #1 SMP PREEMPT_DYNAMIC Debian {} (2023-05-08) x86_64"

# kind, banner, product, version, revision, distribution
BUILDS: list[tuple[str, str, str, str | None, str | None, str | None]] = [
    # A version that a release has is had by testing, unstable and Debian's children too.
    ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2+kali1", "openssh", "9.2p1", "9.2p1-2+kali1", "kali"),
    ("ssh", "SSH-2.0-OpenSSH_10.0p2 Debian-8", "openssh", "10.0p2", "10.0p2-8", "debian"),
    ("ssh", "SSH-2.0-OpenSSH_10.0p2 Debian-8kali1", "openssh", "10.0p2", "10.0p2-8kali1", "kali"),
    ("ssh", "SSH-2.0-OpenSSH_10.0p1 Debian-1", "openssh", "10.0p1", "10.0p1-1", "debian"),
    ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2~bpo11+1", "openssh", "9.2p1", "9.2p1-2~bpo11+1", "debian"),
    ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2", "openssh", "9.2p1", "9.2p1-2", "debian:12"),
    ("ssh", "SSH-2.0-OpenSSH_10.0p2 Debian-7", "openssh", "10.0p2", "10.0p2-7", "debian:13"),
    ("ssh", "SSH-2.0-OpenSSH_7.9p1 Debian-10", "openssh", "7.9p1", "7.9p1-10", "debian:10"),
    ("dns.version", "9.20.15-1-Debian", "bind", "9.20.15", "9.20.15-1", "debian"),
    ("dns.version", "9.20.4-3-Debian", "bind", "9.20.4", "9.20.4-3", "debian"),
    ("dns.version", "9.20.15-1~deb13u1-Debian", "bind", "9.20.15", "9.20.15-1~deb13u1", "debian:13"),
    ("dns.version", "9.18.24-1-Debian", "bind", "9.18.24", "9.18.24-1", "debian:12"),
    ("snmp.sysdescr", KERNEL.format("6.1.27-1kali1"), "linux_kernel", "6.1.0-9-amd64", "6.1.27-1kali1", "kali"),
    ("snmp.sysdescr", KERNEL.format("6.1.20-2"), "linux_kernel", "6.1.0-9-amd64", "6.1.20-2", "debian"),
    ("snmp.sysdescr", KERNEL.format("6.1.90-1~deb11u1"), "linux_kernel", "6.1.0-9-amd64", "6.1.90-1~deb11u1", "debian"),
    ("snmp.sysdescr", KERNEL.format("6.1.27-1"), "linux_kernel", "6.1.0-9-amd64", "6.1.27-1", "debian:12"),
    ("snmp.sysdescr", KERNEL.format("6.1.140-1"), "linux_kernel", "6.1.0-9-amd64", "6.1.140-1", "debian:12"),
    # Ubuntu's packages whose banner says Debian.
    ("ssh", "SSH-2.0-OpenSSH_5.5p1 Debian-4ubuntu6", "openssh", "5.5p1", "5.5p1-4ubuntu6", "ubuntu"),
    ("ssh", "SSH-2.0-OpenSSH_5.9p1 Debian-5ubuntu1.10", "openssh", "5.9p1", "5.9p1-5ubuntu1.10", "ubuntu:12.04"),
    ("ssh", "SSH-2.0-OpenSSH_5.3p1 Debian-3ubuntu7.1", "openssh", "5.3p1", "5.3p1-3ubuntu7.1", "ubuntu:10.04"),
    ("ssh", "SSH-2.0-OpenSSH_4.7p1 Debian-8ubuntu1", "openssh", "4.7p1", "4.7p1-8ubuntu1", "ubuntu"),
    ("smtp", "220 box.example.com ESMTP Sendmail 8.14.4/8.14.4/Debian-4.1ubuntu1; Mon, 1 Jan 2024 00:00:00 GMT",
     "sendmail", "8.14.4", "8.14.4-4.1ubuntu1", "ubuntu"),
    ("smtp", "220 box.example.com ESMTP Sendmail 8.15.2/8.15.2/Debian-22ubuntu3; Mon, 1 Jan 2024 00:00:00 GMT",
     "sendmail", "8.15.2", "8.15.2-22ubuntu3", "ubuntu"),
    # MariaDB names its builder behind the revision since 11.
    ("mysql", "11.8.3-MariaDB-0+deb13u1 from Debian", "mariadb", "11.8.3", "11.8.3-0+deb13u1", "debian:13"),
    ("mysql", "11.8.3-MariaDB-1 from Debian", "mariadb", "11.8.3", "11.8.3-1", "debian"),
    ("mysql", "11.8.3-MariaDB-ubu2404 from mariadb.org binary distribution", "mariadb", "11.8.3", None, None),
    # Debian's rebuilds have a mark of their own, and whose they are otherwise is not said.
    ("metrics.build", 'cs_info{version="v1.4.6-10+b4-linux-debian"} 0', "crowdsec", "1.4.6", "1.4.6-10+b4", "debian"),
    ("metrics.build", 'cs_info{version="v1.4.6-6~deb12u1-linux-debian"} 0', "crowdsec", "1.4.6", "1.4.6-6~deb12u1",
     "debian:12"),
    ("ssh", "SSH-2.0-OpenSSH_12.1 PKIX[13.2]", "pkixssh", "13.2", None, None),
]  # fmt: skip


@for_every(("kind", "banner", "name", "version", "revision", "distro"), BUILDS)
def test_build(
    kind: str, banner: str, name: str, version: str | None, revision: str | None, distro: str | None
) -> None:
    (found,) = [found for found in identify(kind, banner.encode()) if found.name == name]
    assert (found.version, found.revision, found.distro) == (version, revision, distro)


BUILDINFO = '{"status":"success","data":{"application":"%s","version":"%s","revision":"abc","branch":"HEAD"}}'

# kind, text, products with their versions
PRODUCTS: list[tuple[str, str, list[tuple[str, str | None]]]] = [
    ("mysql", "5.1.49-3", [("mysql", "5.1.49")]),
    ("mysql", "5.1.73-1-log", [("mysql", "5.1.73")]),
    ("mysql", "5.7.26-1", [("mysql", "5.7.26")]),
    ("mysql", "8.0.44-1", [("mysql", "8.0.44")]),
    ("mysql", "5.7.18-20170830-log", [("mysql", "5.7.18-20170830-log")]),  # a cloud's build
    ("mysql", "5.7.44-48-57", [("percona_server", "5.7.44")]),
    ("mysql", "5.7.40-43-57-log", [("percona_server", "5.7.40")]),
    ("mysql", "5.6.26-74.0-56-log", [("percona_server", "5.6.26")]),
    ("mysql", "8.0.36-28", [("percona_server", "8.0.36")]),
    ("mysql", "8.0.15-5", [("percona_server", "8.0.15")]),
    ("mysql", "5.7.17-drds", [("drds", None)]),
    ("mysql", "8.0.36-PolarDB", [("polardb", None)]),
    ("mysql", "5.1.0-starrocks", [("starrocks", None)]),
    ("mysql", "8.0.30-readyset", [("readyset", None)]),
    ("mysql", "8.0.30-dolt", [("dolt", None)]),
    ("mysql", "5.7.32-MemSQL", [("singlestore", None)]),
    ("prometheus.buildinfo", BUILDINFO % ("Thanos", "0.35.1"), [("thanos", "0.35.1")]),
    ("prometheus.buildinfo", BUILDINFO % ("Grafana Mimir", "2.10.0"), [("mimir", "2.10.0")]),
    ("prometheus.buildinfo", BUILDINFO % ("vmselect", "2.24.0"), [("victoriametrics", None)]),
    ("prometheus.buildinfo", BUILDINFO % ("Another", "1.2.3"), []),
    ("redis", "# Server\r\nredis_version:7.2.5\r\nmemurai_version:4.1.2\r\n", [("memurai", "4.1.2")]),
    ("redis", "# Server\r\npika_version:3.5.3\r\nredis_version:4.0.0\r\n", [("pika", "3.5.3")]),
    ("redis", "# Server\r\nredis_version:255.255.255\r\n", [("redis", None)]),
    ("ftp", "220 FRITZ!Box7590 FTP server ready.", [("fritz!_os", None)]),
]


@for_every(("kind", "text", "expected"), PRODUCTS)
def test_product(kind: str, text: str, expected: list[tuple[str, str | None]]) -> None:
    assert [(found.name, found.version) for found in identify(kind, text.encode())] == expected
