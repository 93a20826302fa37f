"""A canary behind real fences: what the rules let through is what arrived, and nothing else."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from canary_lab import FAR, FAR6, CanaryLab, arrived, canary_session, listened, sessions
from lab_fixtures import raised

from scanner.model.addresses import ports_of
from scanner.model.observation import Arrival, Conversation, Limitation, PortState, Session, Silence

pytestmark = [pytest.mark.lab]

FENCE = """
table inet fence {
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "br2" tcp sport 3000-3009 drop
    iifname "br2" udp sport 3000-3009 drop
    iifname "br2" accept
    icmp type echo-request accept
    icmpv6 type { echo-request, nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport { 1000-1099, 3000-3009 } accept
    udp dport { 1050-1149, 3000-3009 } accept
    tcp dport 2000-2009 reject with tcp reset
    udp dport 2000-2009 reject
  }
}
"""
TRANSLATED = """
table ip fence {
  chain pre {
    type nat hook prerouting priority -100;
    iifname "to-near" tcp dport 4000 dnat to 10.93.2.10:4001
    iifname "to-near" udp dport 4000 dnat to 10.93.2.10:4001
  }
  chain post {
    type nat hook postrouting priority 100;
    oifname "br2" masquerade
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    tcp dport { 4001, 4010-4019 } accept
    udp dport { 4001, 4010-4019 } accept
  }
}
"""
ASKED = "1000-1199,2000-2009,3000-3009,U:1000-1199,U:2000-2009,U:3000-3009"


PROXIED = {*range(5000, 5010)}
"""The SYN proxy of one of these tests goes on trying these for a while, after its rules are gone."""


@pytest.fixture(scope="module")
def far_side() -> Iterator[CanaryLab]:
    with raised(CanaryLab()) as built:
        yield built


def states(session: Session, transport: str, state: str, address: str = FAR) -> set[int]:
    return {
        port
        for each in session.observations
        if isinstance(each, PortState) and (each.address, each.transport, each.state) == (address, transport, state)
        for port in ports_of(each.ports)
    }


def silent(session: Session, transport: str, address: str = FAR) -> set[int]:
    bulk = (
        each.ports
        for each in session.observations
        if isinstance(each, Silence) and each.addresses == address and each.transport == transport
    )
    return {port for text in bulk for port in ports_of(text)} | states(session, transport, "silent", address)


def scanned(site: Path) -> Session:
    (found,) = [each for each in sessions(site) if each.scan.purpose == "scan"]
    return found


def proved(session: Session) -> set[int]:
    """Ports on which the canary signed back."""
    rows = (each for each in session.observations if isinstance(each, Conversation) and each.probe == "canary")
    return {each.port for each in rows if [reading.kind for reading in each.readings] == ["canary"]}


@pytest.mark.parametrize("address", [FAR, FAR6])
def test_what_the_rules_let_through_arrives_and_nothing_else(far_side: CanaryLab, tmp_path: Path, address: str) -> None:
    far_side.fence(FENCE)
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site) as canary:
        far_side.scan(site, ["--canary", address, "--canary-ports", ASKED])
    assert canary.returncode == 0
    heard, asked = canary_session(site), scanned(site)
    assert heard.scan.complete
    assert heard.scan.engine == "canary"
    assert listened(heard)["tcp"] == "1-65535"
    through = {*range(1000, 1100), *range(3000, 3010)}
    assert arrived(heard, "tcp", address=address) == through
    assert arrived(heard, "udp", address=address) == {*range(1050, 1150), *range(3000, 3010)}
    assert arrived(heard, "icmp", address=address) == {128 if ":" in address else 8}
    assert {each.nonce for each in heard.observations if isinstance(each, Arrival)} == {asked.scan.nonce}
    assert {each.source for each in heard.observations if isinstance(each, Arrival)} == {
        asked.scan.vantage.address6 if ":" in address else asked.scan.vantage.address
    }
    assert states(asked, "tcp", "open", address) == {*range(1000, 1100)}
    assert states(asked, "udp", "open", address) == {*range(1050, 1150)}
    assert {*range(3000, 3010)} <= silent(asked, "tcp", address)
    assert states(asked, "tcp", "closed", address) == {*range(2000, 2010)}
    # Of 100 open ports 64 are proved by whole connections, on both sides.
    assert len(proved(asked)) == 64
    assert arrived(heard, "tcp", "connection", address) == proved(asked)


def test_translated_ports_and_sources_are_told(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(TRANSLATED)
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site):
        far_side.scan(site, ["--canary", FAR, "--canary-ports", "3990-4030,U:3990-4030"])
    rows = [each for each in canary_session(site).observations if isinstance(each, Arrival)]
    assert {each.source for each in rows} == {"10.93.2.1"}
    for transport in ("tcp", "udp"):
        packets = {(each.ports, each.asked) for each in rows if (each.transport, each.how) == (transport, "packet")}
        # 4001 arrives as itself and as what 4000 was translated to.
        ports = {port for text, asked in packets if not asked for port in ports_of(text)}
        assert ports == {4001, *range(4010, 4020)}
        assert {each for each in packets if each[1]} == {("4001", "4000")}


def test_one_laptop_with_two_legs_is_both_ends(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(FENCE)
    far_side.second_leg()
    site = far_side.site(tmp_path, rate=20_000)
    own = "10.93.2.20"
    with far_side.listening(site, ["--interface", "eth1"], name="near"):
        far_side.scan(site, ["--canary", own, "--canary-ports", ASKED])
    heard, asked = canary_session(site), scanned(site)
    assert arrived(heard, "tcp", address=own) == {*range(1000, 1100), *range(3000, 3010)}
    assert arrived(heard, "udp", address=own) == {*range(1050, 1150), *range(3000, 3010)}
    assert states(asked, "tcp", "open", own) == {*range(1000, 1100)}
    assert states(asked, "udp", "open", own) == {*range(1050, 1150)}
    assert states(asked, "icmp", "open", own) == {8}


def test_without_privilege_sockets_listen_and_say_what_they_lack(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(FENCE)
    site = far_side.site(tmp_path, rate=20_000)
    far_side.ns("far", "sysctl -qw net.ipv4.ip_unprivileged_port_start=1024")
    with far_side.listening(site, ["--ports", "22,1000-1100,3000-3009,U:1040-1060,U:3000-3009"], bare=True):
        far_side.scan(site, ["--canary", FAR, "--canary-ports", "22,1000-1100,3000-3009,U:1040-1060,U:3000-3009"])
    heard = canary_session(site)
    # Below 1024 the system lets nobody listen: neither port 22 nor the first ones of the rule.
    assert listened(heard) == {"tcp": "1024-1100,3000-3009", "udp": "1040-1060,3000-3009"}
    assert "nothing is heard on tcp 22,1000-1023: the system lets this user" in (tmp_path / "canary.log").read_text()
    assert arrived(heard, "tcp") == set(), "a SYN alone is not seen by sockets"
    assert arrived(heard, "tcp", "connection") == {*range(1024, 1100)} & proved(scanned(site))
    assert len(arrived(heard, "tcp", "connection")) >= 60
    assert arrived(heard, "udp") == {*range(1050, 1061), *range(3000, 3010)}


PROXY = """
table inet fence {
  chain pre {
    type filter hook prerouting priority -300;
    iifname "to-near" tcp dport 5000-5009 tcp flags syn notrack
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "to-near" tcp dport 5000-5009 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
    ct state invalid drop
    tcp dport 5005-5009 reject with icmp admin-prohibited
    tcp dport 5000-5004 accept
    ct state established accept
  }
}
"""


def test_a_syn_proxy_is_seen_through_by_signed_data(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(PROXY)
    far_side.sysctl("router", net__netfilter__nf_conntrack_tcp_loose=0, net__ipv4__tcp_syncookies=1)
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site):
        far_side.scan(site, ["--canary", FAR, "--canary-ports", "5000-5009"])
    far_side.sysctl("router", net__netfilter__nf_conntrack_tcp_loose=1)
    heard, asked = canary_session(site), scanned(site)
    assert states(asked, "tcp", "open") == {*range(5000, 5010)}, "the proxy answers for every port"
    assert proved(asked) == {*range(5000, 5005)}
    assert arrived(heard, "tcp", "connection") == {*range(5000, 5005)}
    assert arrived(heard, "tcp") <= {*range(5000, 5005)}


def test_while_the_router_is_silent_nothing_counts_as_listened_to(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence()
    site = far_side.site(tmp_path)
    far_side.ns("router", "ip link set br2 down")
    try:
        with far_side.listening(site, ["--seconds", "14"]) as canary:
            canary.wait(300)
    finally:
        far_side.ns("router", "ip link set br2 up", "ip -6 addr replace fd93:2::1/64 dev br2 nodad")
    assert canary.returncode == 0
    heard = canary_session(site)
    assert heard.observations == ()
    assert heard.scan.complete
    assert "the router does not answer" in (tmp_path / "canary.log").read_text()


def test_connections_alone_reach_a_canary_too(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence(FENCE)
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site):
        far_side.scan(site, ["--engine", "connect", "--canary", FAR, "--canary-ports", "1090-1109,U:1090-1109"])
    heard, asked = canary_session(site), scanned(site)
    assert arrived(heard, "tcp", "connection") == {*range(1090, 1100)} == states(asked, "tcp", "open")
    assert arrived(heard, "udp") == {*range(1090, 1110)} == states(asked, "udp", "open")


def test_a_killed_canary_leaves_its_rows_and_no_rule(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence()
    site = far_side.site(tmp_path, rate=20_000)
    with far_side.listening(site) as canary:
        assert "fencewalk_canary_" in far_side.ns("far", "nft list ruleset")
        far_side.scan(site, ["--canary", FAR, "--canary-ports", "10-19,U:10-19"])
        end = time.monotonic() + 120
        while len(arrived(canary_session(site), "udp")) < 10 and time.monotonic() < end:
            time.sleep(0.1)
        canary.send_signal(signal.SIGKILL)
        canary.wait(300)
    end = time.monotonic() + 120
    while far_side.ns("far", "nft list ruleset").strip() and time.monotonic() < end:
        time.sleep(0.1)
    assert far_side.ns("far", "nft list ruleset").strip() == ""
    heard = canary_session(site)
    assert not heard.scan.complete
    assert arrived(heard, "tcp") - PROXIED == {*range(10, 20)}
    assert arrived(heard, "udp") == {*range(10, 20)}
    # It is no scan that somebody could go on with.
    far_side.scan(site, ["--resume", "--canary", FAR, "--canary-ports", "10-19"])


def test_what_the_laptop_serves_itself_goes_on(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence()
    site = far_side.site(tmp_path, rate=20_000)
    listener = far_side.inside("far", lambda: socket.create_server((FAR, 2222)))
    threading.Thread(target=_talk, args=(listener,), daemon=True).start()
    with listener:
        early = far_side.inside("near", lambda: socket.create_connection((FAR, 2222), timeout=10))
        with early, far_side.listening(site):
            late = far_side.inside("near", lambda: socket.create_connection((FAR, 2222), timeout=10))
            with late:
                for each in (early, late):
                    each.settimeout(10)
                    each.sendall(b"still there?")
                    assert each.recv(64) == b"still there?"
                # And what it opens itself.
                back = far_side.inside("near", lambda: socket.create_server(("10.93.1.10", 3333)))
                with back, far_side.inside("far", lambda: socket.create_connection(("10.93.1.10", 3333), timeout=10)):
                    back.settimeout(10)
                    back.accept()[0].close()
            far_side.scan(site, ["--canary", FAR, "--canary-ports", "2220-2229"])
            assert early.send(b"yes") == 3
            assert early.recv(64) == b"yes"
    assert arrived(canary_session(site), "tcp") - PROXIED == {*range(2220, 2230)}


def _talk(listener: socket.socket) -> None:
    def echo(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(64):
                connection.sendall(data)

    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=echo, args=(connection,), daemon=True).start()


UDP = {*range(1, 10_001), 20_000, 44_818, 47_808, *range(60_000, 65_536)}
"""Every port that is treated in a way of its own, the first and the last."""


@pytest.mark.skipif("FENCEWALK_QUICK" in os.environ, reason="a minute of two cores")
def test_every_port_of_tcp_and_a_quarter_of_those_of_udp_arrive(far_side: CanaryLab, tmp_path: Path) -> None:
    far_side.fence()
    site = far_side.site(tmp_path)
    asked_for = "1-65535,U:1-10000,U:20000,U:44818,U:47808,U:60000-65535"
    with far_side.listening(site):
        far_side.scan(site, ["--canary", FAR, "--canary-ports", asked_for])
    heard, asked = canary_session(site), scanned(site)
    refused = {102, 502, 20000, 44818, 47808}
    every = set(range(1, 65536)) - refused
    assert arrived(heard, "tcp") == every == states(asked, "tcp", "open")
    assert arrived(heard, "udp") == UDP - refused - {161, 515, *range(9100, 9108), *range(9112, 9117)}
    assert arrived(heard, "udp") == states(asked, "udp", "open")
    assert not [each for each in heard.observations if isinstance(each, Limitation)]
