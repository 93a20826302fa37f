"""The capture beside a scan: real packets in a real file, read by scapy."""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import re
import resource
import signal
import socket
import stat
import time
from pathlib import Path

import pytest
from live_lab import Lab
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet
from scapy.utils import rdpcap

from scanner.errors import BadInput, NetworkFailed
from scanner.model.addresses import AddressSet
from scanner.model.observation import NOT_CAPTURED, Limitation, Vantage
from scanner.model.site import Authorization, Site, Zone
from scanner.net.evidence.capture import Capture
from scanner.net.evidence.excerpt import excerpt
from scanner.net.privileges import drop
from scanner.plan import make_plan
from scanner.ports import Ports
from scanner.session import end_capture
from scanner.store import Store

pytestmark = pytest.mark.lab
SCANNED = AddressSet.parse("10.91.1.20,10.91.1.99,10.91.2.0/24,fd91:1::20")
"""Not the laptop (10.91.1.10), nor the router's leg (10.91.1.1)."""


def ask(address: str, port: int) -> None:
    """A TCP conversation, as far as the far side lets it come."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=0.4) as connection:
        connection.recv(100)


def captured(lab: Lab, path: Path, limit: int = 1 << 20) -> tuple[Limitation, ...]:
    """What the capture lacks of: an open port, a dropped, a rejected one, an address where nobody is, and the router's
    leg, which was not scanned. It is made before the privileges are given up and begins after."""

    def scan() -> tuple[Limitation, ...]:
        capture = Capture(path, "eth0", SCANNED, limit)
        assert drop(program=()) == "gave up every capability"
        with capture:
            capture.start()
            for address, port in (("10.91.1.20", 80), ("fd91:1::20", 80), ("10.91.2.10", 81), ("10.91.2.10", 83)):
                ask(address, port)
            ask("10.91.1.1", 22)
            ask("10.91.1.99", 22)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(1)
                for size in (5, 4000):
                    sock.sendto(bytes(size), ("10.91.2.10", 53))
                    sock.recv(9000)
            return capture.stop()

    lab.ns("laptop", "ip neigh flush dev eth0")
    return lab.run("laptop", scan)


def short(packet: Packet) -> str:
    for layer, what in ((TCP, "tcp"), (UDP, "udp")):
        if layer in packet and ICMP not in packet:
            flags = f" {packet[TCP].flags}" if layer is TCP else ""
            return f"{what} {packet[layer].sport}>{packet[layer].dport}{flags}"
    return packet.summary()


def test_everything_to_and_from_the_scanned_addresses_is_in_it(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "scan.pcap"
    before = time.time()
    assert captured(lab, path) == ()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    packets = rdpcap(str(path))
    times = [float(each.time) for each in packets]
    assert times == sorted(times)
    assert before < times[0] <= times[-1] < time.time()
    assert any(time % 1e-6 for time in times), "of nanoseconds, as the kernel took them"

    near = [each for each in packets if IP in each and "10.91.1.20" in (each[IP].src, each[IP].dst)]
    flags = [str(each[TCP].flags) for each in near if TCP in each]
    assert flags[:3] == ["S", "SA", "A"]
    assert any(bytes(each[TCP].payload) == b"220 hello\r\n" for each in near if TCP in each)
    assert all(Ether in each and each.dst != each.src for each in near)

    dropped = [each for each in packets if TCP in each and each[TCP].dport == 81]
    assert dropped
    assert {str(each[TCP].flags) for each in dropped} == {"S"}
    [rejected, *_] = [each for each in packets if ICMP in each and each[ICMP].type == 3]
    assert (rejected[IP].src, rejected[ICMP].payload.dst) == ("10.91.1.1", "10.91.2.10")
    assert any(ARP in each and each[ARP].pdst == "10.91.1.99" for each in packets)
    assert any(each.haslayer("IPv6") and each["IPv6"].src == "fd91:1::20" for each in packets)
    assert not any(TCP in each and IP in each and each[IP].dst == "10.91.1.1" for each in packets)


def test_an_excerpt_holds_the_packets_of_one_finding(lab: Lab, tmp_path: Path) -> None:
    whole, part = tmp_path / "scan.pcap", tmp_path / "finding.pcap"
    captured(lab, whole)

    def packets_of(*flow: object) -> list[Packet]:
        count = excerpt(whole, [flow], part)  # type: ignore[list-item]
        found = list(rdpcap(str(part)))
        assert len(found) == count
        assert [bytes(each) for each in found] == [b for b in map(bytes, rdpcap(str(whole))) if b in map(bytes, found)]
        return found

    talk = packets_of("10.91.1.20", "tcp", 80)
    assert {str(each[TCP].flags) for each in talk if TCP in each} >= {"S", "SA", "A"}
    assert any(ARP in each for each in talk)
    assert not any(each.haslayer("IPv6") for each in talk)
    assert {short(each).split()[-1] for each in packets_of("10.91.2.10", "tcp", 81)} == {"S"}
    rejected = packets_of("10.91.2.10", "tcp", 83)
    assert [ICMP in each for each in rejected] == [False, True]
    assert "who has 10.91.1.99" in " ".join(each.summary() for each in packets_of("10.91.1.99", "tcp", 22))
    long = packets_of("10.91.2.10", "udp", 53)
    assert sum(each[IP].frag > 0 for each in long) == 3, "two further pieces there, one back"
    part.unlink()
    assert excerpt(whole, [("10.91.2.10", "tcp", 4444)], part) == 0
    assert not part.exists()


def test_a_full_file_ends_and_says_when(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "scan.pcap"
    [lack] = captured(lab, path, limit=1000)
    assert lack.what == NOT_CAPTURED
    assert re.match(r"scan\.pcap has none after [0-9:]{8}: it reached its limit", lack.reason)
    assert path.stat().st_size <= 1000
    assert len(rdpcap(str(path))) >= 5


def test_a_full_disk_ends_the_capture_and_not_the_scan(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "scan.pcap"

    def scan() -> tuple[Limitation, ...]:
        with Capture(path, "eth0", SCANNED) as capture:
            resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
            capture.start()
            for _ in range(4):
                ask("10.91.1.20", 80)
            return capture.stop()

    [lack] = lab.run("laptop", scan)
    assert lack.what == NOT_CAPTURED
    assert re.match(r"scan\.pcap has none after [0-9:]{8}: .*File too large", lack.reason)


def test_what_the_file_lacks_is_kept_with_the_scan(lab: Lab, tmp_path: Path) -> None:
    day = datetime.date(2026, 11, 22)
    site = Site("c", "s", (Zone("near", ("10.91.1.0/24",)),), authorization=Authorization("owner", day, day))
    plan = make_plan(site, Vantage("near", "eth0", "10.91.1.10"), Ports((80,)))

    def scan(limit: int) -> tuple[Limitation, ...]:
        with Store(tmp_path / f"{limit}.sqlite") as store:
            journal = store.begin("c", "s", plan, "raw")
            capture = Capture(tmp_path / f"{limit}.pcap", "eth0", SCANNED, limit)
            capture.start()
            ask("10.91.1.20", 80)
            lacks = end_capture(capture, journal)
            assert not journal.scan.complete, "kept of a scan that was cut off as well"
        return lacks

    for limit, count in ((1 << 20, 0), (200, 1)):
        lacks = lab.run("laptop", functools.partial(scan, limit))
        with Store(tmp_path / f"{limit}.sqlite", create=False) as store:
            [kept] = store.sessions("c", "s")
        assert kept.observations == lacks
        assert len(lacks) == count


def test_packets_that_came_too_fast_are_counted(lab: Lab, tmp_path: Path) -> None:
    """The capturing process sleeps while more comes than the ring holds."""
    path = tmp_path / "scan.pcap"
    begun, told = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:

            def capture() -> None:
                with Capture(path, "eth0", SCANNED) as running:
                    running.start()
                    os.write(told, f"{os.getpid()} ".encode())
                    signal.sigtimedwait({signal.SIGUSR1}, 30)
                    [lack] = running.stop()
                    found = re.match(r"scan\.pcap lacks ([0-9]+) packets that came faster", lack.reason)
                    assert found is not None
                    lost = int(found[1])
                    assert 1000 < lost < 60_000 <= lost + running.packets < 61_000, (lost, running.packets)

            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
            lab.run("laptop", capture)
            code = 0
        finally:
            os._exit(code)
    process = int(os.read(begun, 20))
    os.kill(process, signal.SIGSTOP)

    def flood() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("10.91.1.10", 9))
            for _ in range(60_000):
                with contextlib.suppress(ConnectionRefusedError):
                    sock.send(bytes(1000))

    try:
        lab.run("near", flood)
    finally:
        os.kill(process, signal.SIGCONT)
        os.kill(process, signal.SIGUSR1)
    assert os.waitpid(child, 0)[1] == 0


def test_what_cannot_be_captured_is_refused_before_anything_is_sent(lab: Lab, tmp_path: Path) -> None:
    there = tmp_path / "site.yaml"
    there.write_text("client: c")
    (tmp_path / "link.pcap").symlink_to(tmp_path / "nowhere")
    for path in (there, tmp_path / "link.pcap"):
        with pytest.raises(BadInput, match="never replaces"):
            lab.run("laptop", lambda path=path: Capture(path, "eth0", SCANNED))  # type: ignore[misc]
    with pytest.raises(BadInput, match="no such folder"):
        lab.run("laptop", lambda: Capture(tmp_path / "no" / "x.pcap", "eth0", SCANNED))
    with pytest.raises(NetworkFailed, match="wlan9"):
        lab.run("laptop", lambda: Capture(tmp_path / "x.pcap", "wlan9", SCANNED))
    assert there.read_text() == "client: c"

    def late() -> None:
        with Capture(tmp_path / "x.pcap", "eth0", SCANNED) as capture:
            (tmp_path / "x.pcap").write_text("made meanwhile")
            capture.start()

    with pytest.raises(BadInput, match="never replaces"):
        lab.run("laptop", late)


def test_a_tunnel_has_plain_packets(lab: Lab, tmp_path: Path) -> None:
    """No link-layer header there: the file says that its packets begin with IP."""
    lab.ns("laptop", "ip tuntap add dev tun7 mode tun", "ip addr add 10.91.7.1/24 dev tun7", "ip link set tun7 up")
    path = tmp_path / "tunnel.pcap"

    def scan() -> None:
        import fcntl
        import struct

        # Somebody has to hold the other end for the tunnel to have a carrier.
        end = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(end, 0x400454CA, struct.pack("16sH22x", b"tun7", 0x1001))
        with (
            Capture(path, "tun7", AddressSet.parse("10.91.7.2")) as capture,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        ):
            capture.start()
            sock.sendto(b"hello", ("10.91.7.2", 9))
            sock.sendto(b"hello", ("10.91.7.3", 9))
            assert capture.stop() == ()

    if not Path("/dev/net/tun").exists():
        pytest.skip("this kernel has no tunnels")
    lab.run("laptop", scan)
    [packet] = rdpcap(str(path))
    assert packet[IP].dst == "10.91.7.2"
    assert excerpt(path, [("10.91.7.2", "udp", 9)], tmp_path / "part.pcap") == 1
