"""`scan --deep`: Nmap is asked last, and only about what nothing else could name."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_lab import Lab
from typed import Run

from scanner import samples, session
from scanner.lab.simulate import SimulatedNetwork, clock
from scanner.model.network import Converse, Pace
from scanner.model.observation import Conversation, Event, Reading, Refused, Vantage
from scanner.net.pace import TokenBucket
from scanner.pipeline import observe
from scanner.plan import Manners, make_plan
from scanner.ports import parse_ports
from scanner.store import Store

TOPOLOGY = samples.load_topology("harbor-dental")
ELEMENT = b'<service name="x" product="Acme Thing" version="1.2" method="probed" conf="10"/>'


class WithNmap(SimulatedNetwork):
    """A simulated network in which Nmap has a name for everything."""

    def __init__(self) -> None:
        super().__init__(TOPOLOGY, "servers", clock(TOPOLOGY))
        self.deep: list[tuple[str, int]] = []

    def converse(self, request: Converse, pace: Pace) -> Iterator[Event]:
        if not request.deep:
            yield from super().converse(request, pace)
            return
        for talk in request.talks:
            self.deep.append((talk.address, talk.port))
            readings = (Reading("nmap.service", ELEMENT),)
            yield Conversation(talk.address, "tcp", talk.port, "nmap", "answered", 1.0, readings, received=1)


def observed(store: Store, deep: bool, stop_at: str = "") -> tuple[WithNmap, list[Event]]:
    laptop = TOPOLOGY.laptop("servers")
    vantage = Vantage("servers", "simulated", laptop[0], next((each for each in laptop if ":" in each), None))
    site = TOPOLOGY.site
    journal = store.unfinished(site.client, site.site, "servers")
    if journal is None:
        plan = make_plan(site, vantage, parse_ports("22,80,443,445,9100"), (), Manners(deep=deep))
        journal = store.begin(site.client, site.site, plan, "raw")
    network = WithNmap()
    events: list[Event] = []
    stream = observe(journal.plan, network, journal, TokenBucket(1_000_000), site)
    for event in stream:
        events.append(event)
        if stop_at and isinstance(event, Conversation) and event.probe == stop_at:
            break
    stream.close()  # type: ignore[attr-defined]
    return network, events


def test_nmap_gets_what_has_no_name_and_nothing_else(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        network, events = observed(store, deep=True)
        talks = [each for each in events if isinstance(each, Conversation) and each.probe != "nmap"]
        assert network.deep
        assert len(set(network.deep)) == len(network.deep)
        named = {(t.address, t.port) for t in talks for r in t.readings if r.kind == "ssh" and b"OpenSSH" in r.raw}
        assert named
        assert not named & set(network.deep)
        assert not {port for _, port in network.deep} & {9100}
        refused = [each for each in events if isinstance(each, Refused) and "Nmap" in each.reason]
        assert not {(each.addresses, int(each.ports)) for each in refused} & set(network.deep)


def test_without_the_flag_it_is_never_asked(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        assert observed(store, deep=False)[0].deep == []


def test_a_scan_that_was_cut_off_among_nmaps_answers_goes_on_after_them(tmp_path: Path) -> None:
    with Store(tmp_path / "whole.sqlite") as store:
        whole = observed(store, deep=True)[0].deep
    with Store(tmp_path / "s.sqlite") as store:
        first = observed(store, deep=True, stop_at="nmap")[0].deep
        rest = observed(store, deep=True)[0].deep
    assert len(first) == 1
    assert first + rest == whole


def test_deep_without_identification_is_a_contradiction(run: Run, site: Path) -> None:
    code, _, err = run("scan", site, "--from", "guest", "--deep", "--no-identify")
    assert (code, "leave one of them out" in err) == (2, True)


SERVER = """
import socket
listener = socket.create_server(("10.91.2.10", 8081))
print("ready", flush=True)
while True:
    peer, _ = listener.accept()
    with peer:
        peer.settimeout(5)
        try:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.0 200 OK\\r\\nServer: AOLserver/4.5.1_r2\\r\\nContent-Length: 0\\r\\n\\r\\n")
        except OSError:
            pass
"""
SITE = """
client: c
site: s
authorization: {{by: me, from: {today}, until: {today}}}
scope: {{max_rate: 2000}}
zones: [{{name: near, subnets: [10.91.1.0/24]}}, {{name: far, subnets: [10.91.2.8/30]}}]
"""


@pytest.mark.lab
@pytest.mark.parametrize("nmap", [True, False])
def test_the_whole_way_with_a_real_nmap(lab: Lab, tmp_path: Path, nmap: bool) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE.format(today=datetime.date.today()))
    with lab.serving("target", [sys.executable, "-c", SERVER]):
        scan = [sys.executable, "-m", "scanner.cli", "scan", str(path), "--from", "near", "--ports", "8081", "--deep"]
        command = lab.command("laptop", [*([] if nmap else ["env", "PATH=/nonexistent"]), *scan])
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if not nmap:
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "--deep: nmap is not installed: apt install nmap" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    report = session.assess_site(path)
    [service] = [each for host in report.hosts for each in host.services if each.port == 8081]
    assert service.product == "aolserver"
    assert service.version == "4.5.1_r2"  # which stands in the bytes that we read ourselves
    assert service.evidence.startswith("tcp/8081 nmap.service: <service")
