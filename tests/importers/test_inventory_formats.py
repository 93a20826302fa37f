"""Software inventories as their tools write them: who is recognised, what is read, what is said of the rest."""

from __future__ import annotations

import datetime
import json

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.inventory import Format, Hints, Inventories, Listed, formats

DPKG_L = """\
Desired=Unknown/Install/Remove/Purge/Hold
| Status=Not/Inst/Conf-files/Unpacked/halF-conf/Half-inst/trig-aWait/Trig-pend
|/ Err?=(none)/Reinst-required (Status,Err: uppercase=bad)
||/ Name              Version              Architecture Description
+++-=================-====================-============-==================================
ii  base-files        12.4+deb12u7         amd64        Debian base system miscellaneous files
hi  openssh-server    1:9.2p1-2+deb12u3    amd64        secure shell (SSH) server, for secure access
ii  libssl3:amd64     3.0.14-1~deb12u2     amd64        Secure Sockets Layer toolkit
ii  docker-ce         5:27.1.1-1~debian.12~bookworm amd64 Docker: the open-source application container engine
rc  exim4-base        4.96-15+deb12u5      amd64        support files for all Exim MTA (v4) packages
un  telnetd           <none>               <none>       (no description available)
"""
UBUNTU_W = "base-files\t12ubuntu4.6\nopenssh-server\t1:8.9p1-3ubuntu0.10\nlibc6:amd64\t2.35-0ubuntu3.8\n"
DPKG_QF = (
    "openssh-server\t1:9.2p1-2+deb12u3\topenssh\tinstall ok installed\n"
    "exim4-base\t4.96-15+deb12u5\texim4\tdeinstall ok config-files\n"
)
RPM_QA = """\
openssh-server-8.0p1-19.el8_8.x86_64
bind-32:9.11.36-8.el8.x86_64
httpd-2.4.37-65.module_el8.10.0+3870+ea7f9d5b.2.x86_64
gpg-pubkey-3abb34f8-5ffd890e
nginx-1.26.1-2.el8.ngx.x86_64
"""
RPM_QF = "openssl\t1\t1.1.1k\t12.el8_9\tx86_64\topenssl-1.1.1k-12.el8_9.src.rpm\nbash\t(none)\t4.4.20\t5.el8\tx86_64\n"
WINGET = json.dumps(
    {
        "$schema": "https://aka.ms/winget-packages.schema.2.0.json",
        "CreationDate": "2026-10-03T09:12:44.120-00:00",
        "Sources": [
            {
                "Packages": [
                    {"PackageIdentifier": "Google.Chrome", "Version": "129.0.6668.90"},
                    {"PackageIdentifier": "7zip.7zip", "Version": "23.01"},
                ],
                "SourceDetails": {"Name": "winget"},
            }
        ],
        "WinGetVersion": "1.8.1911",
    }
)
WINGET_LIST = json.dumps([{"Name": "PuTTY release 0.78 (64-bit)", "Id": "PuTTY.PuTTY", "InstalledVersion": "0.78.0.0"}])
UNINSTALL = json.dumps(
    [
        {"DisplayName": "7-Zip 23.01 (x64)", "DisplayVersion": "23.01", "Publisher": "Igor Pavlov", "PSPath": "x"},
        {"DisplayName": None, "DisplayVersion": None, "Publisher": None},
        {"DisplayName": None, "DisplayVersion": "1.0", "Publisher": "Nobody"},
        {"DisplayName": "Java 8 Update 391 (64-bit)", "DisplayVersion": "8.0.3910.13", "Publisher": "Oracle"},
        {"CSName": "PC-7", "Caption": "Microsoft Windows 10 Pro", "Version": "10.0.19045", "BuildNumber": "19045"},
    ],
    indent=1,
)
GET_PACKAGE = json.dumps({"Name": "Notepad++", "Version": "8.5", "ProviderName": "Programs", "PackageFilename": "n"})
REMOTE = json.dumps(
    [
        {"Name": "VMware Tools", "Version": "12.3", "Vendor": "VMware", "Caption": "VMware Tools",
         "IdentifyingNumber": "{1}", "PSComputerName": name}
        for name in ("SRV1", "SRV2")
    ]
)  # fmt: skip
OSQUERY = json.dumps(
    {
        "system_info": [{"hostname": "web1.corp.example", "computer_name": "web1", "uuid": "u"}],
        "os_version": [{"name": "Ubuntu", "version": "22.04.4 LTS", "platform": "ubuntu", "major": "22", "minor": "4"}],
        "interface_addresses": [
            {"interface": "lo", "address": "127.0.0.1", "mask": ""},
            {"interface": "eth0", "address": "10.0.2.7", "mask": ""},
            {"interface": "eth0", "address": "fe80::1%eth0", "mask": ""},
        ],
        "interface_details": [{"interface": "eth0", "mac": "00:15:5D:01:02:03"}, {"mac": "00:00:00:00:00:00"}],
        "deb_packages": [
            {"name": "openssh-server", "version": "1:8.9p1-3ubuntu0.10", "source": "openssh", "arch": "amd64",
             "revision": "3ubuntu0.10", "status": "install ok installed"},
            {"name": "gone", "version": "1-1", "source": "", "status": "deinstall ok config-files"},
        ],
    }
)  # fmt: skip
OSQUERY_ROWS = json.dumps(
    [{"name": "Google Chrome", "version": "120", "install_location": "C:\\x", "publisher": "Google LLC"}]
)
OSQUERY_LOG = "\n".join(
    json.dumps(
        {"name": "pack_it_rpm_packages", "hostIdentifier": "db1", "unixTime": 1791000000 + n, "action": action,
         "columns": {"name": name, "version": "8.0p1", "release": "19.el8_8", "epoch": "", "arch": "x86_64"}}
    )
    for n, (name, action) in enumerate([("openssh-server", "added"), ("telnet", "removed"), ("bash", "added")])
)  # fmt: skip
PURL = "pkg:deb/debian/openssh-server@1%3A9.2p1-2%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=openssh"
RPM_PURL = (
    "pkg:rpm/almalinux/bind@9.11.36-8.el8?arch=x86_64&epoch=32&upstream=bind-9.11.36-8.el8.src.rpm"
    "&distro=almalinux-8.10"
)
SBOM = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "metadata": {"timestamp": "2026-09-01T00:00:00Z", "component": {"type": "device", "name": "nas1"}},
        "components": [
            {"type": "library", "name": "openssh-server", "version": "1:9.2p1-2+deb12u3", "purl": PURL},
            {"type": "library", "name": "bind", "version": "9.11.36-8.el8", "purl": RPM_PURL},
            {"type": "application", "name": "Grafana", "version": "10.4.1", "supplier": {"name": "Grafana Labs"},
             "components": [{"type": "library", "name": "left-pad", "version": "1.3.0"}]},
            {"type": "operating-system", "name": "debian", "version": "12"},
        ],
    }
)  # fmt: skip
SBOM_XML = f"""\
<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata><timestamp>2026-09-01T00:00:00Z</timestamp>
    <tools><components><component type="application"><name>syft</name></component></components></tools>
    <component type="device"><name>nas1</name></component></metadata>
  <components>
    <component type="library"><name>openssh-server</name><version>1:9.2p1-2+deb12u3</version>
      <purl>{PURL.replace("&", "&amp;")}</purl></component>
    <component type="application"><supplier><name>Grafana Labs</name></supplier><name>Grafana</name>
      <version>10.4.1</version></component>
  </components>
</bom>
"""
AUTOMATE = (
    "Client Name,Computer Name,Local IP,MAC Address,OS,Name,Version,Publisher\n"
    'Harbor,DC01,10.0.2.10,00155D010203,Microsoft Windows Server 2019,"7-Zip ""23.01"" (x64)",23.01,Igor\n'
    "Harbor,DC01,10.0.2.10,00155D010203,Microsoft Windows Server 2019,=HYPERLINK(1),1,+x\n"
    "Elsewhere,DC01,10.0.2.10,00155D010203,x,Evil,1,x\n"
)
DATTO = (
    "sep=;\nDevice Hostname;Int IP Address;Software;Software Version\n"
    'PC1;10.0.3.5;"Google\nChrome";="120.0"\nPC1;10.0.3.5;;1\n'
)
NINJA = "Device Name\tSoftware Name\tVersion\tPublisher\nSRV\tVeeam Backup & Replication\t12.1.2.172\tVeeam\n"


