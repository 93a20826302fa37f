"""A laptop, a router and a machine that answers for a whole network, for scans of many connections.

laptop 10.93.1.10 ── 10.93.1.1 router 10.93.2.1 ── 10.93.2.10 target, all of 10.94.0.0/24 and fd94::/112
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
from live_lab import Lab

from scanner.model.addresses import ports_of
from scanner.model.observation import Event, PortState, Vantage

OPEN = (22, 80, 443)
LAPTOP = Vantage("front", "eth0", "10.93.1.10", "fd93:1::10")
CROWD = "10.94.0.1-10.94.0.254"


class Service(msgspec.Struct):
    """What the target's services saw."""

    accepted: dict[str, int] = {}
    """Connections to each of its addresses."""
    most_at_once: int = 0
    """To one address."""
    most_in_all: int = 0
    least_gap: float = 1e9
    """Seconds between the end of a connection and the next one to the same address."""
    resets: int = 0


class CrowdLab(Lab):
    def __init__(self) -> None:
        super().__init__(("laptop", "router", "target"))

    def build(self) -> None:
        for name in self._names:
            self.sysctl(name, net__ipv6__conf__all__accept_dad=0, net__ipv6__conf__default__accept_dad=0)
        self.sysctl("router", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        for name, net in (("laptop", 1), ("target", 2)):
            self.wire("router", f"to-{name}", name, "eth0")
            for place, interface, host in ((name, "eth0", 10), ("router", f"to-{name}", 1)):
                self.ns(place, f"ip addr add 10.93.{net}.{host}/24 dev {interface}")
                self.ns(place, f"ip -6 addr add fd93:{net}::{host}/64 dev {interface} nodad")
            self.ns(name, f"ip route add default via 10.93.{net}.1", f"ip -6 route add default via fd93:{net}::1")
        self.ns("router", "ip route add 10.94.0.0/16 via 10.93.2.10", "ip -6 route add fd94::/64 via fd93:2::10")
        self.ns("target", "ip route add local 10.94.0.0/24 dev lo", "ip -6 route add local fd94::/112 dev lo")
        # Answers that say that a port is closed are limited to some hundreds a second otherwise.
        self.sysctl("target", net__ipv4__tcp_challenge_ack_limit=1_000_000)

    def listen(self, ports: Iterable[int] = OPEN) -> Watched:
        return Watched(self, tuple(ports))


def ports(events: Iterable[Event], state: str) -> set[int]:
    """The ports of that state, of all hosts."""
    return {
        port for each in events if isinstance(each, PortState) and each.state == state for port in ports_of(each.ports)
    }


class Watched:
    """Services on every address of the target, and a record of how they were treated."""

    def __init__(self, lab: CrowdLab, ports: tuple[int, ...]) -> None:
        self._lab = lab
        self._path = Path(f"/tmp/fwcon-{os.getpid()}-{time.monotonic_ns()}")
        self._child = lab.start("target", lambda told: _serve(ports, told, self._path))

    def stop(self) -> Service:
        self._lab.end(self._child, signal.SIGTERM)
        data = self._path.read_bytes()
        self._path.unlink()
        return msgspec.json.decode(data, type=Service)


def _serve(ports: tuple[int, ...], told: int, path: Path) -> None:
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    poll = select.poll()
    listeners = {}
    for port in ports:
        made = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)
        made.setblocking(False)
        listeners[made.fileno()] = made
        poll.register(made, select.POLLIN)
    os.write(told, b"1")
    seen = Service()
    peers: dict[int, tuple[socket.socket, str]] = {}
    alive: dict[str, int] = {}
    ended: dict[str, float] = {}
    parent = os.getppid()
    while not stopping and os.getppid() == parent:
        for number, _ in poll.poll(50):
            if number in listeners:
                try:
                    connection, _ = listeners[number].accept()
                except OSError:
                    continue
                address = connection.getsockname()[0].removeprefix("::ffff:")
                connection.setblocking(False)
                peers[connection.fileno()] = connection, address
                poll.register(connection, select.POLLIN)
                seen.accepted[address] = seen.accepted.get(address, 0) + 1
                alive[address] = alive.get(address, 0) + 1
                seen.most_at_once = max(seen.most_at_once, alive[address])
                seen.most_in_all = max(seen.most_in_all, len(peers))
                if address in ended:
                    seen.least_gap = min(seen.least_gap, time.monotonic() - ended[address])
                connection.send(b"220 hello\r\n")
            elif number in peers:
                connection, address = peers[number]
                try:
                    data = connection.recv(1024)
                except OSError:
                    seen.resets += 1
                    data = b""
                if not data:
                    poll.unregister(number)
                    del peers[number]
                    connection.close()
                    alive[address] -= 1
                    ended[address] = time.monotonic()
    path.write_bytes(msgspec.json.encode(seen))
