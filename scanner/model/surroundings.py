"""What a laptop knows of the networks around it without sending a packet: the kernel's own tables."""

from __future__ import annotations

from scanner.model.base import Frozen


class Link(Frozen, frozen=True):
    """An interface with what hangs on it."""

    name: str
    addresses: tuple[str, ...]
    """With their prefix: `10.20.10.5/24`."""
    up: bool
    vlan: int | None = None
    """The tag that it puts on its frames."""
    virtual: str = ""
    """What makes it a network of this machine alone, or of another place's: `docker`, `a tunnel`; empty for a
    cable or a radio."""
    gateways: tuple[str, ...] = ()
    """Where it sends what goes elsewhere."""
    routes: tuple[tuple[str, str], ...] = ()
    """(subnet, gateway) of what else is reached through it."""
    neighbours: tuple[tuple[str, str], ...] = ()
    """(address, MAC) of whom the laptop spoke with lately."""


class Surroundings(Frozen, frozen=True):
    """All of it."""

    links: tuple[Link, ...]
    resolvers: tuple[str, ...] = ()
    """The DNS servers that the laptop asks."""
    blind: str = ""
    """Why gateways and neighbours are not known, where they are not."""