def read(name: str, text: str | bytes, hints: Hints = Hints(client="Harbor")) -> Inventories:  # noqa: B008
    raw = text.encode() if isinstance(text, str) else text
    found = [each for each, kind in formats().items() if kind.recognises(raw[:65536])]
    assert found[:1] == [name], found
    return formats()[name].read(raw, "f", hints)


def told(found: Inventories) -> list[str]:
    return [
        f"{each.name}|{each.version}|{each.vendor}|{each.distro}{'|own' if each.package else ''}"
        f"{'|' + each.source if each.source else ''}"
        for machine in found.machines
        for each in machine.items
    ]


SAMPLES = [
    ("dpkg-list", DPKG_L, "Debian 12", [
        "base-files|12.4+deb12u7||debian:12|own",
        "openssh-server|1:9.2p1-2+deb12u3||debian:12|own",
        "libssl3|3.0.14-1~deb12u2||debian:12|own",
        "docker-ce|5:27.1.1-1~debian.12~bookworm||debian:12",
    ]),
    ("dpkg-list", UBUNTU_W, "Ubuntu 22.04", [
        "base-files|12ubuntu4.6||ubuntu:22.04|own",
        "openssh-server|1:8.9p1-3ubuntu0.10||ubuntu:22.04|own",
        "libc6|2.35-0ubuntu3.8||ubuntu:22.04|own",
    ]),
    ("dpkg-list", DPKG_QF, "Debian 12", ["openssh-server|1:9.2p1-2+deb12u3||debian:12|own|openssh"]),
    ("rpm-list", RPM_QA, "", [
        "openssh-server|8.0p1-19.el8_8||el:8|own",
        "bind|32:9.11.36-8.el8||el:8|own",
        "httpd|2.4.37-65.module_el8.10.0+3870+ea7f9d5b.2||el:8|own",
        "nginx|1.26.1-2.el8.ngx||el:8",
    ]),
    ("rpm-list", RPM_QF, "", ["openssl|1:1.1.1k-12.el8_9||el:8|own|openssl", "bash|0:4.4.20-5.el8||el:8|own"]),
    ("winget-json", WINGET, "", ["Google.Chrome|129.0.6668.90|Google|windows", "7zip.7zip|23.01|7zip|windows"]),
    ("winget-json", WINGET_LIST, "", ["PuTTY release 0.78 (64-bit)|0.78.0.0||windows"]),
    ("powershell-json", UNINSTALL, "Microsoft Windows 10 Pro", [
        "7-Zip 23.01 (x64)|23.01|Igor Pavlov|windows",
        "Java 8 Update 391 (64-bit)|8.0.3910.13|Oracle|windows",
    ]),
    ("powershell-json", GET_PACKAGE, "", ["Notepad++|8.5||windows"]),
    ("powershell-json", REMOTE, "", ["VMware Tools|12.3|VMware|windows"] * 2),
    ("osquery-json", OSQUERY, "Ubuntu", ["openssh-server|1:8.9p1-3ubuntu0.10||ubuntu:22.04|own|openssh"]),
    ("osquery-json", OSQUERY_ROWS, "", ["Google Chrome|120|Google LLC|windows"]),
    ("osquery-json", OSQUERY_LOG, "", ["openssh-server|0:8.0p1-19.el8_8||el:8|own", "bash|0:8.0p1-19.el8_8||el:8|own"]),
    ("cyclonedx-json", SBOM, "debian", [
        "openssh-server|1:9.2p1-2+deb12u3||debian:12|own|openssh",
        "bind|32:9.11.36-8.el8||el:8|own|bind",
        "Grafana|10.4.1|Grafana Labs|",
        "left-pad|1.3.0||",
    ]),
    ("cyclonedx-xml", SBOM_XML, "", [
        "openssh-server|1:9.2p1-2+deb12u3||debian:12|own|openssh",
        "Grafana|10.4.1|Grafana Labs|",
    ]),
    ("rmm-csv", AUTOMATE, "Microsoft Windows Server 2019", [
        '7-Zip "23.01" (x64)|23.01|Igor|windows',
        "=HYPERLINK(1)|1|+x|windows",
    ]),
    ("rmm-csv", DATTO, "", ["Google Chrome|120.0||"]),
    ("rmm-csv", NINJA, "", ["Veeam Backup & Replication|12.1.2.172|Veeam|"]),
]  # fmt: skip


