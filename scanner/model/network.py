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
from scanner.model.observation import Event

Engine = Literal["auto", "raw", "connect", "nmap"]
"""Who sends: packets of our own, ordinary connections, or Nmap. `auto` is raw where the system grants it."""


class Pace(Protocol):
    """A token bucket that every sender asks first. The guard makes it; it never lets more than `rate` a second go."""

    rate: float
    """Packets a second."""

    def take(self, packets: int) -> None:
        """Return when `packets` more may be sent (it sleeps until then)."""


class Sweep(Frozen, frozen=True):
    """Find which addresses are alive: ARP or NDP on the vantage's own link, ICMP echo elsewhere."""

    on_link: tuple[str, ...] = ()
    """Addresses of the vantage's own segment."""
    routed: tuple[str, ...] = ()
    """Addresses of other zones: one ICMP echo each, answered or not (an answer is a flow like any other)."""
    tries: int = 2


class Knock(Frozen, frozen=True):
    """Ask ports. Every address is asked every port of its group, whether it looks alive or not."""

    addresses: tuple[str, ...]
    tcp: tuple[Port, ...] = ()
    udp: tuple[Port, ...] = ()
    tries: int = 2
    gentle: bool = False
    """Fragile hosts: full connections that are closed properly, one at a time, no half-open handshakes."""


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


class Network(Protocol):
    """Whatever can answer the three requests."""

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]: ...
    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]: ...
    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]: ...
    def close(self) -> None: ...
