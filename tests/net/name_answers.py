"""Answers of real name services, as they came over a wire, and a program that gives them again in a namespace.

`python name_answers.py KIND ADDRESS [NAME]`: binds there, says so on stdout, and answers: `nbstat`, `llmnr` and `mdns`
what is below, `dns` NAME, `junk` nothing of sense, `crowd` a hundred names for itself. `mdns-group` hears questions to
the group only, and answers from that address with a name for it.
"""

from __future__ import annotations

import socket
import struct
import sys

AVAHI_SERVICES = bytes.fromhex(
    "96538400000e000a00000000095f7365727669636573075f646e732d7364045f756470056c6f63616c00000c80010c5f776f726b7374617469"
    "6f6e045f746370c023000c80010c5f6465766963652d696e666fc03b000c8001045f737368c03b000c8001095f736674702d737368c03b000c"
    "8001045f736d62c03b000c8001055f68747470c03b000c8001065f6874747073c03b000c8001045f697070c03b000c8001055f69707073c03b"
    "000c8001085f7072696e746572c03b000c80010f5f70646c2d6461746173747265616dc03b000c8001085f7363616e6e6572c03b000c800106"
    "5f757363616ec03b000c8001c098000c00010000000a001613557073746169727320322e3120636f70696572c098c0fc001000010000000a00"
    "0100c0fc002100010000000a00120000000002770942c3bc726f2d4e4153c023c131001c00010000000a0010fd910001000000000000000000"
    "000020c131000100010000000a00040a5b0114c02e000c00010000000a00201d42c3bc726f2d4e4153205b39363a63653a36613a61333a3631"
    "3a61305dc02ec175001000010000000a000100c175002100010000000a0008000000000009c131c00c000c00010000000a0002c02ec00c000c"
    "00010000000a0002c098"
)
"""avahi 0.8, host name `Büro-NAS`, one service `Upstairs 2.1 copier`; asked from a port of its own, 14 questions."""
AVAHI_ADDRESSES = bytes.fromhex(
    "9653840000020002000000000942c3bc726f2d4e4153056c6f63616c0000018001c00c001c8001c00c001c00010000000a0010fd9100010000"
    "00000000000000000020c00c000100010000000a00040a5b0114"
)
NMBD_STATUS = bytes.fromhex(
    "c26c8400000000010000000020434b4141414141414141414141414141414141414141414141414141414141410000210001000000000089"
    "0546524f4e545043202020202020202000040046524f4e545043202020202020202003040046524f4e545043202020202020202020040048"
    "4152424f52202020202020202020008400484152424f522020202020202020201e8400000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000"
)
"""Samba 4.17, `netbios name = FRONTPC`, `workgroup = HARBOR`."""
RESOLVED_REVERSE = bytes.fromhex(
    "b30480000001000100000000023230013102393102313007696e2d61646472046172706100000c0001c00c000c00010000001e000907726573"
    "6e65617200"
)
"""systemd-resolved 252 about 10.91.1.20."""


def main(kind: str, address: str, name: str = "") -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if kind == "llmnr":
        sock.bind(("", 5355))
        group = socket.inet_aton("224.0.0.252") + socket.inet_aton(address)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    elif kind == "mdns-group":
        sock.bind(("224.0.0.251", 5353))
        group = socket.inet_aton("224.0.0.251") + socket.inet_aton(address)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    else:
        sock.bind((address, {"dns": 53, "mdns": 5353, "crowd": 5353}.get(kind, 137)))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(2048)
        if kind == "nbstat" and data[12:46] == NMBD_STATUS[12:46]:
            sock.sendto(data[:2] + NMBD_STATUS[2:], peer)
        elif kind == "mdns":
            sock.sendto(data[:2] + AVAHI_SERVICES[2:], peer)
        elif kind == "mdns-group":
            own = b"\x05ghost\x05local\0" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
                answering.bind((address, 5353))
                answering.sendto(data[:2] + struct.pack("!5H", 0x8400, 0, 1, 0, 0) + own, peer)
        elif kind == "crowd":
            own = struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
            names = b"".join(b"\x3f%063d\x3f%063d\x05local\0" % (each, each) + own for each in range(99))
            sock.sendto(data[:2] + struct.pack("!5H", 0x8400, 0, 60, 39, 0) + names, peer)
        elif kind == "junk":
            other = bytes((data[0] ^ 1, data[1]))
            for answer in (b"", data, data[:2], other + NMBD_STATUS[2:], data[:2] + b"\x84" + bytes(400), other * 99):
                sock.sendto(answer, peer)
        elif kind == "llmnr" and data[12:] == RESOLVED_REVERSE[12 : len(data)]:
            sock.sendto(data[:2] + RESOLVED_REVERSE[2:], peer)
        elif kind == "dns":
            target = b"".join(bytes((len(each),)) + each.encode() for each in name.split(".")) + b"\0"
            answer = b"\xc0\x0c" + struct.pack("!HHIH", 12, 1, 60, len(target)) + target
            sock.sendto(data[:2] + struct.pack("!5H", 0x8580, 1, 1, 0, 0) + data[12:] + answer, peer)


if __name__ == "__main__":
    main(*sys.argv[1:])
