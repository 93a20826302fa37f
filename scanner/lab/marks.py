"""What routers remember of one flow: that they let it through, and whose addresses they changed in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scanner.lab.filtering import Packet, within
from scanner.lab.topology import Forward, Host, Router
from scanner.model.site import EVERY_ZONE, service_range


class Flow(msgspec.Struct):
    """Kept while one probe of ours and its answers are followed through the topology."""

    passed: set[str] = msgspec.field(default_factory=set)
    """Stateful routers that let the request through."""
    hidden: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    """Router that masquerades -> (who sent it, under which address of its own it goes on)."""
    forwarded: dict[str, Forward] = msgspec.field(default_factory=dict)

    def arriving(self, router: Router, packet: Packet) -> Packet:
        """As the router sees it once it has found out whose it is: before it looks a route up."""
        if packet.kind == "request":
            for each in router.forwards:
                if (packet.transport, packet.target, packet.dport) == ("tcp", each.at, each.number):
                    self.forwarded[router.name] = each
                    return packet._replace(target=each.to, dport=each.far_number)
            return packet
        sender, own = self.hidden.get(router.name, ("", ""))
        return packet._replace(target=sender) if own and packet.target == own else packet

    def leaving(self, router: Router, segment: str, own: str | None, packet: Packet) -> Packet:
        """As the router sends it into `segment`, where its own address is `own`."""
        if packet.kind == "request":
            if segment in router.masquerade and own is not None:
                self.hidden[router.name] = packet.source, own
                return packet._replace(source=own)
            return packet
        forward = self.forwarded.get(router.name)
        # An error comes from wherever; whoever forwards puts the address that was asked into it, too.
        if forward is None or (packet.kind == "reply" and packet.source != forward.to):
            return packet
        return packet._replace(source=forward.at, sport=forward.number if packet.kind == "reply" else packet.sport)


def redirected(router: Router, packet: Packet) -> int | None:
    """Which of the router's `everywhere` answers a packet that is for somebody else."""
    if packet.transport != "tcp" or packet.kind != "request":
        return None
    return next((index for index, each in enumerate(router.everywhere) if each.number == packet.dport), None)


def shaken_hands(router: Router, packet: Packet) -> bool:
    """Whether the router's SYN proxy answers a packet that is for somebody else."""
    asked = packet.transport == "tcp" and packet.kind == "request" and ":" not in packet.target
    return asked and any(service_range(each).covers("tcp", packet.dport) for each in router.syn_proxy)


def trusted(host: Host, source: str, subnets: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the host's own firewall lets anything in from there."""
    known = [each for text in host.trusts for each in subnets.get(text, (text,))]
    return not host.trusts or EVERY_ZONE in host.trusts or any(within(source, each) for each in known)
