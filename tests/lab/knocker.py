"""Runs on the laptop, in a zone: sends one real probe for each line of its task and prints what came back.

Usage: knocker.py '[["tcp", "10.0.0.1", 22, 0], ...]' with transport, address, port and source port (0: any). Prints a
JSON list: `open`, `closed`, `silent`, `icmp-TYPE-CODE from ADDRESS` or an errno's name, each with the seconds it took.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 5.0
RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}


def knock(task: list[object]) -> tuple[str, float]:
    kind, address, port, source = task
    assert isinstance(address, str)
    assert isinstance(port, int)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    began = time.monotonic()
    if kind == "ping":
        return ping(family, address), time.monotonic() - began
    sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    if source:
        sock.bind(("", source))
    sock.settimeout(PATIENCE if kind == "udp" else 1.0)
    if kind == "udp":
        sock.setsockopt(*RECVERR[family], 1)
    try:
        sock.connect((address, port))
        if kind == "udp":
            sock.send(b"knock")
            sock.recv(2048)
        said = "open"
    except TimeoutError:
        said = "silent"
    except OSError as error:
        said = "closed" if error.errno == errno.ECONNREFUSED else errno.errorcode[error.errno or 0]
        if kind == "udp":
            said = icmp(sock)
    sock.close()
    return said, time.monotonic() - began


def icmp(sock: socket.socket) -> str:
    _, ancillary, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    level, _, data = ancillary[0]
    _, _, kind, code = struct.unpack_from("IBBB", data)
    family = socket.AF_INET if level == socket.IPPROTO_IP else socket.AF_INET6
    offender = data[20:24] if family == socket.AF_INET else data[24:40]
    return f"icmp-{kind}-{code} from {socket.inet_ntop(family, offender)}"


def ping(family: int, address: str) -> str:
    v4 = family == socket.AF_INET
    sock = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMP if v4 else socket.IPPROTO_ICMPV6)
    mark = os.urandom(8)
    packet = struct.pack("!BBHHH", 8 if v4 else 128, 0, 0, 77, 1) + mark
    if v4:
        total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
        total = (total >> 16) + (total & 0xFFFF)
        packet = packet[:2] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + packet[4:]
    sock.sendto(packet, (address, 0))
    deadline = time.monotonic() + 1.0
    while (left := deadline - time.monotonic()) > 0:
        if select.select([sock], [], [], left)[0]:
            answer, sender = sock.recvfrom(512)
            body = answer[20:] if v4 else answer
            if body[0] == (0 if v4 else 129) and body.endswith(mark) and sender[0] == address:
                return "open"
    return "silent"


if __name__ == "__main__":
    with ThreadPoolExecutor(32) as pool:
        print(json.dumps(list(pool.map(knock, json.loads(sys.argv[1])))))
