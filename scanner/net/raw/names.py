"""Names that hosts of the own link reveal, and further addresses of theirs: mDNS, LLMNR and NetBIOS.

Everybody is asked at once by the groups of mDNS, and each host that was found by itself: its NetBIOS node status, and
by mDNS the name of its address. A moment later whoever still has no name is asked again, and by LLMNR as well, which
has no other way than its group. RFC 6762, 4795, 1002.

A name is believed of the address that says it of itself. Addresses that hosts mention are only candidates for ARP or a
solicitation.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Iterable
from typing import Literal

import msgspec

from scanner.model.network import Pace
from scanner.model.observation import HostSeen, Vantage
from scanner.net.raw import namewire
from scanner.net.raw.namesocket import Datagram, NameSockets
from scanner.net.raw.namewire import AAAA, PTR, SRV, A, Labels, Record
from scanner.net.route import Interface

MDNS, LLMNR, NETBIOS = 5353, 5355, 137
_MDNS_GROUPS = {4: "224.0.0.251", 6: "ff02::fb"}
_LLMNR_GROUPS = {4: "224.0.0.252", 6: "ff02::1:3"}
_SERVICES = (
    "_services._dns-sd._udp _workstation._tcp _device-info._tcp _ssh._tcp _sftp-ssh._tcp _smb._tcp _http._tcp "
    "_https._tcp _ipp._tcp _ipps._tcp _printer._tcp _pdl-datastream._tcp _scanner._tcp _uscan._tcp",
    "_airplay._tcp _raop._tcp _googlecast._tcp _spotify-connect._tcp _amzn-wplay._tcp _hap._tcp _matter._tcp _rfb._tcp "
    "_nfs._tcp _afpovertcp._tcp _adisk._tcp _companion-link._tcp _rdlink._tcp _axis-video._tcp _rtsp._tcp _sip._udp",
)
"""What to ask a link for, a datagram each: the kinds of services, and those that offices have most of."""
_UNNAMED_SERVICES = frozenset({"_workstation", "_device-info"})
"""Their instances are host names over again."""
_GAP = 0.4
_PATIENCE = 0.4
"""mDNS and LLMNR answer within a tenth of a second or two, jitter included; a sleeping radio takes a little longer."""
_MOST_HOSTS = 4096
_MOST_NAMES = 8
_LONGEST_NAME = 255
_MOST_DATAGRAMS = 64
"""From one source; a /24 that answers everything needs a dozen."""
_MOST_LLMNR = 1024
"""Hosts asked by LLMNR: each question goes to everybody on the link."""

_How = Literal["mdns", "llmnr", "netbios"]


class _Host(msgspec.Struct):
    names: list[str] = msgspec.field(default_factory=list)
    hows: set[_How] = msgspec.field(default_factory=set)
    local: str = ""
    """Its host name by mDNS."""
    asked: bool = False
    looked_up: bool = False
    """Whether mDNS was asked for all addresses of that name."""


class Names:
    """One asking of the link: `ask_link` once, `ask` for each host, and `hear` until `done`.

    Nothing is sent but to the link's groups and to addresses given to `ask`.
    """

    def __init__(self, interface: Interface, vantage: Vantage, pace: Pace) -> None:
        self._interface = interface
        self._pace = pace
        self._sockets = NameSockets(interface, vantage)
        self._number = int.from_bytes(os.urandom(2), "big") or 1
        """Of all our questions; 0 is what answers to a group carry."""
        self._own = {each.partition("/")[0] for each in interface.addresses}
        self._hosts: dict[str, _Host] = {}
        self._again: deque[tuple[float, str]] = deque()
        self._by_llmnr = 0
        self._datagrams: Counter[str] = Counter()
        self._revealed: dict[str, bool] = {}
        """Address -> whether `revealed` gave it already."""
        self.deadline = time.monotonic()
        """When no more answers are expected, by the monotonic clock."""

    def __enter__(self) -> Names:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._sockets.close()

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask and everybody had the time to answer."""
        return not self._again and time.monotonic() >= self.deadline

    def ask_link(self) -> None:
        """Ask everybody on the link for their services, by mDNS."""
        if self._interface.resolves:
            for services in _SERVICES:
                asked = namewire.question(self._number, [(f"{each}.local", PTR) for each in services.split()], True)
                for version, group in _MDNS_GROUPS.items():
                    for own in self._sockets.group(version):
                        self._send(own, group, MDNS, asked)

    def ask(self, address: str) -> None:
        """Ask a host for its names. A host of another segment hears NetBIOS only."""
        if address in self._own or (address not in self._hosts and len(self._hosts) >= _MOST_HOSTS):
            return
        host = self._hosts.setdefault(address, _Host())
        if host.asked:
            return
        host.asked = True
        self._ask_host(address, host)
        self._again.append((time.monotonic() + _GAP, address))

    def hear(self, timeout: float = 0.0) -> list[HostSeen]:
        """What came since the last call, waiting up to `timeout` seconds for the first; asks again what is due.

        A host comes again whenever it has another name. Never raises for what arrives.
        """
        now = time.monotonic()
        while self._again and self._again[0][0] <= now:
            self._ask_again(self._again.popleft()[1])
        found: list[HostSeen] = []
        for datagram in self._sockets.receive(max(0.0, timeout), namewire.MOST_BYTES):
            found += self._read(datagram)
        return found

    def revealed(self) -> tuple[str, ...]:
        """Addresses on this link that hosts say they have, each once: nobody has answered from them yet."""
        new = tuple(each for each, given in self._revealed.items() if not given and each not in self._hosts)
        self._revealed.update(dict.fromkeys(new, True))
        return new

    def _ask_host(self, address: str, host: _Host) -> None:
        if ":" not in address and "netbios" not in host.hows:
            self._tell(address, NETBIOS, namewire.node_question(self._number))
        if self._near(address) and "mdns" not in host.hows:
            asked = [(namewire.reverse(address), PTR)]
            self._tell(address, MDNS, namewire.question(self._number, asked, unicast=True))
        elif host.local:
            self._look_up(address, host)

    def _ask_again(self, address: str) -> None:
        host = self._hosts[address]
        if host.names:
            return
        self._ask_host(address, host)
        if self._near(address) and self._by_llmnr < _MOST_LLMNR:
            self._by_llmnr += 1
            asked = namewire.question(self._number, [(namewire.reverse(address), PTR)])
            own = self._sockets.towards(address)
            if own is not None:
                self._send(own, _LLMNR_GROUPS[6 if ":" in address else 4], LLMNR, asked)

    def _look_up(self, address: str, host: _Host) -> None:
        """All addresses of a host that told its name by mDNS: it may have some that nothing else finds."""
        if not host.asked or host.looked_up or not self._near(address):
            return
        host.looked_up = True
        try:
            asked = namewire.question(self._number, [(host.local, A), (host.local, AAAA)], unicast=True)
        except ValueError:
            return
        self._tell(address, MDNS, asked)

    def _tell(self, address: str, port: int, data: bytes) -> None:
        own = self._sockets.towards(address)
        if own is not None:
            self._send(own, address, port, data)

    def _send(self, own: str, address: str, port: int, data: bytes) -> None:
        self._pace.take(1)
        self._sockets.send(own, address, port, data)
        self.deadline = time.monotonic() + _PATIENCE

    def _near(self, address: str) -> bool:
        return address.startswith("fe80:") or self._interface.on_link(address)

    def _read(self, datagram: Datagram) -> list[HostSeen]:
        source = datagram.source
        host = self._hosts.get(source)
        if host is None:
            # Whoever answers a group was not asked by name.
            if len(self._hosts) >= _MOST_HOSTS or datagram.port == NETBIOS or not self._near(source):
                return []
            host = _Host()
        self._datagrams[source] += 1
        if source in self._own or self._datagrams[source] > _MOST_DATAGRAMS or len(self._datagrams) > _MOST_HOSTS:
            return []
        if datagram.port == NETBIOS:
            status = namewire.node_status(datagram.data)
            if status is None or status.number != self._number or not host.asked:
                return []
            names = [f"{status.workgroup}\\{each}" for each in status.names] if status.workgroup else []
            return self._seen(source, host, "netbios", (*status.names, *names), datagram.at)
        if datagram.port not in (MDNS, LLMNR) or not self._near(source):
            return []
        said = namewire.message(datagram.data)
        if said is None or said.number not in ((0, self._number) if datagram.port == MDNS else (self._number,)):
            return []
        how: _How = "mdns" if datagram.port == MDNS else "llmnr"
        own, services = _own_names(source, said.records)
        found = self._seen(source, host, how, (*map(namewire.written, own), *services), datagram.at)
        self._mention(source, said.records)
        if how == "mdns" and own and not host.local:
            host.local = namewire.written(own[0])
            self._look_up(source, host)
        return found

    def _seen(self, address: str, host: _Host, how: _How, names: Iterable[str], at: float) -> list[HostSeen]:
        """The observation, if there is news in it."""
        before = len(host.names), len(host.hows)
        self._hosts[address] = host
        host.hows.add(how)
        for name in names:
            if name[:_LONGEST_NAME] not in host.names and name and len(host.names) < _MOST_NAMES:
                host.names.append(name[:_LONGEST_NAME])
        if before == (len(host.names), len(host.hows)):
            return []
        return [HostSeen(address, how, at, names=tuple(host.names))]

    def _mention(self, source: str, records: Iterable[Record]) -> None:
        for each in records:
            if len(self._revealed) >= _MOST_HOSTS:
                return
            address = each.address or (namewire.reversed_address(each.name) if each.kind == PTR else None)
            if address and address != source and address not in self._own and self._near(address):
                self._revealed.setdefault(address, False)


def _own_names(source: str, records: tuple[Record, ...]) -> tuple[list[Labels], list[str]]:
    """(host names, names of services) that a host gives the address that it answers from."""
    hosts = [each.name for each in records if each.address == source]
    hosts += [each.target for each in records if each.kind == PTR and namewire.reversed_address(each.name) == source]
    known = {_folded(each) for each in hosts}
    services = [
        each.name[0]
        for each in records
        if each.kind == SRV and len(each.name) > 2 and each.name[1] not in _UNNAMED_SERVICES
        if _folded(each.target) in known
    ]
    return list({_folded(each): each for each in hosts}.values()), services


def _folded(name: Labels) -> Labels:
    return tuple(each.lower() for each in name)
