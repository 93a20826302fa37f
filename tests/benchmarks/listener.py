"""Listens on many ports of every address of its namespace: `listener.py tcp/22 udp/53 ...`; prints `ready`.

A connection is accepted and closed, so that no queue fills up; a datagram is answered from the address it was sent to.
It ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import select
import signal
import socket
import sys

ACCEPTS_A_TURN = 256
IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_FREEBIND = 49, 50, 78


def main(ports: list[str]) -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    six = True
    with contextlib.suppress(OSError), open("/proc/net/if_inet6") as table:
        six = bool(table.read().strip())
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    for each in ports:
        kind, _, port = each.partition("/")
        family = socket.AF_INET6 if six else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::" if six else "", int(port)))
        if kind == "tcp":
            sock.listen(65535)
        elif six:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
        sock.setblocking(False)
        sockets[sock.fileno()] = sock
        poll.register(sock, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            serve(sockets[number])


def serve(sock: socket.socket) -> None:
    for _ in range(ACCEPTS_A_TURN):
        try:
            if sock.type == socket.SOCK_STREAM:
                sock.accept()[0].close()
            else:
                answer(sock)
        except BlockingIOError:
            return
        except OSError:
            continue


def answer(sock: socket.socket) -> None:
    data, ancillary, _, peer = sock.recvmsg(2048, 128)
    if sock.family == socket.AF_INET6:
        info = next(value for level, kind, value in ancillary if (level, kind) == (41, IPV6_PKTINFO))
        sock.sendmsg([b"yes ", data], [(41, IPV6_PKTINFO, info[:16] + bytes(4))], 0, peer)
    else:
        info = next(value for level, kind, value in ancillary if (level, kind) == (0, 8))
        # What arrived names the address that was asked last; what leaves names the one to speak for second.
        sock.sendmsg([b"yes ", data], [(0, 8, bytes(4) + info[8:12] + bytes(4))], 0, peer)


if __name__ == "__main__":
    main(sys.argv[1:])
