"""From a finding to its packets: which flows it rests on, and the files that `assess --excerpts` writes."""

from __future__ import annotations

import datetime
import stat
from pathlib import Path

import msgspec
import pytest
from sample import sample_report
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.utils import rdpcap, wrpcap
from typed import visited

from scanner import session
from scanner.assess.findings.packets import flows_of
from scanner.cli import main
from scanner.model.report import FindingRow, FlowRow, HostRow, ServiceRow

TODAY = datetime.date(2026, 11, 20)
SSH = ServiceRow("tcp", 22, "open", "ssh", None, None, None, "")
DNS = ServiceRow("udp", 53, "open", "domain", None, None, None, "")
HOSTS = (
    HostRow("servers/10.0.2.10", "servers", ("10.0.2.10", "fd00:2::10"), None, None, (), None, (SSH, DNS), ()),
    HostRow("guest/10.0.1.9", "guest", ("10.0.1.9",), None, None, (), None, (SSH,), ()),
)


def flow(address: str, port: int, verdict: str = "REACHED", to: str = "servers", allowed: bool = False) -> FlowRow:
    return FlowRow("guest", to, address, "tcp", port, verdict, "", allowed, "")  # type: ignore[arg-type]


FLOWS = (
    flow("10.0.2.10", 445),
    flow("10.0.2.10", 443, allowed=True),
    flow("10.0.2.11", 445),
    flow("10.0.2.12", 6514, "DROPPED"),
    flow("10.0.3.1", 445, to="plant"),
)


def finding(**changes: object) -> FindingRow:
    empty = {
        "id": "x-1", "kind": "exposure", "severity": "low", "title": "", "host": None, "from_": None, "to": None,
        "transport": None, "port": None, "path": (), "remedy": "", "replay": "", "evidence": "", "controls": (),
        "exception": None,
    }  # fmt: skip
    return FindingRow(**(empty | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param(
            {"host": "servers/10.0.2.10", "from_": "guest", "to": "servers", "transport": "tcp", "port": 445},
            ["10.0.2.10 tcp/445", "fd00:2::10 tcp/445"],
            id="a gap",
        ),
        pytest.param(
            {"host": "servers/10.0.2.99", "from_": "guest", "to": "servers", "transport": "tcp", "port": 445},
            ["10.0.2.99 tcp/445"],
            id="a gap to a host that the report does not list",
        ),
        pytest.param(
            {"from_": "guest", "to": "servers"}, ["10.0.2.10 tcp/445", "10.0.2.11 tcp/445"], id="a summary of gaps"
        ),
        pytest.param(
            {"host": "servers/10.0.2.12", "from_": "guest", "to": "servers", "transport": "tcp", "port": 6514},
            ["10.0.2.12 tcp/6514"],
            id="a required flow that was dropped",
        ),
        pytest.param(
            {"to": "servers", "transport": "tcp", "port": 6514},
            ["10.0.2.10 tcp/6514", "fd00:2::10 tcp/6514"],
            id="a required service that nobody there offers",
        ),
        pytest.param(
            {"host": "servers/10.0.2.10", "transport": "udp", "port": 53},
            ["10.0.2.10 udp/53", "fd00:2::10 udp/53"],
            id="a version",
        ),
        pytest.param(
            {
                "host": "servers/10.0.2.10",
                "from_": "guest",
                "to": "elsewhere",
                "path": ("guest → a zone/fd00:9::1 tcp/22 (observed)", "a zone → servers/10.0.2.10 udp/53 (inferred)"),
            },
            ["10.0.2.10 udp/53", "fd00:9::1 tcp/22"],
            id="an attack path",
        ),
        pytest.param(
            {"host": "guest/10.0.1.9", "path": ("guest/10.0.1.9", "servers/10.0.2.10")},
            ["10.0.1.9 icmp/8", "10.0.1.9 tcp/22", "10.0.2.10 icmp/8", "10.0.2.10 tcp/22", "10.0.2.10 udp/53",
             "fd00:2::10 icmp/128", "fd00:2::10 tcp/22", "fd00:2::10 udp/53"],
            id="a machine with two legs",
        ),
    ],
)  # fmt: skip
def test_the_flows_of_a_finding(changes: dict[str, object], expected: list[str]) -> None:
    report = msgspec.structs.replace(sample_report(), hosts=HOSTS, reachability=FLOWS)
    found = flows_of(report, finding(**changes))
    assert [f"{address} {transport}/{port}" for address, transport, port in found] == expected


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return visited("harbor-dental", tmp_path_factory.mktemp("harbor"))


