"""The TCP ports behind the first 200: further ports of the same kinds of products, then what only few networks have.

The last groups are systematic, as no product decides there any more. Left out on purpose is what passes bytes on to a
machine (the raw ports of serial device servers such as 4001 and 10001, and of printers beyond 9103) and controllers,
but for those that the guard refuses anyway: a list should not knock there, a technician may.
"""

from __future__ import annotations

from scanner.ports.group import Group

GROUPS: tuple[Group, ...] = (
    Group(
        "Remote support and management agents",
        "A former provider's is left behind as often as the present one's.",
        """
            6783-6785 splashtop, 2002 logmein, 5631-5632 pcanywhere, 5650 remote-utilities, 5279 n-central,
            5280 xmpp-bosh, 15000 n-central-cache, 4222 nats, 8002 automate, 1970 netop, 6502 netop, 5405 netsupport,
            5421 netsupport, 4000 nomachine, 4022 nomachine, 2701-2704 sccm-remote, 10123 sccm-notify, 402 altiris,
            52028 altiris, 9535 landesk-remote, 9593-9595 landesk, 33354 landesk, 33370-33371 landesk, 44343 landesk,
            8027 manageengine, 8031-8032 manageengine, 8047 manageengine, 8444 manageengine, 2103 msmq-rpc,
            2105 msmq-rpc, 2107 msmq-rpc, 1801 msmq, 8172 webdeploy, 1688 kms, 21115-21119 rustdesk, 4822 guacd
        """,
    ),
    Group(
        "Windows RPC",
        "Where the endpoint mapper on 135 sends its callers: Windows gives these out first after it has started.",
        """
            49664-49680 msrpc, 49153-49160 msrpc, 1025-1030 msrpc
        """,
    ),
    Group(
        "Network equipment, further",
        "Firewalls, access points, switches and VPN gateways of the makers that are met.",
        """
            4434 https-alt, 4105 watchguard, 4117 watchguard, 8013 fortinet, 703 fortinet-ha, 8010 fortinet-portal,
            11443 sslvpn, 256-257 checkpoint, 264 checkpoint-topology, 18190-18191 checkpoint, 18210-18211 checkpoint,
            18264 checkpoint-ca, 19009 checkpoint, 3978 panorama, 28443 panorama, 4445 https-alt, 8880 unifi-http,
            8843 unifi-https, 6789 unifi-speedtest, 8211 aruba, 91 ruckus, 18443 ruckus, 2001 cisco-aux, 2065 dlsw,
            2443 cisco-sccp-s, 6653 openflow, 6633 openflow, 6640 ovsdb, 9339 gnmi, 57400 gnmi, 2601-2605 quagga,
            646 ldp, 639 msdp, 4567 tr069, 5431 upnp, 30005 tr069, 37215 tr069-huawei, 52869 upnp, 2869 upnp,
            1900 upnp, 32764 sercomm, 8085 http-alt, 943 openvpn-as, 945 openvpn-as, 1194 openvpn, 1701 l2tp,
            8899 solarman, 20005 netusb, 7 echo, 9 discard, 13 daytime, 19 chargen, 37 time, 79 finger, 1812 radius,
            2083 radsec, 500 isakmp
        """,
    ),
    Group(
        "Cameras, doors and alarms, further",
        "Recorders, management servers and controllers of physical security.",
        """
            37776 dahua, 37778 dahua, 34568 xiongmai, 6036 tvt, 5544 rtsp-alt, 10554 rtsp-alt, 555 rtsp-alt,
            7441 unifi-rtsp, 7447 unifi-rtsp, 1935 rtmp, 7445-7446 unifi-video, 7563 milestone, 22331 milestone,
            22609 exacq, 38880-38884 avigilon, 9554 rtsp-alt, 4050 hid-vertx, 3001 mercury, 4070 hid-vertx,
            51211-51213 suprema, 28001 istar
        """,
    ),
    Group(
        "Printers and scanners, further",
        "Management, scan and fax services of office devices; the raw ports only when knocked.",
        """
            7627 hp-soap, 3910-3911 hp-status, 1865 epson-scan, 2968 epson-event, 54921-54923 brother-scan,
            9193 papercut-release, 9194-9195 papercut
        """,
    ),
    Group(
        "Point of sale and shop",
        "Card data is in scope of PCI DSS: tills, terminals and their servers.",
        """
            5015 verifone, 12000 payment-terminal, 20007 zvt, 10009 pax
        """,
    ),
    Group(
        "Health care and law, further",
        "Interfaces between systems; dental, medical and legal practice software itself stands on the databases above.",
        """
            2761-2762 dicom-tls, 6661-6664 hl7, 2576-2577 hl7
        """,
    ),
    Group(
        "Storage appliances, further",
        "Replication, media and management of NAS boxes.",
        """
            6690 synology-drive, 5005-5006 webdav, 5566 synology, 22939 buffalo, 22936 buffalo, 892 mountd, 662 statd,
            20048 mountd, 32803 lockd, 32765-32766 rpc, 32768-32769 rpc, 4045 lockd, 875 rquotad, 3205 isns,
            3261-3262 iscsi, 860 iscsi, 11104-11105 netapp, 3225 fcip, 8384 syncthing, 22000 syncthing,
            24007-24008 gluster, 9283 ceph, 7480 ceph-rgw, 988 lustre, 2050 nfs, 115 sftp-simple, 20 ftp-data,
            989 ftps-data, 69 tftp, 32400 plex, 32469 plex, 9117 jackett, 8989 sonarr, 3689 daap
        """,
    ),
    Group(
        "Alternates of HTTP",
        "Who needs one more web port adds one to 80, 8080, 8443 or 9000: appliances and practice software alike.",
        """
            84-87 http, 89-90 http, 8084 http-alt, 8087 http-alt, 8091-8095 http-alt, 8097-8099 http-alt,
            8003-8005 http-alt, 8007 http-alt, 8011-8012 http-alt, 8015-8018 http-alt, 8019 quickbooks,
            8021-8026 http-alt, 8028-8030 http-alt, 8033-8039 http-alt, 8042-8046 http-alt, 8048-8060 http-alt,
            8065-8079 http-alt, 8100-8110 http-alt, 8180 http-alt, 8182-8189 http-alt, 8280-8282 http-alt,
            8300 http-alt, 8333 http-alt, 8442 https-alt, 8445-8449 https-alt, 8480-8483 http-alt, 8543 https-alt,
            8585 http-alt, 8643 https-alt, 8686 http-alt, 8743 https-alt, 8800-8801 http-alt, 8881-8882 http-alt,
            8885-8887 http-alt, 8889-8890 http-alt, 8943 https-alt, 9001-9009 http-alt, 9043 https-alt, 9060 http-alt,
            9081-9082 http-alt, 9091 http-alt, 9094-9098 http-alt, 9180 http-alt, 9444-9445 https-alt, 9700 http-alt,
            9800 http-alt, 9900 http-alt, 9981 tvheadend, 9990 jboss, 9999 http-alt, 10080-10081 http-alt,
            11080 http-alt, 12080 http-alt, 14443 https-alt, 18080-18081 http-alt, 20080 http-alt, 40080 http-alt,
            4040 http-alt, 4080 http-alt, 5080 http-alt, 6080 novnc, 7071 http-alt, 7777 http-alt, 5443 https-alt,
            6081 http-alt, 7081 http-alt, 7088 http-alt, 444 snpp, 447 https-alt, 450 https-alt, 1443 https-alt,
            3443 https-alt, 442 https-alt, 1880 node-red, 2080 http-alt, 3080 http-alt
        """,
    ),
    Group(
        "Security agents and their consoles",
        "They run as SYSTEM, listen for orders, and show who manages the host.",
        """
            2221 eset, 2223 eset, 8192-8194 sophos, 8014 symantec, 4343 trend-micro, 21112 trend-micro,
            4118-4122 trend-micro, 13000 kaspersky, 13291 kaspersky, 13299 kaspersky, 14000 kaspersky,
            7074 bitdefender, 1514-1516 wazuh, 55000 wazuh-api, 2967 symantec, 1241 nessus, 9390-9391 greenbone,
            3780 nexpose, 40814 nexpose, 9997 splunk-forwarder, 5044 beats, 12201 gelf, 1468 syslog, 6515 syslog-tls,
            5140 syslog, 3790 metasploit
        """,
    ),
    Group(
        "Backup, further",
        "Data movers and agents of the same products: whoever speaks to them reads everything.",
        """
            9393-9396 veeam, 9402-9404 veeam, 9420 veeam, 6161-6163 veeam, 6165 veeam, 6167-6170 veeam, 6172 veeam,
            6180 veeam, 6190 veeam, 6290 veeam, 2500 veeam-data, 2502-2504 veeam-data, 2506-2510 veeam-data,
            10004-10006 veeam, 11731 veeam, 25566 datto, 44445 acronis, 43234 acronis, 7770 acronis, 6101 backup-exec,
            6106 backup-exec, 3527 backup-exec, 50104 backup-exec, 41523-41524 arcserve, 6050 arcserve,
            6503-6504 arcserve, 8401-8403 commvault, 8408 commvault, 1556 netbackup, 13724 netbackup,
            13782-13783 netbackup, 13720-13722 netbackup, 9101-9103 bacula, 55413-55415 urbackup, 35621-35623 urbackup,
            497 retrospect, 4242-4243 crashplan, 5510 synology-backup, 6281 synology-replication, 12800-12801 rubrik,
            9446 nakivo, 35106-35108 altaro
        """,
    ),
    Group(
        "Databases, further",
        "Named instances, replicas, and what practice, accounting and trade software brings along.",
        """
            1435-1436 ms-sql-s, 2433 ms-sql-s, 14330 ms-sql-s, 14333 ms-sql-s, 2382-2383 ms-olap, 1522-1530 oracle,
            2483-2484 oracle, 5500 oracle-em, 1158 oracle-em, 3308-3310 mysql, 33060 mysqlx, 5434-5439 postgresql,
            6432 pgbouncer, 27018-27020 mongodb, 28017 mongodb-web, 6381-6384 redis, 16379-16380 redis-bus,
            26379 redis, 11210 couchbase, 11212 memcache, 1583 pervasive, 56725-56728 quickbooks,
            55363-55382 quickbooks, 2399 filemaker-odbc, 5003 filemaker, 16000-16001 filemaker-admin,
            1972 intersystems, 52773 intersystems-web, 51773 intersystems, 5002 sybase, 4100 sybase, 7100 sybase,
            9088-9089 informix, 20931 progress, 50001 db2-s, 523 db2-admin, 60000 db2-node, 30013 sap-hana,
            30015 sap-hana, 3300 sap-gateway, 3200 sap-dispatcher, 3600 sap-message, 50013 sap-control, 8529 arangodb,
            5984 couchdb, 6984 couchdb-s, 9042 cassandra, 9160 cassandra, 7000 cassandra-cluster, 7199 cassandra-jmx,
            7474 neo4j, 7473 neo4j-s, 7687 bolt, 8086 influxdb, 28015 rethinkdb, 9300 elasticsearch-node,
            9201-9202 wap-wsp, 26257 cockroachdb, 4200 crate
        """,
    ),
    Group(
        "Displays",
        "A display or a console a user or a virtual machine: number zero is asked first, these are the next.",
        """
            5903-5920 vnc, 5801-5810 vnc-http, 6001-6010 x11
        """,
    ),
    Group(
        "Hypervisors, containers and boards, further",
        "Migration, consoles and cluster ports of the same machines.",
        """
            903 vmware-console, 5988 wbem-http, 8697 vmware-appliance, 9084 vmware-update, 9087 vmware-update,
            6500-6501 vmware-syslog, 7444 vmware-sso, 2012-2014 vmware-sso, 11711-11712 vmware-directory, 4172 pcoip,
            32111 vmware-usb, 6600 hyperv-migration, 6516 windows-admin-center, 2020 nutanix, 2009-2010 nutanix,
            16509 libvirt, 16514 libvirt-s, 27000 license-manager, 7279 citrix-license, 2377 docker-swarm,
            7946 docker-gossip, 2380 etcd-peer, 10248-10249 kubernetes, 10251-10252 kubernetes, 10255-10257 kubernetes,
            10259 kubernetes, 30000 kubernetes-node, 8472 vxlan, 9099 calico, 16443 microk8s, 25000 microk8s,
            9345 rke2, 8500 consul, 8502-8503 consul, 8301-8302 consul, 4646-4648 nomad, 16994-16995 amt-redirection,
            664 asf-secure, 623 asf-rmcp, 5120 bmc-media, 5123-5124 bmc-media, 7578 bmc-video, 7582 bmc-video,
            2068 kvm-over-ip, 3002 ilo-media, 2381 hp-smh, 49400 hp-insight
        """,
    ),
    Group(
        "Telephones and meetings, further",
        "Telephone systems, gateways and conference rooms.",
        """
            5062-5070 sip, 5081 sips, 1718-1719 h323-gatestat, 1721-1722 h323, 2427 mgcp, 2727 mgcp, 4569 iax,
            8411 avaya, 50794 avaya, 50802 avaya, 50804 avaya, 50808 avaya, 50812 avaya, 411 avaya, 52233 avaya-web,
            6800-6802 mitel, 3998-3999 mitel, 6900 mitel, 6970-6972 cisco-tftp, 2748-2749 cisco-ctiqbe,
            5222-5223 xmpp-client, 5269 xmpp-server, 7778 unreal, 5229 jaxflow, 2855-2856 msrp, 35300 panasonic,
            33333 panasonic, 3230-3235 polycom, 1503 t120, 1731 netmeeting, 64738 mumble, 10011 teamspeak,
            30033 teamspeak
        """,
    ),
    Group(
        "Monitoring and inventory, further",
        "Agents give away what runs on a host, and some run commands.",
        """
            12489 nsclient, 6556 checkmk, 5693 ncpa, 5667 nsca, 23560 prtg, 9182 windows-exporter, 9115 blackbox,
            9187 postgres-exporter, 9104 mysql-exporter, 9256 process-exporter, 4317-4318 otlp, 9411 zipkin,
            14268 jaeger, 16686 jaeger, 3100 loki, 2003-2004 graphite, 8125-8126 statsd, 4505-4506 salt, 8140 puppet,
            8142-8143 puppet, 5309 rudder, 9524-9525 lansweeper, 62354 glpi-agent, 17777-17778 orion,
            17790-17791 orion, 161 snmp, 162 snmptrap, 199 smux, 705 agentx, 3052 apc, 6547 apc, 3551 apcupsd,
            4679-4680 eaton-ups, 5723-5724 scom, 1984 xymon, 4949 munin, 2812 monit, 5665 icinga, 8649-8652 ganglia,
            2301 hp-smh, 280 hp-http, 6988 ibm
        """,
    ),
    Group(
        "Java's own ports",
        "A remote object or management port runs whatever class it is sent.",
        """
            1090-1098 rmi, 1100-1105 rmi, 9010 jmx, 9012 jmx, 9875 jmx, 3700 iiop, 7676 imq,
            9991-9993 jboss-management, 4447 jboss-remoting, 10990 jboss, 11099 rmi, 11098 rmi, 5455 jdwp,
            7003-7005 weblogic, 2809 iiop
        """,
    ),
    Group(
        "Apple, sound, screens and the smart building",
        "Unmanaged things in the user network that a visitor can use.",
        """
            3031 apple-events, 311 mac-server, 625 mac-server, 660 mac-server, 687 mac-server, 5297-5298 ichat,
            8770 daap, 1400 sonos, 1410 sonos, 3400 sonos, 3500 sonos, 9197 samsung-tv, 7678 samsung-tv,
            1925-1926 philips-tv, 36669 hisense-tv, 4352 pjlink, 41794-41796 crestron, 1319 amx, 6668 tuya,
            6053 esphome, 55443 yeelight, 55442 echo, 21063 homekit, 51826-51827 homekit, 1901 fjicl, 950 moxa,
            966-968 moxa, 771 realport, 24800 barrier, 24554 binkp, 6881 bittorrent, 51413 transmission,
            25565 minecraft, 27015 steam, 27036 steam
        """,
    ),
    Group(
        "Messaging, data and search",
        "Clusters that were put up without passwords.",
        """
            1884 mqtt, 8884 mqtt, 61613-61614 stomp, 61617 activemq-s, 5671 amqps, 25672 rabbitmq, 4369 epmd,
            15671 rabbitmq-web-s, 15674 stomp-web, 9092-9093 kafka, 2181-2183 zookeeper, 2888 zookeeper,
            3888 zookeeper, 6222 nats, 8222 nats-web, 4150-4151 nsq, 4160-4161 nsq, 1414-1415 ibm-mq, 7222 tibco-ems,
            55555 solace, 50070 hadoop, 50075 hadoop, 50090 hadoop, 9864 hadoop, 9866-9870 hadoop, 10020 mapred,
            19888 mapred, 9083 hive, 16010 hbase, 16020 hbase, 16030 hbase, 60010 hbase, 60030 hbase, 7077 spark,
            4041 spark, 6066 spark, 8998 livy, 8787 dask, 8786 dask, 21000 impala, 47500 ignite, 10800 ignite,
            5701-5703 hazelcast, 40404 geode, 10334 geode, 19999 netdata
        """,
    ),
    Group(
        "Developers' services",
        "On a workstation, without a password, meant for localhost: some run whatever they are sent.",
        """
            3003 http-alt, 5173-5174 http-alt, 9229 node-inspect, 9222 devtools, 5858 node-debug, 9418 git, 3690 svn,
            2401 cvspserver, 29418 gerrit, 8112 teamcity, 8153-8154 gocd, 8929 gitlab, 5678 n8n, 5050 registry,
            7860 gradio, 11434 ollama, 6333-6334 qdrant, 4723 appium, 35729 livereload, 8545-8546 ethereum,
            4321 http-alt, 2345 delve, 1234 debugger, 5037 adb-server, 27042 frida, 8700 ddms
        """,
    ),
    Group(
        "Names, proxies and old Unix",
        "Rare today, and telling where they are found.",
        """
            42 wins, 43 whois, 70 gopher, 106 poppassd, 109 pop2, 119 nntp, 563 nntps, 177 xdmcp, 194 irc, 6667 irc,
            6669 irc, 6697 ircs, 220 imap3, 366 smtp, 26 smtp, 2526 smtp, 10025 smtp, 4190 sieve, 406 imsp,
            628 qmqp, 543-544 klogin, 540 uucp, 530 rpc, 749 kerberos-adm, 750 kerberos, 754 krb-prop,
            783 spamassassin, 808 http-alt, 898 smc, 901 swat, 953 rndc, 1953 rapidbase, 1081 socks, 1085 socks,
            9050 tor-socks, 9051 tor-control, 9150 tor-socks, 8118 privoxy, 3129-3130 squid, 1344 icap, 11344 icap,
            9040 tor, 1352 lotus-notes, 63148 domino-iiop, 63600 domino, 7144-7145 peercast, 524 ncp, 2200 ssh,
            2220 ssh, 10022 ssh, 20022 ssh, 222 ssh, 5022 ssh, 9922 ssh, 60022 ssh, 107 rtelnet, 1023 telnet,
            9530 telnet-backdoor, 31337 backdoor, 12345 backdoor, 65000 backdoor
        """,
    ),
    Group(
        "What else our probes know",
        "Second ports of protocols that we speak, and services that offices seldom have.",
        """
            24 lmtp, 433 nntp, 446 drda, 635 mountd, 981 https, 1389 ldap, 1636 ldaps, 1780 http, 2087 https,
            2096 https, 2628 dict, 3051 firebird, 3142 apt-cacher, 3391 ms-wbt-server, 3478 stun, 4559 hylafax,
            4730 gearman, 5232 http, 5349 stuns, 5430 postgresql, 5466 http, 5673 amqp, 6566 sane, 6666 irc,
            6679 ircs, 6680 http, 7505 openvpn-management, 7681 http, 8404 http, 8428 http, 8765 http, 8920 https,
            9121 http, 9292 http, 9500 http, 9600 http, 9696 http, 9763 http, 9898 http, 10389 ldap, 10636 ldaps,
            10809 nbd, 11213 memcache, 11300 beanstalk, 11333-11334 http, 11371 http, 11883 mqtt, 12443 https,
            15432 postgresql, 15692 http, 19092 kafka, 21883 mqtt, 22222 ssh, 27021 mongodb, 54321 postgresql,
            61208 http, 61612 stomp, 1511 adc, 2780 adc, 6523 xmpp, 8999 syncplay, 13666 lcdproc, 19150 gkrellmd,
            31416 boinc, 42217 rrdcached, 1053 domain, 5053 domain, 5300 domain, 5335 domain, 5354 domain, 10053 domain,
            50051 grpc, 5930 spice, 6641-6642 ovsdb, 8405 http, 5683 coap, 3979 openttd
        """,
    ),
    # No product decides any more.
    Group(
        "Windows RPC, the rest of a busy server",
        "The classic dynamic range begins at 49152; a domain controller fills its first 64.",
        """
            49161-49215 msrpc, 49681-49700 msrpc
        """,
    ),
    Group(
        "Controllers",
        "Asked only where scope.allow_ports lifts the guard's refusal; coverage then says that they were not asked.",
        """
            102 iso-tsap, 502 modbus, 20000 dnp, 44818 EtherNetIP-2, 47808 bacnet
        """,
    ),
)
