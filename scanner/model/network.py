"""The network as the pipeline sees it: three requests, each a stream of events. Sockets are somebody else's business.

`scanner.net.live` sends packets, `scanner.lab.simulate` computes the answers of a topology, `scanner.net.guard` wraps
either. Expected failure is an event; closing an iterator stops its traffic at once. Requests hold what is to be
sent and nothing else: whoever implements Network sends no packet to an address or port that the request does not name
(a next hop's ARP or NDP apart).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from scanner.model.base import Frozen, Port, Transport
from scanner.model.observation import Event, Via

Engine = Literal["auto", "raw", "connect", "nmap"]
"""Who sends: packets of our own, ordinary connections, or Nmap. `auto` is raw where the system grants it."""


class Pace(Protocol):
    """A token bucket that every sender asks first. The guard makes it; it never lets more than `rate` a second go."""

    rate: float
    """Packets a second."""

    def take(self, packets: int) -> None:
        """Return when `packets` more may be sent (it sleeps until then)."""


Method = Literal["echo", "timestamp", "syn", "ack", "udp"]
METHODS: tuple[Method, ...] = ("echo", "timestamp", "syn", "ack", "udp")
PATIENCE = 3.6
"""Seconds: Linux reports a dead host after three ARP requests, a second apart."""


class Sweep(Frozen, frozen=True):
    """Find which addresses are alive: ARP or NDP on the vantage's own link, probes elsewhere.

    Addresses are ranges texts. `names`: hosts of the own link are asked for their names as well.
    """

    on_link: str = ""
    """Addresses of the vantage's own segment."""
    routed: str = ""
    """Addresses of other zones: echo and timestamp, answered or not (an answer is a flow like any other)."""
    discover: str = ""
    """More addresses of other zones, of which only matters who is alive; their silence is no evidence."""
    revealed: str = ""
    """Addresses of the own segment that are asked, by ARP or NDP, if a neighbour mentions them or the laptop's own
    table knows them; a whole IPv6 subnet if need be."""
    guessed: str = ""
    """Of those the IPv6 addresses that NDP asks, without anybody's mention, for whoever a neighbour's MAC or another
    address of its makes likely to be there (`scanner.likely`): some hundreds of a /64."""
    named: str = ""
    """Addresses of which only the name is asked, of `resolver` (reverse DNS); such a request asks nothing else."""
    resolver: str = ""
    tries: int = 2
    """At least; where packets are lost, more."""
    names: bool = True
    option: bool = True
    """IPv6 nodes of the own link are asked by an option that nobody knows, too: the harshest that a sweep sends."""
    link_local: bool = False
    """IPv6 nodes of the own link are asked even where nothing else of the request is IPv6, and by NDP the link-local
    address that each neighbour's MAC makes."""
    methods: tuple[Method, ...] = METHODS
    """How `discover` is asked: by the first of them, and who is silent then by the others."""
    patience: float = PATIENCE
    """Seconds after the last probe in which a router may still report that it found nobody."""


class Knock(Frozen, frozen=True):
    """Ask ports. Every address is asked every port of its group, whether it looks alive or not."""

    addresses: str
    """A ranges text."""
    tcp: tuple[Port, ...] = ()
    udp: tuple[Port, ...] = ()
    tries: int = 2
    """At least; where packets are lost, more."""
    gentle: bool = False
    """Full connections that are closed properly, one at a time to a host, no half-open handshakes."""
    echo: bool = False
    """ICMP echo, and timestamp over IPv4, are asked as well: flows like any other."""
    known: tuple[tuple[str, Transport, str], ...] = ()
    """(address, transport, ports) that are neither asked nor told: answered before an interruption, or not wanted."""
    patience: float = PATIENCE
    via: Via = ""
    """How the probes are dressed; answers carry it. What an engine cannot dress so it says as a Limitation."""
    by: tuple[str, ...] = ()
    """Neighbours of the own link that the probes are handed to instead of the router, all of them each probe; answers
    carry `by-ADDRESS`. One neighbour is named by `via` alone."""
    nonce: str = ""
    """The addresses are a canary's: probes are signed with this (see `scanner.model.nonce`)."""


class Talk(Frozen, frozen=True):
    """One open port to hold a conversation with."""

    address: str
    transport: Transport
    port: Port


class Converse(Frozen, frozen=True):
    """Ask open ports what they are. The likely probe of a port comes first."""

    talks: tuple[Talk, ...]
    gentle: bool = False
    """One connection at a time to a host, and nothing is written: only what the host says by itself is read."""
    deep: bool = False
    """Let Nmap's version detection ask instead; TCP only, and never fragile hosts."""
    nonce: str = ""
    """The addresses are a canary's: it is sent data signed with this, and has to sign back; nothing else is asked."""


class Network(Protocol):
    """Whatever can answer the three requests."""

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]: ...
    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]: ...
    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]: ...
    def close(self) -> None: ...
