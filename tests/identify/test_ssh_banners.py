"""Identification strings that SSH servers of the field send: product, version, and whose package it is."""

from __future__ import annotations

import pytest
from tables import for_every

from scanner.identify import identify

# banner (after SSH-2.0-), product, version, revision, distribution
BANNERS: list[tuple[str, str, str | None, str | None, str | None]] = [
    ("OpenSSH_9.2p1 Debian-2+deb12u10", "openssh", "9.2p1", "9.2p1-2+deb12u10", "debian:12"),
    ("OpenSSH_10.0p2 Debian-7+deb13u1", "openssh", "10.0p2", "10.0p2-7+deb13u1", "debian:13"),
    ("OpenSSH_7.4p1 Debian-10+deb9u7", "openssh", "7.4p1", "7.4p1-10+deb9u7", "debian:9"),
    ("OpenSSH_7.9p1 Raspbian-10+deb10u2+rpt1", "openssh", "7.9p1", "7.9p1-10+deb10u2+rpt1", "raspbian:10"),
    ("OpenSSH_8.4p1 Raspbian-5+deb11u3", "openssh", "8.4p1", "8.4p1-5+deb11u3", "raspbian:11"),
    ("OpenSSH_8.2p1 Ubuntu-4ubuntu0.11", "openssh", "8.2p1", "8.2p1-4ubuntu0.11", "ubuntu:20.04"),
    ("OpenSSH_9.6p1 Ubuntu-3ubuntu13.11", "openssh", "9.6p1", "9.6p1-3ubuntu13.11", "ubuntu:24.04"),
    ("OpenSSH_9.7p1 Ubuntu-7ubuntu4.3", "openssh", "9.7p1", "9.7p1-7ubuntu4.3", "ubuntu:24.10"),
    ("OpenSSH_9.9p1 Ubuntu-3ubuntu3.1", "openssh", "9.9p1", "9.9p1-3ubuntu3.1", "ubuntu:25.04"),
    ("OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13", "openssh", "6.6.1p1", "6.6.1p1-2ubuntu2.13", "ubuntu:14.04"),
    ("OpenSSH_6.6.1p1 Ubuntu-8", "openssh", "6.6.1p1", "6.6.1p1-8", "ubuntu"),
    ("OpenSSH_9.0p1 Ubuntu-1ubuntu8.7", "openssh", "9.0p1", "9.0p1-1ubuntu8.7", "ubuntu:23.04"),
    ("OpenSSH_9.7 FreeBSD-20240806", "openssh", "9.7", "FreeBSD-20240806", "freebsd"),
    ("OpenSSH_7.5 FreeBSD-20170903", "openssh", "7.5", "FreeBSD-20170903", "freebsd"),
    ("OpenSSH_6.6.1_hpn13v11 FreeBSD-20140420", "openssh", "6.6.1", "FreeBSD-20140420", "freebsd"),
    ("OpenSSH_8.0 NetBSD_Secure_Shell-20190418", "openssh", "8.0", None, "netbsd"),
    ("OpenSSH_8.7", "openssh", "8.7", None, None),
    ("OpenSSH_for_Windows_9.5", "openssh", "9.5", None, "windows"),
    ("OpenSSH_8.9p1-hpn14v22", "openssh", "8.9p1", None, None),
    ("tinyssh_20230101-1 hf1sMU5v", "tinyssh", "20230101", "20230101-1", None),
    ("tinyssh_noversion 00000000", "tinyssh", None, None, None),
    ("dropbear_2022.83", "dropbear", "2022.83", None, None),
    ("dropbear", "dropbear", None, None, None),
    ("libssh_0.9.6", "libssh", "0.9.6", None, None),
    ("mod_sftp/1.0.0", "proftpd", None, None, None),
    ("Go", "crypto", None, None, None),
    ("Cisco-1.25", "ios", None, None, None),
    ("Cisco-2.0", "ios", None, None, None),
    ("ROSSSH", "routeros", None, None, None),
    ("HUAWEI-1.5", "vrp", None, None, None),
    ("lancom", "lcos", None, None, None),
    ("NetScreen", "screenos", None, None, None),
    ("Comware-7.1.070", "comware", "7.1.070", None, None),
    ("wolfSSHv1.4.14", "wolfssh", "1.4.14", None, None),
    ("paramiko_2.12.0", "paramiko", "2.12.0", None, None),
    ("AsyncSSH_2.10.1", "asyncssh", "2.10.1", None, None),
    ("Twisted_22.4.0", "twisted", "22.4.0", None, None),
    ("lshd-2.1 lsh - a GNU ssh", "lsh", "2.1", None, None),
    ("9.32 FlowSsh: Bitvise SSH Server (WinSSHD) 9.32", "winsshd", "9.32", None, None),
    ("1.82_sshlib GlobalSCAPE", "eft_server", None, None, None),
    ("Erlang/4.13.2", "erlang/otp", None, None, None),
    ("mpSSH_0.2.1", "integrated_lights-out", None, None, None),
    ("SFTPGo", "sftpgo", None, None, None),
    ("VShell_4_3_3_640 VShell", "vshell", None, None, None),
]


@for_every(("banner", "name", "version", "revision", "distro"), BANNERS, ids=[b[0] for b in BANNERS])
def test_banner(banner: str, name: str, version: str | None, revision: str | None, distro: str | None) -> None:
    (found,) = identify("ssh", f"SSH-2.0-{banner}\r\n".encode())
    assert (found.name, found.version, found.revision, found.distro) == (name, version, revision, distro)


@pytest.mark.parametrize("banner", ["", "-", "xxxxxxx", "4ANsxI", "OpenSSH-like", "9.2p1", "1.2.3 whatever"])
def test_what_names_nobody_is_nobody(banner: str) -> None:
    assert [found.version for found in identify("ssh", f"SSH-2.0-{banner}\r\n".encode()) if found.version] == []
