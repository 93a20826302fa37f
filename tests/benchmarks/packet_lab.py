"""Networks for measuring packet engines: a laptop, a router, and a target that answers for a whole /16.

    scanner 10.0.0.2 ── 10.0.0.1 router 10.9.0.1 ── 10.9.0.2 target: 10.1.0.0/16, fd10:1::/118

`PacketLab` holds them, `Segment` a laptop and its neighbours on one link. Everything lives in namespaces of its own
and goes when the context ends.

What keeps the truth exact: the target is one kernel, so whatever limits it has by itself would be every host's at once.
ICMP limits are off (`limits=True` leaves them on); the listeners' queues are as long as they can be, are emptied by
an accept loop, and overflow into SYN cookies, so that every SYN is answered; no connection tracking is loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from netns import Namespaces

from scanner.lab.kernel import enter

SCANNER, SCANNER6 = "10.0.0.2", "fd10::2"
ROUTER, ROUTER6 = "10.0.0.1", "fd10::1"
FAR, FAR6 = "10.1.0.0/16", "fd10:1::/118"

LOSS = "chain forward { type filter hook forward priority 0; numgen random mod 1000 < 20 drop; }"
"""Two packets in a hundred, each way."""
SINK = "chain sink { type filter hook ingress device to-s priority 0; ip daddr 10.1.0.0/16 counter drop; }"


def policer(rate: int, burst: int) -> str:
    """Towards the target, packets above `rate` a second are lost."""
    limit = f"oifname to-b limit rate over {rate}/second burst {burst} packets drop;"
    return f"chain forward {{ type filter hook forward priority 0; {limit} }}"


def silent(addresses: str, but: Sequence[int] = ()) -> str:
    """The hosts of a range drop everything; with `but`, everything of TCP that is not to those ports."""
    what = f"tcp dport != {{ {', '.join(map(str, but))} }}" if but else ""
    return f"ip daddr {addresses} {what} drop;"


def hosts(*rules: str) -> str:
    """What the target's hosts do with what arrives."""
    return f"chain input {{ type filter hook input priority 0; {' '.join(rules)} }}"


