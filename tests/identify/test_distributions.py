"""Whose package a banner shows, and of which release: what it says, and nothing that it leaves open."""

from __future__ import annotations

import time

import pytest
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.identify import identify
from scanner.identify.releases import DEBIAN, UBUNTU, debian_kernel, red_hat, release, ubuntu_kernel

LINUX = "Linux box {} #{}"
SAMBA = "vendorname: Samba Team (https://www.samba.org)\nvendorversion: {}\n"

# kind, text, product, revision, distribution
ROWS: list[tuple[str, str, str, str | None, str | None]] = [
    ("http.server", "Apache/2.4.37 (rocky)", "http_server", None, "el"),
    ("http.server", "Apache/2.4.57 (Rocky Linux) OpenSSL/3.0.7", "http_server", None, "el"),
    ("http.server", "Apache/2.4.37 (AlmaLinux)", "http_server", None, "el"),
    ("http.server", "Apache/2.4.37 (Oracle Linux Server)", "http_server", None, "el"),
    ("http.server", "Apache/2.4.6 (Red Hat Enterprise Linux) PHP/5.4.16", "http_server", None, "el"),
    ("http.server", "Apache/2.4.6 (Red Hat Enterprise Linux) PHP/5.4.16", "php", None, None),
    ("http.server", "Apache/2.4.62 (CentOS Stream)", "http_server", None, "el"),
    ("http.server", "Apache/2.4.37 (centos)", "http_server", None, "el"),
    ("http.server", "Apache/2.2.34 (Amazon)", "http_server", None, "amazon"),
    ("http.server", "Apache/2.4.62 (Amazon Linux)", "http_server", None, "amazon"),
    ("http.server", "Apache/2.4.58 (Fedora Linux)", "http_server", None, "fedora"),
    ("http.server", "Apache/2.4.58 (openSUSE)", "http_server", None, "opensuse"),
    ("http.server", "Apache/2.4.51 (Linux/SUSE)", "http_server", None, "suse"),
    ("http.server", "Apache/2.4.58 (FreeBSD) OpenSSL/1.1.1w-freebsd", "http_server", None, "freebsd"),
    ("http.server", "Apache/2.4.58 (FreeBSD) OpenSSL/1.1.1w-freebsd", "openssl", None, None),
    ("http.server", "Apache/2.4.58 (Unix) OpenSSL/1.1.1k-fips", "http_server", None, None),
    ("http.server", "Apache/2.4.58 (Win64)", "http_server", None, "windows"),
    ("http.server", "Apache/2.4.25 (Raspbian)", "http_server", None, "raspbian"),
    ("http.server", "Apache/2.4.58 (codeit)", "http_server", None, None),
    ("http.server", "Apache/2.4.58 (Undebianised)", "http_server", None, None),
    ("http.server", "Apache/2.4.58 (Debian Ubuntu)", "http_server", None, None),
    ("http.server", "nginx/1.18.0 (Ubuntu)", "nginx", None, "ubuntu"),
    ("http.server", "nginx/1.22.1", "nginx", None, None),
    ("http.powered-by", "PHP/8.2.7-1~deb12u1", "php", "8.2.7-1~deb12u1", "debian:12"),
    ("http.powered-by", "PHP/8.1.2-1ubuntu2.18", "php", "8.1.2-1ubuntu2.18", "ubuntu:22.04"),
    ("http.powered-by", "PHP/8.1.2-1ubuntu1", "php", "8.1.2-1ubuntu1", "ubuntu"),
    ("http.powered-by", "PHP/7.4.3-4ubuntu2.24", "php", "7.4.3-4ubuntu2.24", "ubuntu:20.04"),
    ("http.powered-by", "PHP/5.5.9-1ubuntu4.29+esm15", "php", "5.5.9-1ubuntu4.29+esm15", "ubuntu:14.04"),
    ("http.powered-by", "PHP/8.0.30", "php", None, None),
    ("http.powered-by", "PHP/8.2.7-1+0~20230615.10+debian11~1.gbp7d8ea7", "php",
     "8.2.7-1+0~20230615.10+debian11~1.gbp7d8ea7", "sury"),
    ("imap", "* OK mail Cyrus IMAP v2.4.17-Fedora-RPM-2.4.17-15.el7 server ready", "cyrus_imap", "2.4.17-15.el7",
     "el:7"),
    ("imap", "* OK mail Cyrus IMAP4 v2.3.7-Invoca-RPM-2.3.7-16.el5_11 server ready", "cyrus_imap", "2.3.7-16.el5_11",
     "el:5"),
    ("imap", "* OK mail Cyrus IMAP 3.0.7-24.el8 server ready", "cyrus_imap", "3.0.7-24.el8", "el:8"),
    ("imap", "* OK mail Cyrus IMAP 3.6.1-Debian-3.6.1-4+deb12u2 server ready", "cyrus_imap", "3.6.1-4+deb12u2",
     "debian:12"),
    ("imap", "* OK [CAPABILITY IMAP4rev1] Dovecot (Ubuntu) ready.", "dovecot", None, "ubuntu"),
    ("dns.version", "9.16.1-Ubuntu", "bind", None, "ubuntu"),
    ("dns.version", "9.10.3-P4-Debian", "bind", None, "debian"),
    ("dns.version", "9.11.3-1ubuntu1.18-Ubuntu", "bind", "9.11.3-1ubuntu1.18", "ubuntu:18.04"),
    ("dns.version", "9.18.12-1ubuntu1-Ubuntu", "bind", "9.18.12-1ubuntu1", "ubuntu"),
    ("dns.version", "9.11.5-P4-5.1+deb10u11-Debian", "bind", "9.11.5-P4-5.1+deb10u11", "debian:10"),
    ("dns.version", "9.18.12-1-Debian", "bind", "9.18.12-1", "debian"),
    ("dns.version", "9.8.2rc1-RedHat-9.8.2-0.68.rc1.el6_10.8", "bind", "9.8.2-0.68.rc1.el6_10.8", "el:6"),
    ("dns.version", "9.16.23-RH (Extended Support Version)", "bind", None, "el"),
    ("dns.version", "9.18.24", "bind", None, None),
    ("dns.version", "dnsmasq-2.90", "dnsmasq", None, None),
    ("dns.version", "dnsmasq-2.80-Ubuntu", "dnsmasq", None, "ubuntu"),
    ("dns.version", "dnsmasq-pi-hole-v2.90", "dnsmasq", None, None),
    ("mysql", "10.6.18-MariaDB-0ubuntu0.22.04.1", "mariadb", "10.6.18-0ubuntu0.22.04.1", "ubuntu:22.04"),
    ("mysql", "11.8.6-MariaDB-5ubuntu0.1 from Ubuntu", "mariadb", "11.8.6-5ubuntu0.1", "ubuntu:26.04"),
    ("mysql", "5.5.5-10.11.3-MariaDB-1", "mariadb", "10.11.3-1", None),
    ("mysql", "5.5.5-10.3.39-MariaDB", "mariadb", None, None),
    ("mysql", "5.5.5-10.11.6-MariaDB-1:10.11.6+maria~ubu2204", "mariadb", None, None),
    ("mysql", "8.0.39-0ubuntu0.22.04.1", "mysql", "8.0.39-0ubuntu0.22.04.1", "ubuntu:22.04"),
    ("mysql", "8.0.39-0ubuntu0.22.04.1~ppa1", "mysql", "8.0.39-0ubuntu0.22.04.1~ppa1", "ubuntu"),
    ("ldap.rootdse", SAMBA.format("4.17.12-Debian"), "samba", None, "debian"),
    ("ldap.rootdse", SAMBA.format("4.22.8-Debian-4.22.8+dfsg-0+deb13u1"), "samba", "4.22.8+dfsg-0+deb13u1",
     "debian:13"),
    ("ldap.rootdse", SAMBA.format("4.15.13-Ubuntu"), "samba", None, "ubuntu"),
    ("ldap.rootdse", SAMBA.format("4.18.6"), "samba", None, None),
    ("imap.id", '* ID ("name" "Cyrus IMAPD" "version" "3.6.1-Debian-3.6.1-4+deb12u5" "vendor" "Project Cyrus")\r\n',
     "cyrus_imap", "3.6.1-4+deb12u5", "debian:12"),
    ("sieve", '"IMPLEMENTATION" "Cyrus timsieved v2.4.17-Debian-2.4.17+caldav~beta10-18"\r\n', "cyrus_imap",
     "2.4.17+caldav~beta10-18", "debian"),
    ("sip.server", "Asterisk PBX 16.28.0~dfsg-0+deb11u3", "asterisk", "16.28.0~dfsg-0+deb11u3", "debian:11"),
    ("sip.server", "FPBX-16.0.40(18.20.0)", "asterisk", None, None),
    ("ssdp.server", "Debian/12 UPnP/1.1 MiniUPnPd/2.3.1", "miniupnpd", None, "debian:12"),
    ("ssdp.server", "Debian/bookworm/sid UPnP/1.1 MiniUPnPd/2.3.1", "miniupnpd", None, None),
    ("http.server", "ZNC 1.8.2+deb3.1+deb12u1 - https://znc.in", "znc", "1.8.2-3.1+deb12u1", "debian:12"),
    ("http.server", "ZNC 1.8.2+deb2build5 - https://znc.in", "znc", "1.8.2-2build5", None),
    ("http.via", "1.1 www (Apache/2.4.57 (Debian))", "http_server", None, "debian"),
    ("smtp", "220 mx ESMTP Exim 4.96 #2 Debian Tue, 21 Nov 2023 10:00:00 +0000", "exim", None, "debian"),
    ("smtp", "220 mx ESMTP Exim 4.90_1 Ubuntu Tue, 21 Nov 2023 10:00:00 +0000", "exim", None, "ubuntu"),
    ("smtp", "220 mx ESMTP Exim 4.96.2 Tue, 21 Nov 2023 10:00:00 +0000", "exim", None, None),
    ("smtp", "220 mx ESMTP Postfix (Debian/GNU)", "postfix", None, "debian"),
    ("smtp", "220 mx ESMTP Postfix (Raspbian)", "postfix", None, "raspbian"),
    ("smtp", "220 mx ESMTP Sendmail 8.17.1.9/8.17.1.9/Debian-2+deb12u2; x", "sendmail", "8.17.1.9-2+deb12u2",
     "debian:12"),
    ("ftp", "220 ProFTPD Server (Debian) [::ffff:10.0.0.5]", "proftpd", None, "debian"),
    ("ftp", "220 (vsFTPd 3.0.5)", "vsftpd", None, None),
    ("ntp.readvar", 'version="ntpd 4.2.6p5@1.2349-o", system="Linux/3.10.0-862.el7.x86_64"', "linux_kernel",
     "3.10.0-862.el7", "el:7"),
    ("ntp.readvar", 'version="ntpd 4.2.8p15@1.3728-o", system="Linux/5.10.0-28-amd64"', "linux_kernel", None, None),
    ("telnet", "Debian GNU/Linux 6.0\r\nbox login: ", "debian_linux", None, "debian:6"),
    ("telnet", "CentOS release 6.10 (Final)\nKernel 2.6.32-754.2.1.el6.x86_64 on an x86_64\nbox login: ", "centos",
     None, "el:6"),
    ("telnet", "Ubuntu 22.04.4 LTS\r\nbox login: ", "ubuntu_linux", None, "ubuntu:22.04"),
    ("snmp.sysdescr", LINUX.format("6.1.0-21-amd64", "1 SMP PREEMPT_DYNAMIC Debian 6.1.90-1 (2024-05-03) x86_64"),
     "linux_kernel", "6.1.90-1", "debian:12"),
    ("snmp.sysdescr", LINUX.format("3.2.0-4-amd64", "1 SMP Debian 3.2.78-1 x86_64"), "linux_kernel", "3.2.78-1",
     "debian"),
    ("snmp.sysdescr", LINUX.format("6.6.20+rpt-rpi-v8", "1 SMP PREEMPT Debian 1:6.6.20-1+rpt1 (2024-03-07) aarch64"),
     "linux_kernel", "6.6.20-1+rpt1", "debian"),
    ("snmp.sysdescr", LINUX.format("5.15.0-105-generic", "115-Ubuntu SMP Mon Apr 15 09:52:04 UTC 2024 x86_64"),
     "linux_kernel", "5.15.0-105.115", "ubuntu:22.04"),
    ("snmp.sysdescr", LINUX.format("5.15.0-105-generic", "115~20.04.1-Ubuntu SMP Mon Apr 15 2024 x86_64"),
     "linux_kernel", None, "ubuntu:20.04"),
    ("snmp.sysdescr", LINUX.format("6.8.0-1009-oem", "9-Ubuntu SMP x86_64"), "linux_kernel", "6.8.0-1009.9", "ubuntu"),
    ("snmp.sysdescr", LINUX.format("4.18.0-513.5.1.el8_9.x86_64", "1 SMP x86_64"), "linux_kernel",
     "4.18.0-513.5.1.el8_9", "el:8"),
    ("snmp.sysdescr", LINUX.format("6.1.10-1.el8.elrepo.x86_64", "1 SMP x86_64"), "linux_kernel",
     "6.1.10-1.el8.elrepo", "el"),
    ("snmp.sysdescr", LINUX.format("5.4.17-2136.315.5.el8uek.x86_64", "2 SMP"), "linux_kernel",
     "5.4.17-2136.315.5.el8uek", "el"),
    ("snmp.sysdescr", LINUX.format("6.5.6-300.fc39.x86_64", "1 SMP"), "linux_kernel", "6.5.6-300.fc39", "fedora:39"),
    ("snmp.sysdescr", LINUX.format("6.1.72-96.166.amzn2023.x86_64", "1 SMP"), "linux_kernel",
     "6.1.72-96.166.amzn2023", "amazon:2023"),
    ("snmp.sysdescr", LINUX.format("6.8.12-4-pve", "1 SMP PREEMPT_DYNAMIC PMX 6.8.12-4 (2024-11-06T15:04Z) x86_64"),
     "linux_kernel", None, None),
    ("snmp.sysdescr", "RouterOS CCR1009-7G-1C-1S+", "routeros", None, None),
    ("snmp.sysdescr", "EdgeOS v2.0.9-hotfix.7.5622731.230615.0857", "edgeos", None, None),
    ("snmp.sysdescr", "VMware ESXi 7.0.3 build-21930508 VMware, Inc. x86_64", "esxi", None, None),
    ("ssh", "SSH-2.0-OpenSSH_8.0", "openssh", None, None),
    ("ssh", "SSH-2.0-OpenSSH_9.6", "openssh", None, None),
    ("ssh", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.1~esm1", "openssh", "8.9p1-3ubuntu0.1~esm1", "ubuntu:22.04"),
    ("ssh", "SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.10+esm5", "openssh", "7.2p2-4ubuntu2.10+esm5", "ubuntu:16.04"),
    # A FIPS branch has numbers of its own: compared with the release's, each is above every fix.
    ("ssh", "SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.fips.2.8.1", "openssh", "7.2p2-4ubuntu2.fips.2.8.1", "ubuntu"),
    # 24.04 had this upstream version up to 3ubuntu13, and 24.10 was built on it for weeks.
    ("ssh", "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu17", "openssh", "9.6p1-3ubuntu17", "ubuntu"),
    ("ssh", "SSH-2.0-OpenSSH_10.2p1 Ubuntu-2ubuntu3.8", "openssh", "10.2p1-2ubuntu3.8", "ubuntu:26.04"),
    # Ubuntu's packages said Debian until 2013 alone.
    ("ssh", "SSH-2.0-OpenSSH_8.9p1 Debian-3ubuntu0.10", "openssh", "8.9p1-3ubuntu0.10", "ubuntu"),
    ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7 Ubuntu-3ubuntu0.10", "openssh", None, None),
    ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3+rpt1", "openssh", "9.2p1-2+deb12u3+rpt1", "debian:12"),
    ("ssh", "SSH-2.0-OpenSSH_9.8 FreeBSD-openssh-portable-9.8.p1_1,1", "openssh", None, "freebsd"),
    ("ssh", "SSH-2.0-OpenSSH_9.4 NetBSD_Secure_Shell-20230812", "openssh", None, "netbsd"),
]  # fmt: skip


@for_every(("kind", "text", "name", "revision", "distro"), ROWS, ids=[f"{r[1]}-{r[2]}" for r in ROWS])
def test_build(kind: str, text: str, name: str, revision: str | None, distro: str | None) -> None:
    (found,) = [found for found in identify(kind, text.encode()) if found.name == name]
    assert (found.revision, found.distro) == (revision, distro)


@for_every(
    ("family", "revision", "wanted"),
    [
        ("debian", "2+deb12u7", "debian:12"),
        ("debian", "2+deb12u7+b3", "debian:12"),
        ("debian", "4.15.5~dfsg-0+deb12u1", "debian:12"),
        pytest.param("debian", "2+deb12u", "debian", id="cut off"),
        pytest.param("debian", "2+deb12", "debian", id="a third party's, or cut off"),
        ("debian", "2+deb1", "debian"),
        ("debian", "2+deb120u7", "debian"),
        ("debian", "2+deb0u7", "debian"),
        ("debian", "2+deb12u7~bpo11+1", "debian"),
        ("debian", "2+deb12u7~deb11u1", "debian"),
        ("debian", "2+deb12u7+astra3", "debian"),
        ("debian", "2+kali1", "kali"),
        pytest.param("debian", "3ubuntu0.10", "ubuntu", id="a banner of Ubuntu 22.04 says Ubuntu"),
        ("debian", "5ubuntu0.12.04.1", "ubuntu:12.04"),
        ("ubuntu", "2+deb12u7", "ubuntu"),
        ("ubuntu", "0ubuntu0.22.04.1+deb12u7", "ubuntu"),
        ("ubuntu", "0ubuntu0.22.04.1", "ubuntu:22.04"),
        ("ubuntu", "1ubuntu2.1~18.04.15", "ubuntu:18.04"),
        ("ubuntu", "4.7.6+dfsg~ubuntu-0ubuntu0.20.04.8", "ubuntu:20.04"),
        ("ubuntu", "0ubuntu0.99.04.1", "ubuntu"),
        ("ubuntu", "0ubuntu0.22.05.1", "ubuntu"),
        ("ubuntu", "0ubuntu0.22.0", "ubuntu"),
        ("ubuntu", "0ubuntu0.22.041", "ubuntu"),
        ("ubuntu", "1ubuntu22.04", "ubuntu"),
        ("raspbian", "2+deb12u7", "raspbian:12"),
        ("raspbian", "0ubuntu0.22.04.1", "raspbian"),
    ],
)
def test_release(family: str, revision: str, wanted: str) -> None:
    assert release(family, "anything", "1", revision) == wanted


@pytest.mark.parametrize(
    ("revision", "wanted"),
    [
        ("26.P2.el7_9.13", "el:7"),
        ("1.el9_2.alma.1", "el:9"),
        ("1.module+el8.9.0+1234+ab12cd34", "el:8"),
        ("1.el7.remi", "el"),
        ("1.el7xyz", "el"),
        ("1.fc39", "fedora:39"),
        ("1.amzn2", "amazon:2"),
        ("1.elf", None),
        ("15", None),
    ],
)
def test_red_hat(revision: str, wanted: str | None) -> None:
    assert red_hat(revision) == wanted


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (debian_kernel("6.12.41-1"), "13"),
        (debian_kernel("6.12.37-1"), ""),
        (debian_kernel("5.10.46-5"), "11"),
        (debian_kernel("5.10.46-1"), ""),
        (debian_kernel("6.12.107-1~deb12u1"), ""),
        (debian_kernel("7.2.13-1"), ""),
        (ubuntu_kernel("6.17.0-41-generic", ""), "25.10"),
        (ubuntu_kernel("6.14.0-1006-oem", ""), ""),
        (ubuntu_kernel("4.4.0-1086-aws", ""), ""),
        (ubuntu_kernel("6.8.0-40-generic", "22.04"), "22.04"),
        (ubuntu_kernel("6.8.0-40-generic", "22.05"), ""),
    ],
)
def test_kernels(found: str, wanted: str) -> None:
    assert found == wanted


