"""Nmap's XML of somebody's own run: what of it a vantage may be believed to have seen."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.errors import BadInput
from scanner.importers import Run
from scanner.importers.nmap_args import told
from scanner.importers.nmap_xml import IMPORTER
from scanner.model.addresses import AddressSet, ports_of
from scanner.model.observation import Conversation, HostSeen, Observation, PortState, Silence

END = '<runstats><finished time="1795000200" exit="success"/></runstats></nmaprun>'


def taken(text: str, size: int = 50) -> tuple[list[Observation], Run]:
    raw = text.encode()
    found = IMPORTER.read((raw[at : at + size] for at in range(0, len(raw), size)), "scan.xml")
    rows = list(found.observations)
    return rows, found.run()


def written(args: str, *hosts: str, types: tuple[str, ...] = ("syn",), end: str = END) -> str:
    infos = "".join(f'<scaninfo type="{each}" protocol="tcp" numservices="1" services="22"/>' for each in types)
    run = f'<nmaprun scanner="nmap" args="nmap {args}" start="1795000000">'
    return f'<?xml version="1.0"?>{run}{infos}{"".join(hosts)}{end}'


def host(address: str, *ports: str, reason: str = "user-set", end: int = 1795000100) -> str:
    return (
        f'<host endtime="{end}"><status state="up" reason="{reason}"/><address addr="{address}" addrtype="ipv4"/>'
        f"<ports>{''.join(ports)}</ports></host>"
    )


OPEN = '<port protocol="tcp" portid="443"><state state="open" reason="syn-ack" reason_ttl="63"/></port>'
CLOSED = '<port protocol="tcp" portid="23"><state state="closed" reason="reset" reason_ttl="63"/></port>'
QUIET = '<port protocol="tcp" portid="22"><state state="filtered" reason="no-response" reason_ttl="0"/></port>'
UDP = '<port protocol="udp" portid="53"><state state="open" reason="udp-response" reason_ttl="63"/></port>'
SPOKE = OPEN.replace("</port>", '<service name="http" product="nginx" method="probed"/></port>')

TARGETS = [
    ("-sS -p 22 10.0.0.0/24", "10.0.0.0-10.0.0.255"),
    ("-p22 -oX 10.9.9.9 10.0.0.1,2", ""),
    ("10.0.0.1-5 10.0.0.6", "10.0.0.1-10.0.0.6"),
    ("-T4 10.0.0-1.*", "10.0.0.0-10.0.1.255"),
    ("10.0.0.7/24", "10.0.0.0-10.0.0.255"),
    ("--dns-servers 10.1.1.1 -S 10.0.0.9 -e eth0 10.0.0.1", "10.0.0.1"),
    ("--top-ports 100 fd00::/120", "fd00::-fd00::ff"),
    ("server.example 10.0.0.300 1-2", ""),
    ("-iL hosts.txt 10.0.0.1", None),
    ("--exclude 10.0.0.5 10.0.0.0/24", None),
    ("--exclude=10.0.0.5 10.0.0.0/24", None),
]


@pytest.mark.parametrize(("args", "targets"), TARGETS, ids=[each[0] for each in TARGETS])
def test_whom_it_was_told_to_ask(args: str, targets: str | None) -> None:
    found = told(f"nmap {args}", "x").targets
    assert found == (None if targets is None else AddressSet.parse(targets))


@pytest.mark.parametrize("option", ["-sI 10.0.0.9", "-b ftp.example", "--proxies http://x:1", "--badsum", "--ttl 3",
                                    "--scanflags URG", "--ip-options L"])  # fmt: skip
def test_what_no_vantage_saw_is_refused(option: str) -> None:
    with pytest.raises(BadInput, match=rf"^scan\.xml: Nmap ran with {re.escape(option.split()[0])}: .*without it$"):
        taken(written(f"{option} 10.0.0.1", host("10.0.0.1", OPEN)))


DRESSED = [("-g 53", "sport-53"), ("-g53", "sport-53"), ("--source-port=88", "sport-88"), ("-f", "fragments"),
           ("--mtu 16", "fragments"), ("-sS", "")]  # fmt: skip


@pytest.mark.parametrize(("option", "via"), DRESSED, ids=[each[0] for each in DRESSED])
def test_a_dressed_probe_is_no_plain_one(option: str, via: str) -> None:
    rows, run = taken(written(f"{option} 10.0.0.1 10.0.0.2", host("10.0.0.1", OPEN), host("10.0.0.2", QUIET)))
    assert {each.via for each in rows if isinstance(each, PortState | Silence)} == {via}
    assert (run.targets is None) == bool(via)


def test_two_dresses_at_once_cannot_be_told_apart() -> None:
    with pytest.raises(BadInput, match="cannot be told"):
        taken(written("-g 53 -f 10.0.0.1", host("10.0.0.1", OPEN)))


@pytest.mark.parametrize("kind", ["fin", "null", "xmas", "ack", "window", "maimon"])
def test_a_scan_that_opens_no_connection_says_nothing_of_tcp(kind: str) -> None:
    rows, run = taken(written("-sF -sU 10.0.0.1", host("10.0.0.1", QUIET, CLOSED, UDP), types=(kind, "udp")))
    assert [each.transport for each in rows if isinstance(each, PortState | Silence)] == ["udp"]
    assert "left out: 2 TCP ports" in run.notes[0]


UNTYPED = [
    ("nmap -sS 10.0.0.1", ("443 syn-ack", "23 rst", "22 no-response")),
    ("nmap -sSU --script smb-os 10.0.0.1", ("443 syn-ack", "23 rst", "22 no-response")),
    ("nmap -sV 10.0.0.1", ("443 connected", "23 rst", "22 no-response")),
    ("nmap -sT 10.0.0.1", ("443 connected", "23 rst", "22 no-response")),
    ("nmap -sU 10.0.0.1", ()),
    ("nmap -sF 10.0.0.1", ()),
    ("nmap -sn 10.0.0.1", ("443 syn-ack",)),
    ("", ("443 syn-ack",)),
]


@pytest.mark.parametrize(("args", "wanted"), UNTYPED, ids=[each[0] or "no command line" for each in UNTYPED])
def test_without_scaninfo_the_command_line_says_how_it_asked(args: str, wanted: tuple[str, ...]) -> None:
    """Where nothing says it, only what an attempt to connect brings about counts, and no silence."""
    text = written("X", host("10.0.0.1", OPEN, CLOSED, QUIET), types=()).replace("nmap X", args)
    rows, run = taken(text)
    assert {f"{each.ports} {each.reason}" for each in rows if isinstance(each, PortState)} == set(wanted)
    assert not [each for each in rows if isinstance(each, Silence)]
    assert [each.startswith("left out: ") for each in run.notes] == [True] * (len(wanted) < 3)
    if not args:
        assert "does not say how they were asked (no <scaninfo>)" in run.notes[0]


FOLLOWED = {
    "a second run": (0, "\n<?xml version='1.0'?>\n<nmaprun/>"),
    "a second run after one that was cut off": (len(END), "\n<?xml version='1.0'?>\n<nmaprun/>"),
    "a second run without a declaration": (0, "\n<nmaprun/>"),
    "what Nmap prints": (0, "\nNmap done: 1 IP address"),
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_more_than_one_run_in_a_file_is_refused_with_the_line(name: str) -> None:
    cut, more = FOLLOWED[name]
    text = written("10.0.0.1", host("10.0.0.1", OPEN))
    with pytest.raises(BadInput, match=r"^scan\.xml:2: more stands here after the end of a run, .*of its own$"):
        taken(text[: len(text) - cut] + more)


def test_other_protocols_and_hosts_that_were_only_pinged_claim_no_port() -> None:
    """-sO writes its protocols as ports; a host given twice is told of twice, and both times the same."""
    protocol = '<port protocol="ip" portid="6"><state state="open" reason="proto-response" reason_ttl="64"/></port>'
    rows, _ = taken(written("-sO 10.0.0.1", host("10.0.0.1", protocol, reason="echo-reply"), types=("ipproto",)))
    assert [type(each) for each in rows] == [HostSeen]
    rows, run = taken(written("-sn 10.0.0.0/24", host("10.0.0.1", reason="echo-reply"), types=()))
    assert [type(each) for each in rows] == [HostSeen]
    assert (run.finds_all, run.notes) == (False, ())
    once = taken(written("10.0.0.1", host("10.0.0.1", OPEN, CLOSED)))[0]
    assert taken(written("10.0.0.1 10.0.0.1", *[host("10.0.0.1", OPEN, CLOSED)] * 2))[0] == once * 2


def _claims(rows: list[Observation]) -> set[tuple[str, str, int, str]]:
    """Each port of each address with what is said of it."""
    return {
        (address, each.transport, port, each.state if isinstance(each, PortState) else "silent")
        for each in rows
        if isinstance(each, PortState | Silence)
        for address in (AddressSet.parse(each.addresses) if isinstance(each, Silence) else (each.address,))
        for port in ports_of(each.ports)
    }


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from([OPEN, CLOSED, QUIET, UDP, SPOKE]), max_size=4), max_size=5), st.data())
def test_whatever_the_cut_nothing_is_claimed_that_the_whole_does_not_claim(
    hosts: list[list[str]], data: st.DataObject
) -> None:
    whole = written("10.0.0.1-5", *(host(f"10.0.0.{n}", *ports) for n, ports in enumerate(hosts, 1)))
    everything, _ = taken(whole)
    plain = [each for each in everything if not isinstance(each, Silence)]
    cut = data.draw(st.integers(whole.index("<nmaprun") + 150, len(whole) - 1))
    rows, run = taken(whole[:cut])
    assert not run.complete
    before = [each for each in rows if not isinstance(each, Silence)]
    assert before == plain[: len(before)]
    assert _claims(rows) <= _claims(everything)
    told = {each.address for each in before if isinstance(each, PortState)}
    assert told <= {f"10.0.0.{n}" for n in range(1, whole[:cut].count("</host>") + 1)}


def test_silence_that_may_be_a_reset_is_left_out() -> None:
    rows, _ = taken(written("--defeat-rst-ratelimit 10.0.0.1", host("10.0.0.1", QUIET, OPEN)))
    assert [each.state for each in rows if isinstance(each, PortState)] == ["open"]


@pytest.mark.parametrize(("args", "tries"), [("--max-retries 0 10.0.0.1", 1), ("10.0.0.1", 2)])
def test_one_try_is_one(args: str, tries: int) -> None:
    rows, _ = taken(written(args, host("10.0.0.1", QUIET)))
    assert [each.tries for each in rows if isinstance(each, Silence)] == [tries]


def test_silence_is_as_old_as_its_host_and_what_spoke_sent_something() -> None:
    rows, _ = taken(written("10.0.0.1-2", host("10.0.0.1", QUIET, end=1795000050), host("10.0.0.2", SPOKE)))
    assert [each.at for each in rows if isinstance(each, Silence)] == [1795000050]
    assert [(each.at, each.received) for each in rows if isinstance(each, Conversation)] == [(1795000100, 1)]


FINDS = [
    ("-sS 10.0.0.0/24", "arp-response", ("syn",), True),
    ("--disable-arp-ping 10.0.0.0/24", "arp-response", ("syn",), False),
    ("10.0.0.0/24", "echo-reply", ("syn",), False),
    ("-Pn 10.0.0.0/24", "user-set", ("syn",), True),
    ("-Pn -sF 10.0.0.0/24", "user-set", ("fin",), False),
    ("10.0.0.0/24", "conn-refused", ("connect",), False),
]


@pytest.mark.parametrize(("args", "reason", "types", "finds"), FINDS, ids=[f"{a} {r}" for a, r, *_ in FINDS])
def test_whether_it_finds_every_neighbour(args: str, reason: str, types: tuple[str, ...], finds: bool) -> None:
    assert taken(written(args, host("10.0.0.1", OPEN, reason=reason), types=types))[1].finds_all is finds


def test_its_own_address_is_where_it_stood() -> None:
    _, run = taken(written("-S 10.0.0.8 10.0.0.0/24", host("10.0.0.9", reason="localhost-response")))
    assert run.own == ("10.0.0.8", "10.0.0.9")


def test_every_cut_gives_the_hosts_before_it() -> None:
    whole = written("10.0.0.1-3", *(host(f"10.0.0.{n}", OPEN, reason="echo-reply") for n in (1, 2, 3)))
    for cut in range(whole.index("<host"), len(whole) - 1, 7):
        rows, run = taken(whole[:cut])
        assert not run.complete
        assert len([each for each in rows if isinstance(each, HostSeen)]) == whole[:cut].count("</host>")
    assert taken(whole)[1].complete


def test_many_ports_are_read_quickly_and_one_host_at_a_time() -> None:
    ports = "".join(OPEN.replace('"443"', f'"{number}"') for number in range(1, 501))

    def chunks() -> Iterator[bytes]:
        yield written("10.0.0.0/24", end="").encode()
        for number in range(1, 41):
            yield host(f"10.0.0.{number}", ports).encode()
        yield END.encode()

    for traced in (False, True):
        found = IMPORTER.read(chunks() if not traced else iter(list(chunks())), "x")
        if traced:
            tracemalloc.start()
        start = time.process_time()
        count = sum(isinstance(each, PortState) for each in found.observations)
        spent = time.process_time() - start
        if traced:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 4 << 20
        else:
            assert count == 20_000
            assert spent < 2
