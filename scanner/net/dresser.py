"""Dressed requests on the wire: by raw packets where they may be had, whatever engine asks plainly; else by sockets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from scanner.dressing import SOURCE_PORTS, neighbours_of, source_port_of
from scanner.errors import NoPrivilege
from scanner.model.network import Knock, Pace
from scanner.model.observation import Event, Vantage
from scanner.net.packets.link import Link
from scanner.net.packets.trusted import TrustedPort
from scanner.net.raw import detour, dressed
from scanner.net.raw.resolve import Macs
from scanner.net.raw.signed import Signature
from scanner.net.route import interface_named
from scanner.net.sockets import from_port

_NO_RAW = "it takes raw packets: scan with sudo"


class Dresser:
    """Answers requests with a `via` or a `by`.

    What takes a privilege is opened when it is made: `thorough` says whether the trusted source ports are wanted.
    `link`: None without raw packets.
    """

    def __init__(self, vantage: Vantage, link: Link | None, thorough: bool) -> None:
        self._vantage = vantage
        self._link = link
        self._trusted: dict[int, TrustedPort | str] = {}
        own = [each for each in (vantage.address, vantage.address6) if each]
        with contextlib.ExitStack() as undo:
            for port in SOURCE_PORTS if thorough else ():
                if link is None:
                    break
                try:
                    taken = TrustedPort(link.interface, port, own)
                except NoPrivilege as error:
                    self._trusted[port] = str(error)
                else:
                    undo.callback(taken.close)
                    self._trusted[port] = taken
            self._open = undo.pop_all()

    def close(self) -> None:
        self._open.close()

    def knock(
        self, request: Knock, pace: Pace, payloads: Mapping[int, bytes], macs: Macs, sign: Signature | None
    ) -> Iterator[Event]:
        """Answers carry how they were asked."""
        neighbours, port = neighbours_of(request), source_port_of(request.via)
        if self._link is not None and neighbours:
            yield from detour.knock(request, pace, self._vantage, self._link, macs)
        elif self._link is not None:
            yield from dressed.knock(request, pace, self._vantage, self._link, self._trusted, payloads, macs, sign)
        elif port is not None and sign is None:
            interface = interface_named(self._vantage.interface)
            yield from from_port.knock(request, port, pace, self._vantage, interface, payloads)
        else:
            yield dressed.not_asked(f"by-{len(neighbours)} neighbours" if neighbours else request.via, "", _NO_RAW)
