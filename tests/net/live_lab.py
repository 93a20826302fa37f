"""A small real network for the packet engines: a laptop and a neighbour on one segment, a router, a target behind it.

    laptop 10.91.1.10 ─┐
                       ├─ bridge, router 10.91.1.1 ── 10.91.2.1 router ── target 10.91.2.10
    near   10.91.1.20 ─┘

Each address has an IPv6 sibling (fd91:1::10 and so on).
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

from netns import Namespaces

from scanner.errors import FencewalkError
from scanner.lab.kernel import enter

T = TypeVar("T")

RULES = """
table inet fence {
  chain forward {
    type filter hook forward priority 0;
    tcp dport 81 drop
    tcp dport 82 reject with tcp reset
    meta nfproto ipv4 tcp dport 83 reject with icmp admin-prohibited
    meta nfproto ipv6 tcp dport 83 reject with icmpv6 admin-prohibited
    meta nfproto ipv4 tcp dport 84 reject with icmp port-unreachable
    udp dport 55 drop
    meta nfproto ipv4 udp dport 56 reject with icmp admin-prohibited
  }
}
table netdev watch {
  counter sent { }
  set four { type ipv4_addr; flags dynamic; size 65535; }
  set resolved { type ipv4_addr; flags dynamic; size 65535; }
  set six { type ipv6_addr; flags dynamic; size 65535; }
  chain from-laptop {
    type filter hook ingress device to-laptop priority 0;
    counter name sent
    update @four { ip daddr }
    update @resolved { arp daddr ip }
    update @six { ip6 daddr }
  }
}
"""
"""The fence, and beside it a record of everything that the laptop sends."""
TARGET_RULES = """
table inet seen {
  counter rst { }
  counter fin { }
  counter syn { }
  chain input {
    type filter hook input priority 0;
    tcp flags & rst == rst counter name rst
    tcp flags & fin == fin counter name fin
    tcp flags & (syn|ack) == syn counter name syn
  }
}
"""


class Lab(Namespaces):
    """The namespaces while a `with` block lasts. `run` runs a function inside one of them."""

    def __init__(self, names: Sequence[str] = ("laptop", "near", "router", "target")) -> None:
        super().__init__(*names)
        self._forked: list[int] = []

    def build(self) -> None:
        for name in self._names:
            self.sysctl(name, net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0)
        self.sysctl("router", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        for key in ("iptables", "ip6tables"):
            self.ns("router", f"sysctl -qw net.bridge.bridge-nf-call-{key}=0", check=False)
        self.ns("router", "ip link add br0 type bridge", "ip link set br0 up")
        for name in ("laptop", "near", "target"):
            self.wire("router", f"to-{name}", name, "eth0")
        self.ns("router", "ip link set to-laptop master br0", "ip link set to-near master br0")
        self.address("router", "br0", 1, 1)
        self.address("router", "to-target", 2, 1)
        for name, net, host in (("laptop", 1, 10), ("near", 1, 20), ("target", 2, 10)):
            self.address(name, "eth0", net, host)
            self.ns(name, f"ip route add default via 10.91.{net}.1", f"ip -6 route add default via fd91:{net}::1")
        self.nft("router", RULES)
        self.nft("target", TARGET_RULES)
        for name in ("target", "near", "laptop"):
            self.start(name, _serve)

    def address(self, name: str, interface: str, net: int, host: int) -> None:
        self.ns(name, f"ip addr add 10.91.{net}.{host}/24 dev {interface}")
        self.ns(name, f"ip -6 addr add fd91:{net}::{host}/64 dev {interface} nodad")

    def counter(self, name: str, table: str, counter: str) -> int:
        """Packets counted since the last reading; `table` with its family (`inet seen`)."""
        text = self.ns(name, f"nft reset counter {table} {counter}")
        return int(text.split("packets")[1].split()[0])

    def sent_to(self) -> set[str]:
        """Every address that the laptop sent a packet or an ARP request to, since the last reading."""
        found: set[str] = set()
        for each in ("four", "resolved", "six"):
            listed = json.loads(self.ns("router", f"nft -j list set netdev watch {each}"))
            found.update(row for part in listed["nftables"] for row in part.get("set", {}).get("elem", ()))
            self.ns("router", f"nft flush set netdev watch {each}")
        return found

    def forget(self) -> None:
        """Nobody knows anybody's hardware address, and no kernel is about to ask whether it still holds."""
        for name in ("router", "near", "laptop"):  # the laptop last: an answer to the others is not the last word
            self.ns(name, "ip neigh flush all", "ip -6 neigh flush all")

    def start(self, name: str, serve: Callable[[int], None]) -> int:
        """A process in that namespace that runs `serve`, which says that it is ready by a byte to its descriptor."""
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                enter(self.name(name))
                serve(told)
            finally:
                os._exit(0)
        os.close(told)
        os.read(ready, 1)
        os.close(ready)
        self._forked.append(child)
        return child

    def end(self, child: int, sign: signal.Signals = signal.SIGKILL) -> None:
        """Of a process that `start` started."""
        os.kill(child, sign)
        os.waitpid(child, 0)
        self._forked.remove(child)

    def run(self, name: str, function: Callable[[], T], user: int | None = None) -> T:
        """What `function` returns or raises when it runs inside the namespace (as another user, if one is given)."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                enter(self.name(name))
                if user is not None:
                    os.setgroups([])
                    os.setresgid(user, user, user)
                    os.setresuid(user, user, user)
                try:
                    result: object = (True, function())
                except (FencewalkError, OSError, ValueError, AssertionError) as error:
                    result = (False, error)
                with os.fdopen(writer, "wb") as out:
                    out.write(pickle.dumps(result))
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as source:
            data = source.read()
        os.waitpid(child, 0)
        if not data:
            raise RuntimeError(f"{function} failed in {name}; see stderr")
        good, value = pickle.loads(data)
        if not good:
            raise value
        return value  # type: ignore[no-any-return]

    def close(self) -> None:
        for child in tuple(self._forked):
            self.end(child)
        super().close()


def _serve(told: int) -> None:
    """TCP 80 greets, and waits for the client's FIN; UDP 53 answers."""
    listener = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.bind(("::", 53))
    os.write(told, b"1")

    def answer() -> None:
        while True:
            data, peer = datagrams.recvfrom(2048)
            datagrams.sendto(b"answer to " + data, peer)

    threading.Thread(target=answer, daemon=True).start()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_greet, args=(connection,), daemon=True).start()


def _greet(connection: socket.socket) -> None:
    with connection:
        connection.sendall(b"220 hello\r\n")
        while connection.recv(1024):
            pass
