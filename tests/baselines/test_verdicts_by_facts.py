"""At least one version of every product, judged as of a day: what follows from its facts, and no more.

The reasons are the same for all: an upstream branch that ended is END_OF_LIFE where nobody repackages it, a version
below a known fix is NON_COMPLIANT, the newest of a living branch is COMPLIANT while its facts are fresh, and the rest
is UNKNOWN with the reason. A flaw is named only where the version has it.
"""

from __future__ import annotations

import datetime

import pytest
from tables import for_every

from scanner.assess.machines.patches import judge
from scanner.baselines import bundled
from scanner.feeds import bundled_knowledge
from scanner.model.product import Product

DAY = datetime.date(2026, 9, 15)

# name, version, distribution -> verdict or the reason for UNKNOWN, the newest of the flaws named
CASES: list[tuple[str, str, str | None, str, str | None]] = [
    ("activemq", "5.16.0", "windows", "END_OF_LIFE", "CVE-2023-46604"),
    ("activemq", "6.3.1", None, "COMPLIANT", None),
    ("activemq", "5.17.2", None, "backport-possible", None),
    ("activemq_artemis", "2.28.0", None, "END_OF_LIFE", None),
    ("activemq_artemis", "2.55.0", None, "COMPLIANT", None),
    ("adaptive_security_appliance_software", "9.8(4)15", None, "NON_COMPLIANT", "CVE-2020-3452"),
    ("adaptive_security_appliance_software", "9.16(4)85", None, "stale-baseline", None),
    ("arubaos", "8.10.0.5", None, "NON_COMPLIANT", "CVE-2024-26305"),
    ("arubaos", "8.10.0.13", None, "stale-baseline", None),
    ("asterisk", "16.2.1", None, "backport-possible", None),
    ("asterisk", "20.5.0", None, "base-build-only", None),
    ("backup_and_replication", "12.1.2.172", None, "NON_COMPLIANT", "CVE-2025-23121"),
    ("backup_and_replication", "11.0.1.1261", None, "END_OF_LIFE", "CVE-2023-27532"),
    ("backup_and_replication", "12.3.2.4854", None, "COMPLIANT", None),
    ("big-ip", "15.1.2", None, "END_OF_LIFE", "CVE-2022-1388"),
    ("big-ip", "17.5.1", None, "COMPLIANT", None),
    ("webmail", "1.4.3", "windows", "END_OF_LIFE", "CVE-2023-43770"),
    ("webmail", "1.6.5", None, "backport-possible", None),
    ("webmail", "1.7.3", None, "COMPLIANT", None),
    ("centos", "7", None, "END_OF_LIFE", None),
    ("centos", "8", None, "END_OF_LIFE", None),
    ("clamav", "1.4.6", None, "COMPLIANT", None),
    ("clamav", "0.103.8", None, "backport-possible", None),
    ("confluence_server", "7.18.0", None, "END_OF_LIFE", "CVE-2022-26134"),
    ("confluence_server", "10.2.15", None, "COMPLIANT", None),
    ("confluence_server", "8.5.3", None, "END_OF_LIFE", "CVE-2023-22527"),
    ("connect_secure", "22.7R2.4", None, "NON_COMPLIANT", "CVE-2025-22457"),
    ("connect_secure", "22.7R2.6", None, "stale-baseline", None),
    ("couchdb", "3.2.1", None, "END_OF_LIFE", "CVE-2022-24706"),
    ("couchdb", "3.5.2", None, "COMPLIANT", None),
    ("coturn", "4.5.1", None, "backport-possible", None),
    ("coturn", "4.6.1", None, "stale-baseline", None),
    ("crushftp", "10.7.0", None, "NON_COMPLIANT", "CVE-2025-54309"),
    ("crushftp", "11.3.1", None, "stale-baseline", None),
    ("db2", "11.1.4", None, "END_OF_LIFE", None),
    ("db2", "11.5.5", None, "base-build-only", None),
    ("docker", "20.10.24", None, "backport-possible", None),
    ("docker", "29.7.2", None, "COMPLIANT", None),
    ("docker", "20.10.7", "windows", "END_OF_LIFE", None),
    ("elasticsearch", "7.17.9", None, "END_OF_LIFE", None),
    ("elasticsearch", "8.19.10", None, "NON_COMPLIANT", None),
    ("elasticsearch", "9.5.2", None, "COMPLIANT", None),
    ("elasticsearch", "1.4.2", None, "branch-unknown", None),
    ("esxi", "7.0.3", None, "END_OF_LIFE", None),
    ("esxi", "8.0.2", None, "NON_COMPLIANT", "CVE-2024-37085"),
    ("esxi", "8.0.3", None, "untrusted-banner", None),
    ("etcd", "3.4.23", None, "backport-possible", None),
    ("etcd", "3.7.1", None, "COMPLIANT", None),
    ("fireware", "12.11.2", None, "NON_COMPLIANT", "CVE-2025-9242"),
    ("fireware", "12.11.4", None, "stale-baseline", None),
    ("forgejo", "7.0.5", None, "END_OF_LIFE", None),
    ("forgejo", "15.0.7", None, "COMPLIANT", None),
    ("fortimanager", "7.4.4", None, "NON_COMPLIANT", "CVE-2024-47575"),
    ("fortimanager", "7.4.5", None, "stale-baseline", None),
    ("freebsd", "12.2-RELEASE-p14", None, "END_OF_LIFE", None),
    ("freebsd", "14.4-RELEASE", None, "base-build-only", None),
    ("freeswitch", "1.10.4", None, "NON_COMPLIANT", "CVE-2023-51443"),
    ("freeswitch", "1.10.11", None, "stale-baseline", None),
    ("gitea", "1.16.6", None, "NON_COMPLIANT", "CVE-2022-30781"),
    ("gitea", "1.17.3", None, "stale-baseline", None),
    ("gitlab", "16.5.5", None, "END_OF_LIFE", "CVE-2023-7028"),
    ("gitlab", "19.3.0", None, "COMPLIANT", None),
    ("gitlab", "13.10.2", None, "END_OF_LIFE", "CVE-2021-22205"),
    ("goanywhere_managed_file_transfer", "7.1.1", None, "NON_COMPLIANT", "CVE-2023-0669"),
    ("goanywhere_managed_file_transfer", "7.4.0", None, "stale-baseline", None),
    ("grafana", "9.3.2", None, "backport-possible", None),
    ("grafana", "13.2.0", None, "COMPLIANT", None),
    ("grafana", "8.5.27", None, "backport-possible", None),
    ("icecast", "2.4.2", "windows", "NON_COMPLIANT", "CVE-2018-18820"),
    ("icecast", "2.4.4", None, "stale-baseline", None),
    ("icinga", "2.13.6", None, "backport-possible", None),
    ("icinga", "2.16.5", None, "COMPLIANT", None),
    ("icinga_web_2", "2.11.0", None, "backport-possible", None),
    ("icinga_web_2", "2.14.0", None, "COMPLIANT", None),
    ("idrac_firmware", "2.41.40.40", None, "NON_COMPLIANT", "CVE-2018-1207"),
    ("idrac_firmware", "2.86.86.86", None, "stale-baseline", None),
    ("idrac_firmware", "6.10.80.00", None, "branch-unknown", None),
    ("influxdb", "1.8.10", None, "backport-possible", None),
    ("influxdb", "3.11.2", None, "COMPLIANT", None),
    ("ios_xe", "17.9.4", None, "END_OF_LIFE", "CVE-2023-20198"),
    ("ios_xe", "17.03.05", None, "END_OF_LIFE", "CVE-2023-20198"),
    ("ios_xe", "17.12.4", None, "base-build-only", None),
    ("jellyfin", "10.8.9", None, "NON_COMPLIANT", "CVE-2023-30627"),
    ("jellyfin", "10.9.0", None, "stale-baseline", None),
    ("jenkins", "2.426.2", None, "END_OF_LIFE", "CVE-2024-23897"),
    ("jenkins", "2.400", None, "NON_COMPLIANT", "CVE-2024-23897"),
    ("jenkins", "2.578", None, "COMPLIANT", None),
    ("jetty", "9.4.43.v20210629", None, "backport-possible", None),
    ("jetty", "12.1.12", None, "COMPLIANT", None),
    ("jira", "9.12.1", None, "END_OF_LIFE", None),
    ("jira", "11.3.10", None, "COMPLIANT", None),
    ("kibana", "6.6.0", None, "END_OF_LIFE", "CVE-2019-7609"),
    ("kibana", "9.5.2", None, "COMPLIANT", None),
    ("kibana", "5.6.16", None, "branch-unknown", None),
    ("kubernetes", "1.27.4", None, "backport-possible", None),
    ("kubernetes", "1.36.4", None, "COMPLIANT", None),
    ("libssh", "0.8.3", None, "backport-possible", None),
    ("libssh", "0.9.6", None, "branch-unknown", None),
    ("n-central", "2025.3.0", None, "NON_COMPLIANT", "CVE-2025-8876"),
    ("n-central", "2025.3.1", None, "stale-baseline", None),
    ("n-central", "2024.6", None, "branch-unknown", None),
    ("netscaler_gateway", "13.1-48.47", None, "NON_COMPLIANT", "CVE-2025-7775"),
    ("netscaler_gateway", "14.1-47.48", None, "stale-baseline", None),
    ("mariadb", "10.11.6", None, "backport-possible", None),
    ("mdaemon", "20.0.1", None, "NON_COMPLIANT", "CVE-2024-11182"),
    ("mdaemon", "24.5.1", None, "stale-baseline", None),
    ("media_server", "1.42.0", None, "NON_COMPLIANT", "CVE-2025-34158"),
    ("media_server", "1.42.1.10060", None, "stale-baseline", None),
    ("mediawiki", "1.39.17", None, "backport-possible", None),
    ("mediawiki", "1.46.0", None, "COMPLIANT", None),
    ("minidlna", "1.3.0", None, "backport-possible", None),
    ("minidlna", "1.3.3", None, "stale-baseline", None),
    ("mongodb", "4.4.18", None, "END_OF_LIFE", "CVE-2025-14847"),
    ("mongodb", "8.0.29", None, "COMPLIANT", None),
    ("mongodb", "3.6.8", None, "branch-unknown", None),
    ("mosquitto", "2.0.11", "windows", "NON_COMPLIANT", "CVE-2023-28366"),
    ("mosquitto", "2.0.11", None, "backport-possible", None),
    ("moveit_transfer", "15.0.0", None, "NON_COMPLIANT", "CVE-2023-34362"),
    ("moveit_transfer", "2023.0.1", None, "stale-baseline", None),
    ("netscaler_gateway", "13.1-37.100", None, "NON_COMPLIANT", "CVE-2025-7775"),
    ("nextcloud_server", "27.1.4", None, "END_OF_LIFE", None),
    ("nextcloud_server", "34.0.3", None, "COMPLIANT", None),
    ("node.js", "18.20.4", None, "backport-possible", None),
    ("node.js", "24.19.0", None, "COMPLIANT", None),
    ("node.js", "18.20.4", "windows", "END_OF_LIFE", None),
    ("openbsd", "6.8", None, "END_OF_LIFE", None),
    ("openbsd", "7.9", None, "base-build-only", None),
    ("openfire", "4.7.4", None, "NON_COMPLIANT", "CVE-2023-32315"),
    ("openfire", "4.7.5", None, "stale-baseline", None),
    ("opensearch", "1.3.20", None, "END_OF_LIFE", None),
    ("opensearch", "2.11.0", None, "NON_COMPLIANT", None),
    ("opensearch", "3.8.0", None, "COMPLIANT", None),
    ("openvpn", "2.4.4", None, "backport-possible", None),
    ("openvpn", "2.7.6", None, "COMPLIANT", None),
    ("openwrt", "22.03.5", None, "END_OF_LIFE", None),
    ("openwrt", "25.12.5", None, "COMPLIANT", None),
    ("opnsense", "24.7.12", None, "END_OF_LIFE", None),
    ("opnsense", "26.7.2", None, "COMPLIANT", None),
    ("owncloud_server", "10.13.0", None, "NON_COMPLIANT", "CVE-2023-49105"),
    ("owncloud_server", "10.13.2", None, "stale-baseline", None),
    ("pan-os", "10.2.9", None, "END_OF_LIFE", "CVE-2024-3400"),
    ("pan-os", "11.1.2-h3", None, "NON_COMPLIANT", None),
    ("pan-os", "12.1.9", None, "COMPLIANT", None),
    ("papercut_mf", "22.0.8", None, "NON_COMPLIANT", "CVE-2023-27350"),
    ("papercut_mf", "19.2.7", None, "NON_COMPLIANT", "CVE-2023-27350"),
    ("papercut_mf", "23.0.1", None, "stale-baseline", None),
    ("phpmyadmin", "5.2.1", None, "backport-possible", None),
    ("phpmyadmin", "5.2.3", None, "COMPLIANT", None),
    ("prometheus", "2.42.0", None, "backport-possible", None),
    ("prometheus", "3.14.0", None, "COMPLIANT", None),
    ("prtg_network_monitor", "18.2.38.1000", None, "NON_COMPLIANT", "CVE-2023-32781"),
    ("prtg_network_monitor", "24.1.92.1554", None, "stale-baseline", None),
    ("python", "3.11.2", None, "backport-possible", None),
    ("python", "3.14.7", None, "COMPLIANT", None),
    ("qts", "4.5.4", None, "base-build-only", None),
    ("qts", "5.1.5.2645", None, "stale-baseline", None),
    ("qts", "5.1.3.2578", None, "NON_COMPLIANT", "CVE-2023-50358"),
    ("qts", "4.5.4.2012", None, "NON_COMPLIANT", "CVE-2024-21899"),
    ("rabbitmq", "3.10.8", None, "backport-possible", None),
    ("rabbitmq", "4.3.5", None, "COMPLIANT", None),
    ("screenconnect", "23.9.7.8804", None, "NON_COMPLIANT", "CVE-2025-3935"),
    ("screenconnect", "25.2.4", None, "stale-baseline", None),
    ("sharepoint_server", "16.0.0.10396", None, "END_OF_LIFE", "CVE-2025-53770"),
    ("sharepoint_server", "15.0.0.4569", None, "END_OF_LIFE", None),
    ("sharepoint_server", "16.0.0.14326", None, "branch-unknown", None),
    ("sonicos", "6.5.4.9-92n", None, "NON_COMPLIANT", "CVE-2024-40766"),
    ("sonicos", "7.0.1-5035", None, "NON_COMPLIANT", "CVE-2024-40766"),
    ("sonicos", "8.0.0-8037", None, "stale-baseline", None),
    ("splunk", "9.0.4", None, "END_OF_LIFE", None),
    ("splunk", "10.4.0", None, "COMPLIANT", None),
    ("subversion", "1.14.2", None, "backport-possible", None),
    ("subversion", "1.14.5", None, "COMPLIANT", None),
    ("synology_dsm", "7.2.1-69057 Update 5", None, "NON_COMPLIANT", "CVE-2024-10441"),
    ("synology_dsm", "7.2.1-69057 Update 6", None, "stale-baseline", None),
    ("synology_dsm", "7.4.1-90080", None, "branch-unknown", None),
    ("teamcity", "2023.05.3", None, "NON_COMPLIANT", "CVE-2024-27198"),
    ("teamcity", "2023.11.4", None, "stale-baseline", None),
    ("traefik", "2.9.4", None, "END_OF_LIFE", None),
    ("traefik", "3.7.11", None, "COMPLIANT", None),
    ("debian_linux", "8.11", None, "END_OF_LIFE", None),
    ("debian_linux", "11", None, "END_OF_LIFE", None),
    ("debian_linux", "12", None, "base-build-only", None),
    ("ubuntu_linux", "14.04", None, "END_OF_LIFE", None),
    ("ubuntu_linux", "18.04", None, "END_OF_LIFE", None),
    ("ubuntu_linux", "22.04", None, "base-build-only", None),
    ("unifi_network_application", "6.5.53", None, "NON_COMPLIANT", "CVE-2021-44228"),
    ("unifi_network_application", "8.0.26", None, "stale-baseline", None),
    ("valkey", "8.1.9", None, "COMPLIANT", None),
    ("valkey", "7.2.4", None, "backport-possible", None),
    ("varnish_cache", "7.1.1", None, "backport-possible", None),
    ("varnish_cache", "9.0.1", None, "COMPLIANT", None),
    ("vcenter_server", "7.0.3", None, "END_OF_LIFE", None),
    ("vcenter_server", "8.0.3.00300", None, "untrusted-banner", None),
    ("virtual_environment", "7.4", None, "END_OF_LIFE", None),
    ("virtual_environment", "9.2", None, "COMPLIANT", None),
    ("webmin", "1.900", None, "NON_COMPLIANT", "CVE-2019-15107"),
    ("webmin", "2.105", None, "stale-baseline", None),
    ("windows", "10.0.19045", None, "END_OF_LIFE", None),
    ("windows", "10.0.17763", None, "base-build-only", None),
    ("windows", "10.0.26100", None, "base-build-only", None),
    ("windows", "10.0.22631.2000", None, "NON_COMPLIANT", None),
    ("windows", "6.1.7601", None, "END_OF_LIFE", None),
    ("wing_ftp_server", "7.4.3", None, "NON_COMPLIANT", "CVE-2025-47812"),
    ("wing_ftp_server", "7.4.4", None, "stale-baseline", None),
    ("wordpress", "6.4.2", None, "backport-possible", None),
    ("wordpress", "7.1.0", None, "COMPLIANT", None),
    ("wordpress", "6.4.2", "windows", "END_OF_LIFE", None),
    ("zabbix", "5.4.8", "windows", "END_OF_LIFE", "CVE-2022-23131"),
    ("zabbix", "6.0.14", None, "backport-possible", None),
    ("zabbix", "7.4.13", None, "COMPLIANT", None),
    ("zookeeper", "3.8.0", None, "backport-possible", None),
    ("zookeeper", "3.9.5", None, "COMPLIANT", None),
    ("openssh", "9.2p1", None, "backport-possible", None),
    ("dropbear", "2016.74", None, "backport-possible", None),
    ("http_server", "2.4.49", "windows", "NON_COMPLIANT", "CVE-2024-38475"),
    ("nginx", "1.18.0", None, "backport-possible", None),
    ("lighttpd", "1.4.59", None, "backport-possible", None),
    ("openssl", "1.0.1e", "windows", "backport-possible", None),
    ("vsftpd", "3.0.3", None, "backport-possible", None),
    ("proftpd", "1.3.5", "windows", "backport-possible", None),
    ("pure-ftpd", "1.0.49", None, "backport-possible", None),
    ("exim", "4.91", None, "backport-possible", None),
    ("postfix", "3.5.6", None, "backport-possible", None),
    ("dovecot", "2.3.4", None, "backport-possible", None),
    ("mysql", "5.5.62", "windows", "END_OF_LIFE", None),
    ("redis", "7.0.15", None, "backport-possible", None),
    ("memcached", "1.5.6", None, "backport-possible", None),
    ("postgresql", "12.1", "windows", "END_OF_LIFE", None),
    ("bind", "9.11.36", None, "backport-possible", None),
    ("dnsmasq", "2.80", None, "backport-possible", None),
    ("unbound", "1.13.1", None, "backport-possible", None),
    ("routeros", "6.42", None, "END_OF_LIFE", "CVE-2018-14847"),
    ("samba", "4.4.13", None, "backport-possible", None),
    ("fortios", "v7.4.2,build2571", None, "NON_COMPLIANT", "CVE-2025-59718"),
    ("tomcat", "9.0.30", None, "backport-possible", None),
    ("iis", "8.5", None, "END_OF_LIFE", None),
    ("squid", "4.6", None, "backport-possible", None),
    ("windows_server", "6.3.9600", None, "END_OF_LIFE", None),
    ("exchange_server", "15.2.1118.7", None, "END_OF_LIFE", "CVE-2022-41082"),
    ("sql_server", "13.0.5026.0", None, "END_OF_LIFE", None),
    ("haproxy", "2.9.1", None, "backport-possible", None),
    ("php", "7.4.33", "windows", "END_OF_LIFE", None),
]


