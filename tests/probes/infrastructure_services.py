"""Names, time, voice, mail filters and screens, in the words of Debian 12's daemons: answers to each probe, and the
readings in them. An empty reading stands for a long piece of the answer.
"""

from __future__ import annotations

# fmt: off
SERVICES: dict[str, tuple[list[bytes], dict[str, bytes]]] = {
    "clamd": (
        [
            b"ClamAV 1.4.6\x00",
        ],
        {
            "clamd": b"ClamAV 1.4.6",
        },
    ),
    "mumble": (
        [
            b'\x00\x00\x00\x00\x00)\x08\x84\x86\x04\x12\x071.3.4-4\x1a\x03X11"\x15Linux 6.18.44-fc-v669',
        ],
        {
            "mumble": b"1.3.4-4\nX11\nLinux 6.18.44-fc-v669",
        },
    ),
    "mumble.ping": (
        [
            b"\x00\x01\x03\x04fencewlk\x00\x00\x00\x01\x00\x00\x00d\x00\x01\x19@",
        ],
        {
            "mumble.ping": b"\x00\x01\x03\x04fencewlk\x00\x00\x00\x01\x00\x00\x00d\x00\x01\x19@",
        },
    ),
    "ntp": (
        [
            (
                b"\xe4\x00\x00\xe8\x00\x00\x00\x00\x00\x00\x00\x08INIT\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                b"\x00\x00\x00\x00\x00\x00\x00\xee\xad+iS'\xe6\x1a\xee\xad+iS,p\xa4"
            ),
            (
                b"\xd6\x82\x00\x01\xc0\x16\x00\x00\x00\x00\x01Yleap=3, stratum=16, precision=-24, rootdelay=0"
                b".000, rootdisp=0.135,\r\nrefid=INIT, reftime=0x00000000.00000000, tc=0, peer=0, offset=0.00"
                b"0000,\r\nfrequency=0.000000, sys_jitter=0.000000, clk_jitter=0.000060,\r\nclock=0xeead2b69."
                b'533b1aa9, processor="x86_64",\r\nsystem="Linux/6.18.44-fc-v669", version="ntpd ntpsec-1.2.2'
                b'",\r\nclk_wander=0.000000, mintc=0\r\n\x00\x00\x00'
            ),
        ],
        {
            "ntp": (
                b"\xe4\x00\x00\xe8\x00\x00\x00\x00\x00\x00\x00\x08INIT\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                b"\x00\x00\x00\x00\x00\x00\x00\xee\xad+iS'\xe6\x1a\xee\xad+iS,p\xa4"
            ),
            "ntp.readvar": b"",
        },
    ),
    "stun": (
        [
            (
                b"\x01\x01\x00D!\x12\xa4Bfencewalk-id\x00 \x00\x08\x00\x01\xf7\x87+P\xa4@\x00\x01\x00\x08\x00"
                b'\x01\xd6\x95\nB\x00\x02\x80+\x00\x08\x00\x01\r\x96\nB\x00\x17\x80"\x00\x14Coturn-4.6.1 \'Go'
                b"rst'\x80(\x00\x04'Y\xd16"
            ),
        ],
        {
            "stun": b"",
            "stun.software": b"Coturn-4.6.1 'Gorst'",
        },
    ),
    "sane": (
        [
            b"\x00\x00\x00\x00\x01\x01\x00\x03",
        ],
        {
            "sane": b"\x00\x00\x00\x00\x01\x01\x00\x03",
        },
    ),
    "spamd": (
        [
            b"SPAMD/1.5 0 PONG\r\n",
        ],
        {
            "spamd": b"SPAMD/1.5 0 PONG",
        },
    ),
    "mdns": (
        [
            (
                b"FW\x84\x00\x00\x01\x00\x02\x00\x00\x00\x00\t_services\x07_dns-sd\x04_udp\x05local\x00\x00"
                b"\x0c\x80\x01\xc0\x0c\x00\x0c\x00\x01\x00\x00\x00\n\x00\x14\x0c_workstation\x04_tcp\xc0#\xc0"
                b"\x0c\x00\x0c\x00\x01\x00\x00\x00\n\x00\x07\x04_ssh\xc0G"
            ),
        ],
        {
            "mdns": b"",
            "mdns.services": b"_workstation._tcp.local\n_ssh._tcp.local",
        },
    ),
    "xdmcp": (
        [
            b"\x00\x01\x00\x05\x00\x1a\x00\x00\x00\x03xdm\x00\x11Willing to manage",
        ],
        {
            "xdmcp": b"\x00\x01\x00\x05\x00\x1a\x00\x00\x00\x03xdm\x00\x11Willing to manage",
            "xdmcp.access": b"willing",
        },
    ),
    "socks5": (
        [
            b"\x05\x00",
        ],
        {
            "socks5": b"\x05\x00",
            "socks5.auth": b"none",
        },
    ),
    "dns.version": (
        [
            (
                b"FW\x84\x00\x00\x01\x00\x01\x00\x01\x00\x00\x07version\x04bind\x00\x00\x10\x00\x03\xc0\x0c"
                b"\x00\x10\x00\x03\x00\x00\x00\x00\x00\x19\x189.18.49-1~deb12u3-Debian\xc0\x0c\x00\x02\x00"
                b"\x03\x00\x00\x00\x00\x00\x02\xc0\x0c"
            ),
            (
                b"FY\x84\x80\x00\x01\x00\x01\x00\x01\x00\x01\tlocalhost\x00\x00\x01\x00\x01\xc0\x0c\x00\x01"
                b"\x00\x01\x00\t:\x80\x00\x04\x7f\x00\x00\x01\xc0\x0c\x00\x02\x00\x01\x00\t:\x80\x00\x02\xc0"
                b"\x0c\xc0\x0c\x00\x1c\x00\x01\x00\t:\x80\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                b"\x00\x00\x00\x00\x01"
            ),
            (
                b"FX\x84\x00\x00\x01\x00\x01\x00\x01\x00\x00\x08hostname\x04bind\x00\x00\x10\x00\x03\xc0\x0c"
                b"\x00\x10\x00\x03\x00\x00\x00\x00\x00\x06\x05bind9\xc0\x0c\x00\x02\x00\x03\x00\x00\x00\x00"
                b"\x00\x02\xc0\x0c"
            ),
        ],
        {
            "dns.version": b"9.18.49-1~deb12u3-Debian",
            "dns.hostname": b"bind9",
            "dns.recursion": b"available",
        },
    ),
}
