"""`live_lab` with a careless fence, and a neighbour with a second leg behind it.

laptop 10.91.1.10 ──┬── router 10.91.1.1 / 10.91.2.1 ──┬── target 10.91.2.10
near   10.91.1.20 ──┘                                  └── near 10.91.2.20
"""

from __future__ import annotations

from live_lab import Lab

SENT = "table netdev watch"
_FENCE = """
table FAMILY fence {
  chain untracked { type filter hook prerouting priority raw; notrack; }
  chain forward {
    type filter hook forward priority 0;
    iifname != "br0" accept
    tcp sport 53 accept
    udp sport 123 accept
    FRAGMENTS
    TCP tcp dport 80 tcp flags & (syn|ack) == syn drop
    UDP udp dport 53 drop
    icmp type echo-request drop
  }
}
"""
_FOUR = {"FAMILY": "ip", "FRAGMENTS": "", "TCP": "ip frag-off & 0x1fff == 0", "UDP": "ip frag-off & 0x1fff == 0"}
_SIX = {
    "FAMILY": "ip6", "FRAGMENTS": "exthdr frag exists accept", "TCP": "ip6 nexthdr tcp", "UDP": "ip6 nexthdr udp",
    "icmp type": "icmpv6 type",
}  # fmt: skip
NO_WAY_BACK = """
table inet back {
  chain forward { type filter hook forward priority 1; iifname "br1" drop; }
}
"""


class DetourLab(Lab):
    """Rules that trust a source port, that look at no second fragment (IPv4) or at no fragment (IPv6). Nothing tracks
    connections, or it would put the fragments together."""

    def build(self) -> None:
        super().build()
        self.ns("router", "nft delete table inet fence")
        for words in (_FOUR, _SIX):
            text = _FENCE
            for word, value in words.items():
                text = text.replace(word, value)
            self.nft("router", text)
        self.ns("router", "ip link add br1 type bridge", "ip link set br1 up", "ip addr flush dev to-target")
        self.ns("router", "ip link set to-target master br1")
        self.address("router", "br1", 2, 1)
        self.wire("router", "to-near2", "near", "eth1")
        self.ns("router", "ip link set to-near2 master br1")
        self.address("near", "eth1", 2, 20)

    def forwarding(self, on: bool) -> None:
        """Whether the neighbour carries others' packets."""
        self.sysctl("near", net__ipv4__ip_forward=int(on), net__ipv6__conf__all__forwarding=int(on))