def test_every_finding_of_a_real_report_has_flows(scanned: Path) -> None:
    report = session.assess_site(scanned, today=TODAY)
    kinds = {each.kind for each in report.findings}
    assert len(kinds) >= 5
    for each in report.findings:
        assert flows_of(report, each), each


def test_assess_writes_the_packets_of_each_finding(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two captures; the second is of everything that the first lacks, but for the flows of one finding."""
    report = session.assess_site(scanned, today=TODAY)
    flows = {each.id: [key for key in flows_of(report, each) if ":" not in key[0]] for each in report.findings}
    gap = next(each for each in report.findings if each.kind == "segmentation-gap" and len(flows[each.id]) == 1)
    lonely = next(e for e in report.findings if e.kind == "outdated" and flows[e.id] not in ([], flows[gap.id]))
    head = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")

    def asked(key: tuple[str, str, int]) -> Packet:
        address, transport, port = key
        layer = {"tcp": TCP(dport=port), "udp": UDP(dport=port), "icmp": ICMP()}[transport]
        return head / IP(src="10.9.9.9", dst=address) / layer

    everything = {key for keys in flows.values() for key in keys} - {*flows[gap.id], *flows[lonely.id]}
    one, two, out = tmp_path / "one.pcap", tmp_path / "two.pcap", tmp_path / "packets"
    wrpcap(str(one), [asked(key) for key in flows[gap.id]] * 2)
    wrpcap(str(two), [asked(key) for key in sorted(everything)])
    command = ["assess", str(scanned), "--today", str(TODAY), "--capture", str(one), "--capture", str(two)]
    with pytest.raises(SystemExit) as ended:
        main([*command, "--excerpts", str(out)])
    assert ended.value.code == 0
    said = capsys.readouterr()
    assert "Findings:" in said.out
    assert lonely.id in said.err.splitlines()[-1]
    assert [(each[IP].dst, each[TCP].dport) for each in rdpcap(str(out / f"{gap.id}.pcap"))] == [
        (gap.host and gap.host.rpartition("/")[2], gap.port)
    ] * 2
    written = {each.stem for each in out.iterdir()}
    assert written <= flows.keys()
    assert lonely.id not in written
    assert f"{len(written)} excerpts written" in said.err
    assert len(written) > len(flows) / 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o700


def test_a_capture_that_breaks_off_is_named_and_used_as_far_as_it_goes(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "killed.pcap"
    wrpcap(str(path), [Ether(dst="02:00:00:00:00:02") / IP(src="10.9.9.9", dst="10.0.0.1") / TCP()] * 3)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(SystemExit) as ended:
        main(["assess", str(scanned), "--today", str(TODAY), "--capture", str(path), "--excerpts", str(tmp_path / "x")])
    assert ended.value.code == 0
    [line] = [each for each in capsys.readouterr().err.splitlines() if "breaks off" in each]
    assert line.startswith(f"fencewalk: {path} breaks off")
    assert "the 2 packets before it" in line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--excerpts", "DIR"], "go together"),
        (["--capture", "site.yaml"], "go together"),
        (["--capture", "site.yaml", "--excerpts", "DIR"], "no pcap file"),
        (["--capture", "none.pcap", "--excerpts", "DIR"], "No such file"),
        (["--capture", "site.yaml", "--excerpts", "site.yaml/x"], "cannot be made"),
    ],
)
def test_what_cannot_be_cut_is_one_sentence(
    scanned: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(scanned.parent)
    with pytest.raises(SystemExit) as ended:
        main(["assess", "site.yaml", *options])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert says in said.err
    assert said.err.startswith("fencewalk: ")
