"""What kind of machine a host is: the same, whether or not others of which the same was said were judged before it."""

from __future__ import annotations

from assess.scene import LAPTOP, SERVERS, site
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.assess.facts.evidence import Evidence
from scanner.assess.machines.inventory import Inventory
from scanner.assess.machines.kinds import Kinds
from scanner.assess.machines.machine import ordered
from scanner.assess.machines.told import Telling
from scanner.identify.second import NOBODY
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Reading, Scan, Session, Vantage

READINGS = (
    Reading("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3"),
    Reading("ssh", b"SSH-2.0-ROSSSH"),
    Reading("ssh.hostkey", b"\0\0\0\x0bssh-ed25519\0\0\0 1"),
    Reading("ssh.hostkey", b"\0\0\0\x0bssh-ed25519\0\0\0 2"),
    Reading("http.server", b"App-webs/"),
    Reading("http.title", b"RouterOS router configuration page"),
    Reading("http.title", b"Web interface of host 1"),
    Reading("mdns.services", b"_ipp._tcp\n_printer._tcp"),
    Reading("mdns.services", b"_googlecast._tcp"),
)
SERVICES = st.tuples(
    st.sampled_from((22, 80, 9100)), st.just([]) | st.lists(st.sampled_from(READINGS), min_size=1, max_size=2)
)
HOSTS = st.tuples(
    st.lists(SERVICES, max_size=2, unique_by=lambda each: each[0]),
    st.sampled_from(((), ("npi0a1b2c",), ("host-1",))),
    st.sampled_from((64, 128)),
    st.sampled_from((None, "HP Inc.")),
)
Host = tuple[list[tuple[int, list[Reading]]], tuple[str, ...], int, str | None]
"""Open ports with what was read there, names, TTL, and who made its card."""


def _seen(at: int, host: Host) -> list[Observation]:
    services, names, ttl, _ = host
    address, mac = f"10.0.2.{at + 20}", f"00:1b:21:00:00:{at:02x}"
    rows: list[Observation] = [HostSeen(address, "arp", 1000.0, mac=mac, ttl=ttl, names=names)]
    for port, readings in services:
        rows.append(PortState(address, "tcp", str(port), "open", "syn-ack", 1001.0, ttl, address, 64240))
        if readings:
            rows.append(Conversation(address, "tcp", port, "probe", "answered", 1002.0, tuple(readings), received=9))
    return rows


@settings(max_examples=120)
@given(st.lists(HOSTS, min_size=4, max_size=12))
def test_it_rests_on_nothing_but_what_is_said_of_it(hosts: list[Host]) -> None:
    scan = Scan("one", Vantage(SERVERS, "eth0", LAPTOP[SERVERS]), "raw", "", 1000.0, 1060.0, True)
    rows = [row for at, host in enumerate(hosts) for row in _seen(at, host)]
    evidence = Evidence(site(), [Session(scan, tuple(rows))])
    inventory = Inventory(evidence)
    together, alone = Kinds(evidence, inventory.telling), Kinds(evidence, Telling(NOBODY))
    assert len(inventory.machines) == len(hosts)
    for machine, (*_, maker) in zip(inventory.machines, hosts, strict=True):
        assert together.of(machine, ordered(machine), maker) == alone.judged(machine, maker)
