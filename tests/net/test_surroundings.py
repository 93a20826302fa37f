"""What `init` begins from, read from a real kernel's tables without a packet."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import pytest
from netns import IN_LAB, Namespaces

from scanner.net.surroundings import _virtual, kind_of, surroundings


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)


LINKS = [
    (b"", ("", None)),
    (attribute(1, b"bridge\0"), ("bridge", None)),
    (attribute(1, b"vlan\0") + attribute(2, attribute(5, b"\x81") + attribute(1, struct.pack("=H", 70))), ("vlan", 70)),
    (attribute(1, b"vlan\0") + attribute(2, b""), ("vlan", None)),
    (b"\xff\xff\xff", ("", None)),
]  # fmt: skip


@pytest.mark.parametrize(("info", "kind"), LINKS)
def test_the_kernels_own_words_for_a_vlan(info: bytes, kind: tuple[str, int | None]) -> None:
    assert kind_of(info) == kind


@pytest.mark.parametrize(
    ("name", "virtual"),
    [("eth0", False), ("wlp3s0", False), ("br0", False), ("docker0", True), ("br-0123456789ab", True), ("virbr0", True),
     ("wg0", True), ("tun1", True), ("enx001122334455", False)],
)  # fmt: skip
def test_networks_of_the_laptop_alone_by_name(name: str, virtual: bool) -> None:
    assert bool(_virtual(name, "")) is virtual


class Plugged(Namespaces):
    """laptop 10.95.1.5 ── 10.95.1.1 router, and by it 10.95.128.0/17."""

    def build(self) -> None:
        self.wire("laptop", "eth0", "router", "to-laptop")
        self.ns("laptop", "ip addr add 10.95.1.5/24 dev eth0", "ip link set eth0 up")
        self.ns("router", "ip addr add 10.95.1.1/24 dev to-laptop", "ip link set to-laptop up")
        self.router = self.mac("router", "to-laptop")
        self.ns("laptop", f"ip neigh replace 10.95.1.1 lladdr {self.router} dev eth0 nud permanent")
        self.ns("laptop", "ip route add default via 10.95.1.1", "ip route add 10.95.128.0/17 via 10.95.1.1")

    def sent(self) -> int:
        """IPv4 packets that left the laptop, by the other end of its cable; IPv6 speaks by itself."""
        counted = self.ns("router", "nft list counter inet c seen")
        return int(counted.split("packets ")[1].split()[0])


@IN_LAB[0]
@IN_LAB[1]
def test_gateways_routes_and_neighbours_of_a_real_kernel(tmp_path: Path) -> None:
    settings = tmp_path / "resolv.conf"
    settings.write_text("search x\nnameserver 10.95.1.1\nnameserver nonsense\nnameserver fe80::1%eth0\n")
    with Plugged("laptop", "router") as lab:
        lab.nft("router", "table inet c { counter seen { }; chain i { type filter hook input priority -10; "
                          "ip version 4 counter name seen; }; }")  # fmt: skip
        found = lab.inside("laptop", lambda: surroundings(settings))
        sent = lab.sent()
        lab.inside("laptop", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("10.95.1.1", 9)))
        later = lab.sent()
    (link,) = found.links
    assert (link.name, link.up, link.gateways) == ("eth0", True, ("10.95.1.1",))
    assert link.addresses[0] == "10.95.1.5/24"
    assert link.routes == (("10.95.128.0/17", "10.95.1.1"),)
    assert ("10.95.1.1", lab.router) in link.neighbours
    assert found.resolvers == ("10.95.1.1", "fe80::1")
    assert sent == 0
    assert later == 1