@for_every(("name", "text", "os", "items"), SAMPLES, ids=[f"{n}: {t[:24]!r}" for n, t, *_ in SAMPLES])
@for_every("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_tool_wrote_is_read(name: str, text: str, os: str, items: list[str], encoding: str) -> None:
    found = read(name, text.encode(encoding).replace(b"\n", b"\r\n") if encoding == "utf-8" else text.encode(encoding))
    assert sorted(told(found)) == sorted(items)
    assert found.machines[0].os == os
    assert not found.cut


def test_nmaps_products_are_kept_as_nmap_says_them() -> None:
    text = (
        '<?xml version="1.0"?><nmaprun scanner="nmap" args="nmap -sV" start="1791000000" version="7.94">'
        '<host><status state="up" reason="arp-response"/><address addr="10.0.2.10" addrtype="ipv4"/>'
        '<address addr="00:15:5D:01:02:03" addrtype="mac"/><hostnames><hostname name="dc01.corp"/></hostnames><ports>'
        '<port protocol="tcp" portid="22"><state state="open" reason="syn-ack"/>'
        '<service name="ssh" product="OpenSSH" version="7.4" method="probed" conf="10"/></port>'
        '<port protocol="tcp" portid="80"><state state="open" reason="syn-ack"/>'
        '<service name="http" method="table" conf="3"/></port></ports></host>'
        '<runstats><finished time="1791000009" exit="success"/><hosts up="1" down="0" total="1"/></runstats></nmaprun>'
    )
    found = read("nmap-inventory", text)
    assert machines(found) == [(["dc01.corp"], ["10.0.2.10"], ["00:15:5d:01:02:03"])]
    assert [(each.transport, each.port, b"OpenSSH" in each.raw) for each in found.machines[0].shown] == [
        ("tcp", 22, True)
    ]
    assert found.machines[0].taken == datetime.date(2026, 10, 3)
    assert read("nmap-inventory", text[: text.index("<runstats>")]).cut


def test_utf_16_needs_no_mark() -> None:
    assert told(read("powershell-json", GET_PACKAGE.encode("utf-16-le"))) == ["Notepad++|8.5||windows"]


def machines(found: Inventories) -> list[tuple[list[str], list[str], list[str]]]:
    return [(each.names, each.addresses, each.macs) for each in found.machines]


def test_machines_are_named_where_the_file_names_them() -> None:
    assert machines(read("rmm-csv", AUTOMATE)) == [(["DC01"], ["10.0.2.10"], ["00:15:5d:01:02:03"])]
    assert machines(read("powershell-json", REMOTE)) == [(["SRV1"], [], []), (["SRV2"], [], [])]
    assert machines(read("powershell-json", UNINSTALL)) == [(["PC-7"], [], [])]
    assert machines(read("osquery-json", OSQUERY)) == [
        (["web1.corp.example", "web1"], ["10.0.2.7"], ["00:15:5d:01:02:03"])
    ]
    assert machines(read("cyclonedx-json", SBOM)) == [(["nas1"], [], [])]
    assert machines(read("cyclonedx-xml", SBOM_XML)) == [(["nas1"], [], [])]
    assert not any(each.named for each in read("dpkg-list", DPKG_L).machines)


def test_days_are_taken_from_the_file_where_it_has_one() -> None:
    days = {
        name: read(name, text).machines[0].taken
        for name, text in (("winget-json", WINGET), ("cyclonedx-json", SBOM), ("cyclonedx-xml", SBOM_XML),
                           ("osquery-json", OSQUERY_LOG), ("rmm-csv", AUTOMATE))
    }  # fmt: skip
    day = datetime.date
    assert days == {
        "winget-json": day(2026, 10, 3),
        "cyclonedx-json": day(2026, 9, 1),
        "cyclonedx-xml": day(2026, 9, 1),
        "osquery-json": day(2026, 10, 3),
        "rmm-csv": None,
    }


def test_bad_rows_are_named_and_the_good_ones_kept() -> None:
    found = read("rmm-csv", DATTO)
    assert (found.bads.count, found.bads.first[0].line) == (1, 5)
    found = read("rpm-list", RPM_QA + "what is this\n")
    assert (len(told(found)), found.bads.count, found.bads.first[0].line) == (4, 1, 6)
    found = read("powershell-json", UNINSTALL)
    assert found.bads.count == 1
    assert "row 3" in found.bads.first[0].what
    assert "1 row of other clients" in read("rmm-csv", AUTOMATE).notes[0]


BROKEN_OFF = [
    ("winget-json", WINGET, '"7zip.7zip"', ["Google.Chrome|129.0.6668.90|Google|windows"]),
    ("powershell-json", UNINSTALL, '"Java 8', ["7-Zip 23.01 (x64)|23.01|Igor Pavlov|windows"]),
    ("cyclonedx-json", SBOM, '"pkg:rpm', ["openssh-server|1:9.2p1-2+deb12u3||debian:12|own|openssh"]),
    ("cyclonedx-xml", SBOM_XML, "<name>Grafana</name>", ["openssh-server|1:9.2p1-2+deb12u3||debian:12|own|openssh"]),
]


@pytest.mark.parametrize(("name", "text", "at", "items"), BROKEN_OFF, ids=[each[0] for each in BROKEN_OFF])
def test_of_a_file_that_breaks_off_what_is_whole_is_kept(name: str, text: str, at: str, items: list[str]) -> None:
    found = read(name, text[: text.index(at) + 4])
    assert told(found) == items
    assert found.cut


def many(line: str, count: int) -> str:
    return "".join(line.format(n) for n in range(count))


NARROW = DPKG_L.split("ii  base")[0].replace("=" * 34, "=" * 8) + many("ii  package-{:09d} 1.0-1 amd64 x\n", 30)
REFUSED = [
    ("dpkg-list", "adduser\t3.134\nbash\t5.2.15-2\n", Hints(), "--distro debian:12"),
    ("dpkg-list", NARROW, Hints(), "dpkg-query -W"),
    ("rmm-csv", AUTOMATE, Hints(client="Marina"), "f:1: its rows are of Elsewhere, Harbor, none of Marina"),
    ("rmm-csv", "Device,Software,Version\nPC,,1\n", Hints(), "f:2: no name of a piece of software"),
    ("rmm-csv", "Device,Software,Version\n,7-Zip,1\n", Hints(), "f:2: no machine is named"),
    ("winget-json", '{"Sources": [}', Hints(), "f:1: not JSON"),
    ("winget-json", '{"WinGetVersion": "1", "Sources": []}', Hints(), "names no software"),
    ("powershell-json", '[{"DisplayName": "x"},\n nonsense]', Hints(), "f:2: not JSON"),
    ("cyclonedx-json", '{"bomFormat": "CycloneDX", "components": 4}', Hints(), "not what this inventory looks like"),
    ("cyclonedx-xml", '<bom xmlns="http://cyclonedx.org/x">\n<a></b></bom>', Hints(), "f:2: not XML"),
    ("cyclonedx-xml", '<!DOCTYPE bom [<!ENTITY a "a">]><bom xmlns="http://cyclonedx.org/x">&a;</bom>', Hints(),
     "may not be read"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "hints", "said"), REFUSED, ids=[each[3] for each in REFUSED])
def test_what_cannot_be_used_is_one_sentence(name: str, text: str, hints: Hints, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(name, text, hints)
    assert said in str(refused.value)
    assert str(refused.value).startswith("f")
    assert "\n" not in str(refused.value)


def test_a_distribution_can_be_named() -> None:
    assert told(read("dpkg-list", "adduser\t3.134\n", Hints(distro="debian:12"))) == ["adduser|3.134||debian:12|own"]


def test_a_map_names_the_columns() -> None:
    text = "Rechner;Programm;Stand;Firma\nPC1;7-Zip;23.01;Igor\n"
    hints = Hints(columns={"host": "Rechner", "name": "Programm", "version": "Stand"}, delimiter=";")
    found = formats()["rmm-csv"].read(text.encode(), "f", hints)
    assert (told(found), found.machines[0].names) == (["7-Zip|23.01||"], ["PC1"])
    with pytest.raises(BadInput, match="has no column Hersteller, which the map file names"):
        formats()["rmm-csv"].read(text.encode(), "f", Hints(columns={"name": "Programm", "vendor": "Hersteller"}))


@pytest.mark.parametrize(
    "text", [b"", b"from\\to,guest,servers\nguest,,443\n", b"client: x\nsite: y\n", b"\x7fELF\0\0"]
)
def test_what_is_no_inventory_is_left_to_others(text: bytes) -> None:
    assert [name for name, each in formats().items() if each.recognises(text)] == []


@pytest.mark.parametrize("each", formats().values(), ids=list(formats()))
def test_a_format_says_what_it_is(each: Format) -> None:
    assert each.title
    assert "(" not in each.title


def test_a_machine_without_anything_is_not_named() -> None:
    assert not Listed().named