def test_no_package_is_of_two_releases() -> None:
    for listed in (UBUNTU, DEBIAN):
        for name, packages in listed.items():
            for package, number in packages.items():
                version, _, rest = package.rpartition("-")
                family = "ubuntu" if listed is UBUNTU else "debian"
                assert release(family, name, version, rest) == release(family, name, version, package)
                assert release(family, name, version, rest) == f"{family}:{number}"


_PIECES = st.sampled_from(
    ["Debian-", "Ubuntu-", "Raspbian-", "Debian", "Ubuntu", "Kali", "2", "3ubuntu0.10", "+deb12u7", "~deb11u1",
     "+deb12", "~bpo12+1", "0ubuntu0.22.04.1", "ubuntu", ".el9_4", ".fc39", "el8", "\u202e", "\0", "\u200b", "\x1b[2J",
     " ", "-", ".", "~", "+", "1" * 40, "é"]
)  # fmt: skip
_FRAMES = st.sampled_from(
    [
        ("ssh", "SSH-2.0-OpenSSH_9.2p1 {}"),
        ("dns.version", "9.18.24-{}"),
        ("mysql", "5.5.5-10.11.6-MariaDB-{}"),
        ("mysql", "8.0.39-{}"),
        ("http.powered-by", "PHP/8.2.7-{}"),
        ("http.server", "Apache/2.4.57 ({})"),
        ("imap", "* OK x Cyrus IMAP 3.6.1-{} server ready"),
        ("smtp", "220 mx ESMTP Sendmail 8.15.2/8.15.2/{}; x"),
        ("ldap.rootdse", SAMBA.format("4.22.8-{}")),
        ("snmp.sysdescr", "Linux box 5.15.0-105-generic {} x86_64"),
    ]
)


