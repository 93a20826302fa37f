"""A large client's network as scans of it are stored: sixteen zones, each visited once, four services a host.

Made from a seed, so that it is the same at each run. Hosts differ as they do in an office: operating systems of several
releases, printers and cameras, host keys and certificates of their own, some with IPv6 as well, some that answer for
closed ports and some that keep silent. Between the zones stands a firewall with a few rules too many.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator
from functools import cache

from scanner.model.addresses import addresses_text, ports_text
from scanner.model.observation import (
    Alive,
    Conversation,
    HostSeen,
    Observation,
    PortState,
    Reading,
    Scan,
    Session,
    Silence,
    Vantage,
)
from scanner.model.site import Critical, Rule, Scope, Site, Zone

_TRUSTS = ("critical", "user", "device", "user", "untrusted")
_OPENSSH = (
    b"9.2p1 Debian-2+deb12u3", b"9.2p1 Debian-2+deb12u7", b"8.4p1 Debian-5+deb11u1", b"8.4p1 Debian-5+deb11u5",
    b"8.9p1 Ubuntu-3ubuntu0.6", b"8.9p1 Ubuntu-3ubuntu0.13", b"9.6p1 Ubuntu-3ubuntu13.5", b"7.4", b"8.0", b"9.9",
)  # fmt: skip
_WEB = (
    b"nginx/1.22.1", b"nginx/1.18.0 (Ubuntu)", b"nginx/1.27.2", b"Apache/2.4.57 (Debian)", b"Apache/2.4.62 (Debian)",
    b"Apache/2.4.52 (Ubuntu)", b"Microsoft-IIS/10.0", b"lighttpd/1.4.69", b"App-webs/", b"",
)  # fmt: skip
_ASKED = ",".join(("1-1000", "1433", "1521", "3306", "3389", "5432", "5900", "5985", "6379", "8000", "8080", "9100"))
_KINDS = (
    ("linux", (22, 80, 443)), ("linux", (22, 80, 443, 5432)), ("linux", (22, 80, 443, 3306, 6379)), ("linux", (22, 25)),
    ("windows", (135, 139, 445, 3389, 5985)), ("windows", (135, 445, 3389)), ("windows", (135, 139, 445, 5985)),
    ("windows", (135, 139, 445, 3389)), ("printer", (80, 443, 515, 9100)), ("camera", (80, 443, 554)),
)  # fmt: skip
"""The ports that each kind of host has open, one in ten hosts each."""


def large_site(zones: int = 16) -> Site:
    every = tuple(
        Zone(
            name=f"zone-{index:02}",
            subnets=(f"10.{index}.0.0/16", f"fd20:0:0:{index:x}::/64"),
            trust=_TRUSTS[min(index % 5, 4)],  # type: ignore[arg-type]
        )
        for index in range(zones)
    )
    return Site(
        client="Large",
        site="campus",
        zones=every,
        scope=Scope(include=("10.0.0.0/8", "fd20::/48")),
        critical=(Critical(name="Records", hosts=("10.0.0.9", "10.0.0.10"), services=("tcp/22", "tcp/443")),),
        allow=(
            Rule(from_="*", to="zone-00", services=("tcp/443",), reason="the records' web page"),
            Rule(from_="zone-01", to="10.2.0.40", services=("tcp/9100",), reason="a printer"),
            Rule(from_="*", to="*", services=("icmp",), reason="ping"),
        ),
        require=(Rule(from_="zone-01", to="zone-00", services=("tcp/5432",), reason="the records' program"),),
    )


def sessions(hosts: int, start: float, zones: int = 16, seed: int = 5) -> Iterator[Session]:
    """One session a zone, in which a laptop saw the zone's own hosts and what the firewall lets through."""
    each = hosts // zones
    for index in range(zones):
        started = start + index * 3600
        scan = Scan(
            f"scan-{index:02}",
            Vantage(f"zone-{index:02}", "eth0", f"10.{index}.255.250", f"fd20:0:0:{index:x}::fffa"),
            "raw",
            "plan",
            started,
            started + 3000,
            True,
        )
        yield Session(scan, tuple(_seen(random.Random(f"{seed} {index}"), index, each, zones, started)))


def _seen(rng: random.Random, zone: int, each: int, zones: int, at: float) -> Iterator[Observation]:
    router = HostSeen(f"10.{zone}.0.1", "gateway", at, mac=f"02:00:00:00:{zone:02x}:01")
    yield router
    for number in range(each):
        yield from _found(rng, zone, number, at)
    yield Alive(_range(zone, 0, each), "icmp", 8, "echo-reply", at + 5, 64, 0.8)
    for number in range(each):
        yield from _answers(rng, zone, number, at + 600)
    for other in range(zones):
        if other != zone:
            yield from _beyond(rng, zone, other, each, at + 1200)
    yield HostSeen(router.address, "gateway", at + 2990, mac=router.mac)


def _found(rng: random.Random, zone: int, number: int, at: float) -> Iterator[Observation]:
    mac = f"00:1b:21:{zone:02x}:{number >> 8:02x}:{number & 255:02x}"
    names = (f"host-{zone:02}-{number:05}",) if rng.random() < 0.5 else ()
    yield HostSeen(_address(zone, number), "arp", at, mac=mac, rtt_ms=0.4, names=names)
    if number % 10 == 0:
        yield HostSeen(_address6(zone, number), "ndp", at, mac=mac, rtt_ms=0.4)


