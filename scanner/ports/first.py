"""The first 200 TCP ports: what a scan asks unless it is told otherwise.

Whatever takes a host over, holds the data, or carries a version that a baseline knows.
"""

from __future__ import annotations

from scanner.ports.group import Group

GROUPS: tuple[Group, ...] = (
    Group(
        "Remote control",
        "A password is enough to own the host; every segmentation gap is judged by these first.",
        """
            22 ssh, 445 microsoft-ds, 3389 ms-wbt-server, 135 msrpc, 139 netbios-ssn, 5985 wsman, 5986 wsmans,
            23 telnet, 5900-5902 vnc, 3390 ms-wbt-server, 2222 ssh, 2022 ssh, 22022 ssh, 2323 telnet, 512 exec,
            513 login, 514 shell, 5938 teamviewer, 7070 anydesk, 6129 dameware, 4899 radmin, 8040 screenconnect,
            8041 screenconnect-relay, 5721 kaseya
        """,
    ),
    Group(
        "Web",
        "Nearly every device is managed by one of these, and their banners carry most versions.",
        """
            443 https, 80 http, 8080 http-proxy, 8443 https-alt, 8000 http-alt, 8888 http-alt, 81 http, 8081 http-alt,
            4443 https-alt, 9443 https-alt, 10443 https-alt, 8008 http-alt
        """,
    ),
    Group(
        "Windows domain",
        "Who reaches a domain controller may ask it for tickets and hashes.",
        """
            53 domain, 88 kerberos-sec, 389 ldap, 636 ldaps, 3268 globalcatldap, 3269 globalcatldapssl, 464 kpasswd5,
            593 http-rpc-epmap, 853 domain-s, 9389 adws
        """,
    ),
    Group(
        "Files",
        "Shares hold what ransomware is after.",
        """
            21 ftp, 2049 nfs, 111 rpcbind, 873 rsync, 548 afp, 990 ftps, 2121 ftp, 2100 ftp, 3260 iscsi
        """,
    ),
    Group(
        "Databases",
        "The records themselves: line-of-business, practice and accounting software stands on these.",
        """
            1433 ms-sql-s, 1434 ms-sql-m, 3306-3307 mysql, 5432-5433 postgresql, 1521 oracle, 27017 mongodb,
            6379-6380 redis, 11211 memcache, 9200 wap-wsp, 3050 firebird, 2638 sqlanywhere, 3351 btrieve, 50000 db2
        """,
    ),
    Group(
        "Backup",
        "The last line against ransomware, and therefore its first target; Veeam's are often exploited.",
        """
            9392 veeam, 9401 veeam, 9419 veeam-api, 6160 veeam-installer, 10000 webmin, 9876 acronis, 25568 datto,
            8400 commvault
        """,
    ),
    Group(
        "Hypervisors, containers and boards",
        "One of these holds many hosts at once, below their own defences.",
        """
            902 vmware-auth, 8006 proxmox, 2179 vmconnect, 5480 vmware-vami, 427 svrloc, 5989 wbem-https, 9440 nutanix,
            2375 docker, 2376 docker-s, 6443 kubernetes, 10250 kubelet, 2379 etcd, 16992 amt-http, 16993 amt-https,
            17988 ilo, 17990 ilo-console
        """,
    ),
    Group(
        "Network equipment",
        "Who configures the fence can open it.",
        """
            8291 winbox, 8728 routeros-api, 8729 routeros-api-s, 4786 smart-install, 541 fortinet-fgfm, 4433 https-alt,
            7443 https-alt, 830 netconf-ssh, 7547 cwmp, 179 bgp, 49 tacacs, 1723 pptp, 4444 https-alt
        """,
    ),
    Group(
        "Printers",
        "In every office, old, and everybody reaches them; PaperCut's server is often exploited.",
        """
            9100 jetdirect, 515 printer, 631 ipp, 9191 papercut, 9192 papercut-s
        """,
    ),
    Group(
        "Cameras and doors",
        "Built to be put on a wall and forgotten, seldom patched.",
        """
            554 rtsp, 8554 rtsp-alt, 37777 dahua, 34567 xiongmai, 9527 xiongmai-console, 4370 zkteco
        """,
    ),
    Group(
        "Telephones",
        "Voice networks are flat, and a telephone system is a Linux host.",
        """
            5060 sip, 5061 sips, 2000 cisco-sccp, 5038 asterisk-manager, 1720 h323, 5090 3cx-tunnel
        """,
    ),
    Group(
        "Storage appliances",
        "A NAS is the small business's file server and backup target in one.",
        """
            5000 synology, 5001 synology-s
        """,
    ),
    Group(
        "Mail",
        "Still on premises where Exchange or an old Linux host is; versions decide.",
        """
            25 smtp, 587 submission, 465 smtps, 110 pop3, 143 imap, 993 imaps, 995 pop3s, 2525 smtp
        """,
    ),
    Group(
        "Logs and monitoring",
        "Required flows end here, and agents run with the highest rights.",
        """
            6514 syslog-tls, 601 syslog-conn, 10050 zabbix-agent, 10051 zabbix-trapper, 5666 nrpe, 8089 splunkd
        """,
    ),
    Group(
        "Management servers",
        "One console rolls software out to every computer of the client.",
        """
            8530 wsus, 8531 wsus-s, 8020 manageengine, 8383 manageengine-s, 8834 nessus, 1311 openmanage,
            1270 scom-agent
        """,
    ),
    Group(
        "Middleware",
        "Java and messaging servers whose flaws are exploited as soon as they are known.",
        """
            8009 ajp13, 1099 rmiregistry, 7001 weblogic, 7002 weblogic-s, 8161 activemq-web, 61616 openwire, 1883 mqtt,
            8883 secure-mqtt, 5672 amqp, 15672 rabbitmq-web, 8983 solr, 9000 http-alt, 9090 http-alt, 8111 teamcity,
            5601 kibana, 4848 glassfish
        """,
    ),
    Group(
        "Further web consoles",
        "Where appliances and applications put their interface when 80 is taken.",
        """
            82-83 http, 591 http-alt, 3000 http-alt, 5357 wsdapi, 7080 http-alt, 8001 http-alt, 8082-8083 http-alt,
            8088 http-alt, 8090 http-alt, 8096 jellyfin, 8123 home-assistant, 8181 http-alt, 8200 http-alt,
            9080 http-alt, 47001 winrm, 49000 tr064
        """,
    ),
    Group(
        "Health care",
        "Imaging and records move in clear text by design.",
        """
            104 dicom, 11112 dicom, 2575 hl7
        """,
    ),
    Group(
        "Desktops and published applications",
        "What a user's computer, a thin client or a phone offers.",
        """
            1494 citrix-ica, 2598 citrix-cgp, 6000 x11, 5800 vnc-http, 5555 adb, 3283 apple-remote-desktop,
            62078 iphone-sync, 49152 upnp, 3493 nut, 1080 socks, 3128 squid-http, 992 telnets, 113 ident
        """,
    ),
)