class PacketLab(Namespaces):
    """Scanner `s`, router `r` (devices `to-s` and `to-b`), target `b`. Every host is alive at first."""

    def __init__(self, *, limits: bool = False, six: bool = True) -> None:
        super().__init__("s", "r", "b")
        self._limits = limits
        self._six = six
        self._listeners = contextlib.ExitStack()

    def build(self) -> None:
        for name in self._names:
            self.sysctl(name, net__ipv6__conf__all__disable_ipv6=int(not self._six))
            self.sysctl(name, net__ipv6__conf__default__accept_dad=0, net__ipv6__conf__all__accept_dad=0)
            if not self._limits:
                self.sysctl(name, net__ipv4__icmp_ratelimit=0, net__ipv4__icmp_msgs_per_sec=10_000_000)
                self.sysctl(name, net__ipv6__icmp__ratelimit=0)
        self.sysctl("r", net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)
        self.sysctl("b", net__core__somaxconn=65535, net__ipv4__tcp_max_syn_backlog=65535)
        self.wire("s", "eth0", "r", "to-s")
        self.wire("b", "eth0", "r", "to-b")
        for name, device, address, address6 in (
            ("s", "eth0", f"{SCANNER}/30", f"{SCANNER6}/64"),
            ("r", "to-s", f"{ROUTER}/30", f"{ROUTER6}/64"),
            ("r", "to-b", "10.9.0.1/30", "fd10:9::1/64"),
            ("b", "eth0", "10.9.0.2/30", "fd10:9::2/64"),
        ):
            self.ns(name, f"ip addr add {address} dev {device}")
            if self._six:
                self.ns(name, f"ip -6 addr add {address6} dev {device} nodad")
        for name, via, via6 in (("s", ROUTER, ROUTER6), ("b", "10.9.0.1", "fd10:9::1")):
            self.ns(name, f"ip route add default via {via}")
            if self._six:
                self.ns(name, f"ip -6 route add default via {via6}")
        self.ns("r", f"ip route add {FAR} via 10.9.0.2")
        if self._six:
            self.ns("r", f"ip -6 route add {FAR6} via fd10:9::2")
        self.reset()

    def reset(self) -> None:
        """No rules, and every address of the target answers."""
        for name in self._names:
            self.ns(name, "nft flush ruleset")
        self.ns("b", "ip route flush table local root 10.1.0.0/16", f"ip route flush {FAR}", check=False)
        self.ns("b", f"ip route add local {FAR} dev lo")
        if self._six:
            self.ns("b", f"ip -6 route replace local {FAR6} dev lo")

    def close(self) -> None:
        self._listeners.close()
        super().close()

    def rules(self, name: str, *chains: str, family: str = "inet") -> None:
        """Replace all filter rules there."""
        body = "\n".join(chains)
        self.nft(name, f"flush ruleset\ntable {family} lab {{\n{body}\n}}\n")

    def listen(self, name: str, tcp: Iterable[int] = (), udp: Iterable[int] = ()) -> None:
        """Open these ports on every address there, in place of those opened before."""
        self._listeners.close()
        spec = [f"tcp/{port}" for port in tcp] + [f"udp/{port}" for port in udp]
        script = Path(__file__).with_name("listener.py")
        self._listeners.enter_context(self.serving(name, [sys.executable, "-S", str(script), *spec]))

    def only(self, alive: Iterable[str]) -> None:
        """These addresses answer, and of the others nobody says that they do not."""
        self.ns("b", f"ip route del local {FAR} dev lo", f"ip route add blackhole {FAR}")
        self.batch("b", (f"route add local {each} dev lo" for each in alive))

    @contextlib.contextmanager
    def meter(self) -> Iterator[list[tuple[float, int]]]:
        """Packets that the router received from the scanner: (seconds, count since the start), every few ms."""
        samples: list[tuple[float, int]] = []
        stop = threading.Event()

        def watch() -> None:
            enter(self.name("r"))
            base = -1
            with Path("/proc/thread-self/net/dev").open() as table:
                while not stop.wait(0.005):
                    table.seek(0)
                    line = next(each for each in table.read().splitlines() if each.lstrip().startswith("to-s:"))
                    received = int(line.split(":")[1].split()[1])
                    base = received if base < 0 else base
                    samples.append((time.monotonic(), received - base))

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield samples
        finally:
            stop.set()
            thread.join()

    @contextlib.contextmanager
    def heartbeat(self) -> Iterator[None]:
        """An echo reply that nobody asked for, ten times a second, from the router to the scanner."""
        sock = self.inside("r", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
        stop = threading.Event()

        def beat() -> None:
            while not stop.wait(0.1):
                sock.sendto(bytes.fromhex("0000ffff00000000"), (SCANNER, 0))

        thread = threading.Thread(target=beat)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            sock.close()


class Segment(Namespaces):
    """Scanner `s` and neighbours `n` that hold some addresses of one subnet. The scanner has `own`."""

    def __init__(self, own: str, up: Sequence[str]) -> None:
        super().__init__("s", "n")
        self._own = own
        self._up = up

    def build(self) -> None:
        length = self._own.partition("/")[2]
        for name in self._names:
            self.sysctl(name, net__ipv6__conf__all__disable_ipv6=1)
        self.wire("s", "eth0", "n", "eth0")
        self.ns("s", f"ip addr add {self._own} dev eth0")
        self.batch("n", (f"addr add {each}/{length} dev eth0" for each in self._up))


def die_by_signal() -> None:
    """Let a polite kill end this process by way of its cleaning up."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)


def packet_socket(device: str, outgoing: bool) -> socket.socket:
    """A socket that sees every packet that arrives on a device, stamped by the kernel (the clock of time.time);
    with `outgoing`, those that leave by it as well.
    """
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    if not outgoing:
        # Load the packet's type; if it is PACKET_OUTGOING keep nothing of it, else all.
        code = [(0x28, 0, 0, 0xFFFFF004), (0x15, 0, 1, 4), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFF)]
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in code))
        pointer = struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program))
        sock.setsockopt(socket.SOL_SOCKET, 26, pointer)  # SO_ATTACH_FILTER
    sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    sock.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
    sock.bind((device, 3))
    return sock