@for_every(("name", "version", "distro", "expected", "newest"), CASES)
def test_version(name: str, version: str, distro: str | None, expected: str, newest: str | None) -> None:
    found = judge(Product("vendor", name, version, None, distro), bundled_knowledge(), DAY)
    assert (found.reason if found.verdict == "UNKNOWN" else found.verdict) == expected
    assert (found.cves[-1] if found.cves else None) == newest
    if found.verdict in ("NON_COMPLIANT", "END_OF_LIFE"):
        assert (found.source or "").startswith("https://")


def test_every_product_is_judged() -> None:
    assert {name for name, *_ in CASES} == {each.product for each in bundled()}


@for_every(
    ("name", "version", "without"),
    [
        ("pan-os", "10.2.8-h3", "CVE-2024-3400"),  # a hotfix of an older release has the fix
        ("pan-os", "11.1.1-h1", "CVE-2024-3400"),
        ("webmin", "1.881", "CVE-2019-15107"),  # before the backdoor came in
        ("webmin", "1.930", "CVE-2019-15107"),
        ("esxi", "8.0.2", "CVE-2025-22224"),  # an update without its letter hides whether it is 2d
        ("owncloud_server", "10.5.0", "CVE-2023-49105"),
        ("sonicos", "6.5.2.8-2n", "CVE-2024-40766"),
        ("screenconnect", "23.9.8.8811", "CVE-2024-1709"),
        ("qts", "4.5.1.1495", "CVE-2020-2509"),
        ("sharepoint_server", "16.0.0.10417", "CVE-2025-53770"),
        ("roundcube", "1.6.4", "CVE-2023-5631"),
        ("jenkins", "2.426.3", "CVE-2024-23897"),
        ("jenkins", "2.442", "CVE-2024-23897"),
        ("ios_xe", "17.09.04a", "CVE-2023-20198"),
        ("exim", "4.92", "CVE-2019-10149"),
        ("php", "7.3.11", "CVE-2019-11043"),
    ],
)
def test_no_flaw_that_a_version_has_not(name: str, version: str, without: str) -> None:
    product = "webmail" if name == "roundcube" else name
    found = judge(Product("vendor", product, version, None, "windows"), bundled_knowledge(), DAY)
    assert found.reason != "no-baseline"
    assert without not in found.cves


@pytest.mark.parametrize(
    ("name", "version", "ended"),
    [
        ("windows", "10.0.19045", "2025-10-14"),
        ("windows", "10.0.22631", "2026-11-10"),
        ("gitlab", "19.3.0", "2026-11-19"),
        ("elasticsearch", "8.19.20", "2027-07-15"),
    ],
)
def test_a_branch_ends_on_the_day_after_its_last(name: str, version: str, ended: str) -> None:
    last = datetime.date.fromisoformat(ended)
    product = Product("vendor", name, version)
    assert judge(product, bundled_knowledge(), last).verdict != "END_OF_LIFE"
    assert judge(product, bundled_knowledge(), last + datetime.timedelta(days=1)).verdict == "END_OF_LIFE"


def test_nothing_is_said_to_be_patched_by_facts_that_have_aged() -> None:
    """Three months after the collection was read, no newest release of it is COMPLIANT any more."""
    late = datetime.date(2027, 6, 1)
    for baseline in bundled():
        for branch in baseline.branches:
            if branch.minimum is not None:
                found = judge(Product("vendor", baseline.product, branch.minimum), bundled_knowledge(), late)
                assert found.verdict != "COMPLIANT", (baseline.product, branch.minimum)
