"""The network as it is: sweeps, port probes and conversations over the laptop's interface."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from scanner.errors import BadInput, NetworkFailed, NoPrivilege
from scanner.model.addresses import AddressSet, ports_text
from scanner.model.base import Frozen
from scanner.model.network import Converse, Engine, Knock, Pace, Sweep
from scanner.model.nonce import Signer
from scanner.model.observation import UNSIGNED, Event, Limitation, Refused, Vantage
from scanner.net.dresser import Dresser
from scanner.net.packets.link import Link, gone
from scanner.net.packets.reserved import Reserved
from scanner.net.raw import knock, sweep
from scanner.net.raw.resolve import Macs
from scanner.net.raw.signed import ITSELF, Signature, own
from scanner.net.route import Interface, interface_named, interfaces, tables
from scanner.net.sockets.errqueue import QUEUE
from scanner.net.volley.passes import MOST_PASSES

_FIX = (
    "run with sudo, give the interpreter the right with `setcap cap_net_raw+ep`, or scan with --engine connect, which "
    "needs none"
)

_NO_PING = (
    "this user's group is not in the sysctl net.ipv4.ping_group_range"
    if hasattr(socket, "AF_PACKET")
    else "this system grants none to this user"
)


class Available(Frozen, frozen=True):
    """What this laptop can do, for `fencewalk doctor`."""

    raw: bool
    raw_reason: str
    """Empty when it can; else why not, with the mend."""
    ping: bool
    ping_reason: str
    nmap: bool
    nmap_reason: str
    interfaces: tuple[Interface, ...]
    interfaces_reason: str


def available() -> Available:
    """Try what each engine needs; nothing is sent."""
    from scanner.net.sockets import ping

    refused = _raw_refused()
    pings = ping.granted()
    has_nmap = shutil.which("nmap") is not None
    found: tuple[Interface, ...] = ()
    reason = ""
    try:
        found = interfaces()
    except NetworkFailed as error:
        reason = str(error)
    return Available(
        raw=refused is None,
        raw_reason=refused or "",
        ping=pings,
        ping_reason="" if pings else _NO_PING,
        nmap=has_nmap,
        nmap_reason="" if has_nmap else "there is no nmap on the PATH: apt install nmap",
        interfaces=found,
        interfaces_reason=reason,
    )


class LiveNetwork:
    """Implements `Network` with packets from `vantage`.

    `auto` is raw where the system grants it, else connect. `raw` without the right is NoPrivilege, at once. The
    interface has to be there and up when a request starts, and all through it: NetworkFailed otherwise.
    `udp_payloads`: what a UDP port is asked with; ports without get an empty datagram.
    """

    def __init__(
        self,
        vantage: Vantage,
        engine: Engine,
        udp_payloads: Mapping[int, bytes] | None = None,
        signer: Signer | None = None,
        thorough: bool = False,
    ) -> None:
        """`thorough`: dressed requests are to come, too."""
        self.vantage = vantage
        self._signer = signer
        self.engine: Literal["raw", "connect", "nmap"]
        if engine == "nmap" and shutil.which("nmap") is None:
            raise BadInput("nmap is not installed: apt install nmap, or use --engine raw")
        self._payloads = dict(udp_payloads or {})
        self._macs = Macs()
        self._told = False
        self._link: Link | None = None
        self._reserved: Reserved | None = None
        refused = self._open_link()
        if engine == "raw" and refused is not None:
            raise NoPrivilege(refused)
        if engine == "auto":
            self.engine = "raw" if refused is None else "connect"
        else:
            self.engine = engine
        self._dresser = Dresser(vantage, self._link, thorough)

    def _open_link(self) -> str | None:
        """Open what takes a privilege, so that it may be given up afterwards. Why it cannot be had, or None."""
        if not hasattr(socket, "AF_PACKET"):
            return _raw_refused()
        interface = self._interface()
        reserved = Reserved(MOST_PASSES)
        try:
            self._link = Link(interface, reserved.ports)
        except NoPrivilege as error:
            reserved.close()
            return str(error)
        except BaseException:
            reserved.close()
            raise
        self._reserved = reserved
        return None

    def sweep(self, request: Sweep, pace: Pace) -> Iterator[Event]:
        interface = self._interface()
        request = msgspec.structs.replace(request, tries=max(1, request.tries))
        yield from self._limitation()
        # Whatever engine asks the ports, neighbours are best found by ARP and NDP where that may be had.
        if self._link is not None:
            yield from sweep.sweep(request, pace, self.vantage, self._link, self._payloads, self._macs)
        else:
            from scanner.net.sockets import ping

            yield from ping.sweep(request, pace, self.vantage, interface)

    def knock(self, request: Knock, pace: Pace) -> Iterator[Event]:
        interface = self._interface()
        request = msgspec.structs.replace(request, tries=max(1, request.tries))
        link = self._link
        sign = self._signature(request.nonce)
        if request.via or request.by:
            yield from self._dresser.knock(request, pace, self._payloads, self._macs, sign)
            return
        # Nmap cannot sign what it sends; whoever asked for ordinary connections gets them here, too.
        if link is not None and (self.engine == "raw" or (sign is not None and self.engine == "nmap")):
            yield from knock.knock(request, pace, self.vantage, link, self._payloads, self._macs, sign)
            return
        from scanner.net.sockets import connect, ping, udp

        if sign is not None and (itself := own(request.addresses)):
            yield Refused(str(itself), "tcp", ports_text(request.tcp), ITSELF, time.time())
            yield Refused(str(itself), "udp", ports_text(request.udp), ITSELF, time.time())
            request = msgspec.structs.replace(request, addresses=str(AddressSet.parse(request.addresses) - itself))
        if request.echo:
            echo = msgspec.structs.replace(request, tcp=(), udp=())
            if link is not None:
                yield from knock.knock(echo, pace, self.vantage, link, self._payloads, self._macs)
            else:
                flows = Sweep(routed=request.addresses, tries=request.tries, names=False, patience=request.patience)
                yield from ping.sweep(flows, pace, self.vantage, interface)
        if self.engine == "nmap" and not request.gentle and sign is None:
            from scanner.net import nmap

            yield from nmap.knock(request, pace, self.vantage)
        else:
            yield from self._limitation()
            if sign is not None:
                yield self._unsigned()
            yield from connect.knock(request, pace, self.vantage, interface, sign)
            said = self._payloads if sign is None else sign.payloads(request.udp)
            yield from udp.knock(request, pace, self.vantage, interface, said)

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        from scanner.net.talk import converse

        self._interface()
        if request.deep:
            from scanner.net import nmap_versions

            yield from nmap_versions.versions(request, pace, self.vantage)
            return
        sign = self._signature(request.nonce)
        if sign is None:
            yield from converse.converse(request, pace, self.vantage)
            return
        from scanner.net.canary.prove import prove

        yield from prove(request, pace, self.vantage, sign)

    def close(self) -> None:
        """Give back the sockets and the ports; nothing may be asked any more."""
        self._dresser.close()
        if self._link is not None:
            self._link.close()
        if self._reserved is not None:
            self._reserved.close()

    def _interface(self) -> Interface:
        interface = interface_named(self.vantage.interface)
        if not interface.up:
            raise gone(interface.name)
        return interface

    def _signature(self, nonce: str) -> Signature | None:
        if not nonce:
            return None
        if self._signer is None:
            raise ValueError("who is asked by signed probes has to be given the site's signer")
        return Signature(self._signer, nonce)

    def _unsigned(self) -> Limitation:
        return Limitation(
            UNSIGNED,
            "the connect engine signs what it says after the handshake; --engine raw, with sudo, signs the SYN",
            time.time(),
        )

    def _limitation(self) -> Iterator[Limitation]:
        """Once a session: what the connect engine is blind to."""
        if self.engine == "connect" and not self._told:
            self._told = True
            way = "; --engine raw, with sudo, sees both" if hasattr(socket, "AF_PACKET") else ""
            yield Limitation(
                "the TTL of TCP answers, and who sent a reset: a firewall's RST looks like the host's own",
                f"the connect engine asks ports with ordinary connections{way}",
                time.time(),
            )
            if not tables():
                yield Limitation(
                    "MAC addresses, neighbours and the gateway: a dead gateway's silence looks like a firewall's",
                    "this system does not tell ordinary programs; Linux does",
                    time.time(),
                )
            if not QUEUE:
                yield Limitation(
                    "who sent an ICMP error: a firewall's refusal looks like a dead host's or a dead link's",
                    "this system does not tell ordinary programs; Linux does",
                    time.time(),
                )


def _raw_refused() -> str | None:
    """Why no raw packet can be sent, with the mend; None when it can."""
    if not hasattr(socket, "AF_PACKET"):
        return "raw packets are implemented for Linux only: scan with --engine connect, which works here"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0).close()
    except PermissionError:
        return f"raw packets need root or CAP_NET_RAW: {_FIX}"
    except OSError as error:
        return f"raw packets cannot be had here ({error.strerror}): scan with --engine connect"
    return None
