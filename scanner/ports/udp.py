"""Our UDP ports, most worth asking first. There are few: silence proves nothing here, and closed ones cost time.

Ahead stand those that a datagram of ours makes answer; where no probe has one, an empty datagram tells at least a
closed port from a silent one. Left out on purpose is what prints or moves something by a single datagram.
"""

from __future__ import annotations

from scanner.ports.group import Group

GROUPS: tuple[Group, ...] = (
    Group(
        "What answers",
        "Names, time, management and discovery: one datagram tells what the device is, and who may ask it.",
        """
            53 domain, 123 ntp, 137 netbios-ns, 161 snmp, 69 tftp, 500 isakmp, 5060 sip, 1900 upnp, 5353 mdns,
            111 rpcbind, 514 syslog, 623 asf-rmcp, 1194 openvpn, 1434 ms-sql-m, 3702 ws-discovery, 4500 nat-t-ike,
            37020 hikvision-sadp, 37810 dahua-dhip, 5678 rrac, 9999 distinct
        """,
    ),
    Group(
        "Windows and directories",
        "What a domain needs between its members, and a remote desktop beside its TCP port.",
        """
            389 ldap, 88 kerberos-sec, 464 kpasswd5, 138 netbios-dgm, 5355 llmnr, 3389 ms-wbt-server, 3391 rd-gateway,
            443 https, 67 dhcps, 68 dhcpc, 547 dhcp6s, 4011 pxe, 2049 nfs, 1604 citrix-browser, 1688 kms
        """,
    ),
    Group(
        "Authentication, tunnels and routing",
        "A way around the fence, or the say in where packets go.",
        """
            1812-1813 radius, 1645-1646 radius, 1701 l2tp, 51820 wireguard, 41641 tailscale, 9993 zerotier, 520 rip,
            521 ripng, 1985 hsrp, 3222 glbp, 4789 vxlan, 8472 vxlan, 6081 geneve, 5246-5247 capwap, 646 ldp,
            3784 bfd, 5351 nat-pmp, 3478 stun, 5349 stuns, 49 tacacs
        """,
    ),
    Group(
        "Discovery by the makers",
        "Each maker's own question for its devices in the segment: access points, doors, cameras, printers, bulbs.",
        """
            10001 ubiquiti, 30718 lantronix, 4070 hid-vertx, 34569 xiongmai, 427 svrloc, 3289 epson, 3283 net-assistant,
            192 airport, 20002 tapo, 6666-6667 tuya, 38899 wiz, 56700 lifx, 5683 coap, 5684 coaps, 5540 matter,
            32414 plex-gdm, 21027 syncthing, 407 timbuktu, 5632 pcanywhere, 6502 netop, 2638 sqlanywhere, 523 db2,
            5093 sentinel-license, 41524 arcserve
        """,
    ),
    Group(
        "Voice, pictures and logs",
        "Required flows go here: telephones, cameras, traps and flow records; most answer nothing.",
        """
            162 snmptrap, 1514 wazuh, 12201 gelf, 2055 netflow, 6343 sflow, 8125 statsd, 4569 iax, 2427 mgcp,
            2727 mgcp, 1719 h323-gatestat, 5004-5005 rtp, 554 rtsp, 64738 mumble
        """,
    ),
    Group(
        "Old services",
        "Reflectors that should be gone from every network, and what else is only left behind.",
        """
            1195 openvpn, 19 chargen, 17 qotd, 7 echo, 13 daytime, 37 time, 177 xdmcp, 11211 memcache, 3130 icp,
            10080 amanda, 497 retrospect, 27015 steam
        """,
    ),
    Group(
        "Controllers",
        "Asked only where scope.allow_ports lifts the guard's refusal; coverage then says that they were not asked.",
        """
            47808 bacnet
        """,
    ),
)
