"""What others' names are in our words: products as identification names them (`Product.name`)."""

from __future__ import annotations

import re

from scanner.model.feeds import Lifecycle

_OURS = {
    "apache-artemis": "activemq_artemis",
    "apache-subversion": "subversion",
    "big-ip": "big-ip",
    "clickhouse": "clickhouse",
    "cisco-ios-xe": "ios_xe",
    "confluence": "confluence_server",
    "docker-engine": "docker",
    "etcd": "etcd",
    "isc-dhcp": "dhcp",
    "netapp-ontap": "data_ontap",
    "nextjs": "next.js",
    "openvpn": "openvpn",
    "panos": "pan-os",
    "proxmox-backup-server": "backup_server",
    "proxmox-mail-gateway": "mail_gateway",
    "redhat-jboss-eap": "jboss_enterprise_application_platform",
    "roundcube": "webmail",
    "sharepoint": "sharepoint_server",
    "spring-boot": "spring_boot",
    "veeam-backup-and-replication": "backup_and_replication",
    "windows": "windows",
    "windows-server": "windows_server",
}
"""endoflife.date's names for what it gives no CPE for, or another one than banners are told by."""
_SAME_DATA = {
    "anthropic-claude": "claude", "antix-linux": "antix", "apache-ant": "ant", "apple-tvos": "tvos",
    "ibm-semeru": "ibm-semeru-runtime", "linux-kernel": "linux", "mule-runtime": "mulesoft-runtime",
    "nvidia-driver": "nvidia", "omnissa-horizon": "horizon", "pan-cortex-xdr": "cortex-xdr", "pan-gp": "pangp",
    "pan-os": "panos", "red-hat-build-of-openjdk": "redhat-build-of-openjdk", "red-hat-jboss-eap": "redhat-jboss-eap",
    "red-hat-satellite": "redhat-satellite", "ruby-on-rails": "rails",
}  # fmt: skip
"""Files of the release data that are called otherwise than the product's page."""
SYSTEMS = frozenset(
    {"big-ip", "cisco-ios-xe", "esxi", "fortios", "freebsd", "netapp-ontap", "netbsd", "openbsd", "opnsense", "panos"}
)
"""Operating systems that are a product themselves; a Linux distribution is judged by its packages."""
VENDORS_OWN = SYSTEMS | {
    "artifactory", "azure-devops-server", "bamboo", "bitbucket", "coldfusion", "commvault", "confluence", "controlm",
    "filemaker", "ibm-db2", "ibm-mq", "jira-software", "nexus", "oracle-database", "plesk", "proxmox-backup-server",
    "proxmox-mail-gateway", "proxmox-ve", "sharepoint", "sonarqube-server", "splunk", "vcenter",
    "veeam-backup-and-replication", "veeam-backup-for-microsoft-365", "veeam-one", "zerto",
}  # fmt: skip
"""Only their makers build them, so that what is missing in the version is missing."""
_APPLES = {"ios": "iphone_os"}
"""Names that other products have on the network."""
_NO_SOFTWARE = frozenset({"device", "service", "standard"})

_PACKAGES = {
    "apache2": "http_server", "httpd": "http_server", "bind9": "bind", "exim4": "exim", "proftpd-dfsg": "proftpd",
    "openssh-server": "openssh", "bind-chroot": "bind", "squid3": "squid", "mosquitto": "mosquitto",
    "redis-server": "redis", "valkey": "valkey", "mariadb-server": "mariadb", "mysql-server": "mysql",
    "postgresql-server": "postgresql", "php-common": "php", "openldap-servers": "openldap", "cyrus-imapd": "cyrus_imap",
    "varnish": "varnish_cache", "nodejs": "node.js", "net-snmp": "net-snmp", "docker.io": "docker",
    "rabbitmq-server": "rabbitmq", "strongswan": "strongswan", "ntp": "ntp", "cups": "cups",
}  # fmt: skip
"""Packages that are called otherwise than the product that shows itself on the network."""
_NUMBERED = re.compile(r"(php|postgresql|tomcat|mariadb|mysql|varnish)-?(?:\d+(?:\.\d+)?)", re.ASCII)
"""Debian's sources of a product that it carries in several lines: `php8.2`, `postgresql-15`."""


def product_of(life: Lifecycle) -> str | None:
    """The product that a life cycle is of; None for what shows itself on no network, or is not one product."""
    if life.category in _NO_SOFTWARE or (life.category == "os" and life.name not in _OURS.keys() | SYSTEMS):
        return None
    if life.name in _OURS:
        return _OURS[life.name]
    return life.cpes[0][1] if life.cpes else life.name.replace("-", "_")


def vendor_of(life: Lifecycle) -> str:
    return life.cpes[0][0] if life.cpes else life.name


def released_product(file: str, lives: dict[str, Lifecycle]) -> str:
    """The product that a file of the release data is of. What shows itself on no network has a name all the same."""
    name = _SAME_DATA.get(file, file)
    life = lives.get(name)
    product = _OURS.get(name) or (None if life is None else product_of(life))
    if product is None and life is not None and life.cpes:
        product = life.cpes[0][1]
    return product or _APPLES.get(name) or name.replace("-", "_")


def product_of_package(package: str) -> str:
    """The product that a package of a distribution holds: `openssh-server` is openssh; most are called the same."""
    numbered = _NUMBERED.fullmatch(package)
    if numbered is not None:
        name = numbered[1]
        return "varnish_cache" if name == "varnish" else name
    return _PACKAGES.get(package, package)