def _answers(rng: random.Random, zone: int, number: int, at: float) -> Iterator[Observation]:
    kind, ports = _kind(zone, number)
    addresses = [_address(zone, number), *([_address6(zone, number)] if number % 10 == 0 else [])]
    ttl = 128 if kind == "windows" else 64
    said = {port: _readings(rng, kind, port, zone, number) for port in ports}
    for address in addresses:
        open_ = ports if ":" not in address else ports[:2]
        yield PortState(address, "tcp", ports_text(open_), "open", "syn-ack", at, ttl, None, 64240, 0.4)
        rest = ports_text({*_asked()} - {*open_})
        if number % 2:
            yield PortState(address, "tcp", rest, "closed", "rst", at, ttl, None, 0, 0.4)
        else:
            yield Silence(address, "tcp", rest, 2, at)
        for port in open_:
            readings = said[port]
            received = sum(len(each.raw) for each in readings)
            tls = port == 443
            outcome = "answered" if readings else "silent"
            yield Conversation(address, "tcp", port, "probe", outcome, at + 300, readings, tls, "", received)  # type: ignore[arg-type]


def _readings(rng: random.Random, kind: str, port: int, zone: int, number: int) -> tuple[Reading, ...]:
    if port == 22:
        key = b"\0\0\0\x0bssh-ed25519\0\0\0 " + rng.randbytes(32)
        return Reading("ssh", b"SSH-2.0-OpenSSH_" + rng.choice(_OPENSSH)), Reading("ssh.hostkey", key)
    if port in (80, 443):
        server = {"camera": b"App-webs/", "printer": b"HP HTTP Server; HP LaserJet M404dn"}.get(kind) or rng.choice(
            _WEB
        )
        web = [Reading("http.server", server)] if server else []
        title = b"Welcome" if kind == "linux" else b"Web interface of host %05d" % number
        certificate = [Reading("tls.cert", _certificate(zone, number))] if port == 443 else []
        return *certificate, *web, Reading("http.title", title)
    if port == 445:
        signing = rng.choice((b"required", b"not-required"))
        return Reading("smb.dialect", rng.choice((b"3.1.1", b"3.0.2"))), Reading("smb.signing", signing)
    return {
        25: (Reading("smtp", b"220 host-%05d ESMTP Postfix (Debian/GNU)" % number),),
        554: (Reading("rtsp.server", b"Hipcam RealServer/V1.0"),),
        3306: (Reading("mysql", b"5.5.5-10.11.%d-MariaDB-0+deb12u1" % rng.choice((3, 6, 11))),),
        3389: (Reading("rdp.security", b"nla"),),
        6379: (Reading("redis.auth", b"required"),),
    }.get(port, ())


def _beyond(rng: random.Random, zone: int, other: int, each: int, at: float) -> Iterator[Observation]:
    """The allowed web servers answer; from the zone before also their shells, which no rule allows."""
    web = [number for number in range(each) if 443 in _kind(other, number)[1]][:20]
    shells = [number for number in web if 22 in _kind(other, number)[1]] if other == (zone + 1) % 16 else []
    reached = web if other == 0 else shells
    for number in reached:
        ports = [443] * (other == 0) + [22] * (number in shells)
        row = PortState(_address(other, number), "tcp", ports_text(ports), "open", "syn-ack", at, 63, None, 64240, 2.1)
        yield row
        rest = ports_text({*_asked()} - {*ports})
        yield Silence(row.address, "tcp", rest, 2, at)
    quiet = sorted({*range(each)} - {*reached})
    for first in range(0, len(quiet), 1024):
        some = addresses_text(_address(other, number) for number in quiet[first : first + 1024])
        yield Silence(some, "tcp", _ASKED, 2, at)
    yield Silence(_range(other, 0, each), "icmp", "8", 2, at)


@cache
def _asked() -> frozenset[int]:
    return frozenset(
        port
        for part in _ASKED.split(",")
        for a, _, b in (part.partition("-"),)
        for port in range(int(a), int(b or a) + 1)
    )


def _kind(zone: int, number: int) -> tuple[str, tuple[int, ...]]:
    return _KINDS[(number * 7 + zone) % len(_KINDS)]


def _address(zone: int, number: int) -> str:
    return f"10.{zone}.{number + 2 >> 8}.{number + 2 & 255}"


def _address6(zone: int, number: int) -> str:
    return f"fd20:0:0:{zone:x}::{number + 16:x}" if zone else f"fd20::{number + 16:x}"


def _range(zone: int, first: int, count: int) -> str:
    return f"{_address(zone, first)}-{_address(zone, first + count - 1)}"


def _certificate(zone: int, number: int) -> bytes:
    """One of its own for each host: the same but for the name that it gives itself."""
    return _template().replace(b"host-00-00000", b"host-%02d-%05d" % (zone, number))


@cache
def _template() -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding

    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "host-00-00000")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1)
    made = made.not_valid_before(datetime.datetime(2025, 1, 1)).not_valid_after(datetime.datetime(2035, 1, 1))
    return made.sign(key, None).public_bytes(Encoding.DER)