@given(_FRAMES, st.lists(_PIECES, max_size=7).map("".join))
@fuzz(300)
def test_no_release_that_the_bytes_do_not_name(frame: tuple[str, str], rest: str) -> None:
    """A release of Debian's is there with its number, or is one of the packages listed; two of them are none."""
    kind, text = frame
    for product in identify(kind, text.format(rest).encode()):
        family, _, number = (product.distro or "").partition(":")
        if family in ("debian", "raspbian") and number:
            assert f"deb{number}u" in rest or (product.name, number) in {("openssh", "12"), ("bind", "12")}
            assert "ubuntu" not in (product.revision or "")
            assert (product.revision or "").count("deb") <= 1
        if family == "ubuntu" and number:
            assert number in rest or (product.name, number) in {("linux_kernel", "22.04")}
            assert "deb1" not in (product.revision or "")
        if family in ("el", "fedora") and number:
            assert f"el{number}" in rest or f"fc{number}" in rest
        assert product.revision is None or product.revision.isprintable()


@for_every(
    ("kind", "start"),
    [
        ("ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-"),
        ("ssh", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-"),
        ("dns.version", "9.18.24-"),
        ("mysql", "5.5.5-10.11.6-MariaDB-"),
        ("http.powered-by", "PHP/8.2.7"),
        ("http.server", "Apache/2.4.1"),
        ("snmp.sysdescr", "Linux box 5.14.0-427"),
        ("imap", "* OK x Cyrus IMAP 3.6.1-"),
        ("ldap.rootdse", "vendorname: Samba Team\nvendorversion: 4.22.8-"),
    ],
)
@for_every(
    "flood",
    ["1", ".1", "rc" + "a" * 60 + "z", "+deb12u1", "ubuntu0.22.04", ".el9_4", "~", "-", "(", "Debian-", "dev1-", "\0"],
    ids=repr,
)
def test_floods(kind: str, start: str, flood: str) -> None:
    raw = (start + flood * (65536 // len(flood))).encode()
    identify(kind, b"x")
    started = time.process_time()
    identify(kind, raw)
    assert time.process_time() - started < 0.05
