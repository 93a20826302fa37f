"""`--ports` in Nmap's syntax, and what our own lists have to hold."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.assess.attack.classes import CREDENTIAL_PORTS
from scanner.errors import BadInput
from scanner.identify.service import service_name
from scanner.model.addresses import ports_of, ports_text
from scanner.plan import INDUSTRIAL_PORTS
from scanner.ports import TCP, TCP_NAMES, UDP, UDP_NAMES, Ports, parse_ports
from scanner.ports.first import GROUPS as FIRST
from scanner.ports.further import GROUPS as FURTHER
from scanner.ports.group import Group, ranked
from scanner.ports.udp import GROUPS as UDP_GROUPS
from scanner.probes import probes

GROUPS = (*FIRST, *FURTHER, *UDP_GROUPS)


@for_every(
    ("spec", "tcp", "udp"),
    [
        ("80,22", "80,22", ""),
        ("8000-8002,22,8001", "8000-8002,22", ""),
        ("-3", "1-3", ""),
        ("65534-", "65534-65535", ""),
        ("-", "1-65535", ""),
        ("T:-", "1-65535", ""),
        ("U:53,123,T:22,80", "22,80", "53,123"),
        ("22,U:-2,65535-", "22", "1-2,65535"),
        ("t:22,u:53", "22", "53"),
        (" 22 , 80 ", "22,80", ""),
        ("[20-23]", "22,23,21,20", ""),
        ("[-10],[49100-49153]", "7,9,49152,49153", ""),
        ("[40000-40001]", "", ""),
        ("U:[500-515]", "", "500,514"),
        ("ssh", "22,2222,2022,22022,2200,2220,10022,20022,222,5022,9922,60022,22222", ""),
        ("mysql*", "3306-3310,33060,9104", ""),
        ("RADIUS,http-p?oxy", "1812,8080", ""),
        ("U:snmp,tftp", "", "161,69"),
        ("EtherNetIP-2,modbus", "44818,502", ""),
        ("top:2,9999", "22,445,9999", "53"),
        ("T:top:2,U:top:3", "22,445", "53,123,137"),
    ],
)
def test_what_is_written_and_what_is_asked(spec: str, tcp: str, udp: str) -> None:
    assert parse_ports(spec) == Ports(tuple(ports_of(tcp)), tuple(ports_of(udp)))


@for_every(
    ("spec", "says"),
    [
        ("", "22,80"),
        ("22,,80", "22,80"),
        ("T:", "22,80"),
        ("[]", "22,80"),
        ("[22", "22,80"),
        ("22 80", "22,80"),
        ("22;80", "22,80"),
        ("--", "22,80"),
        ("1-2-3", "22,80"),
        ("٢٢", "22,80"),
        ("0", "1 to 65535"),
        ("10-5", "1 to 65535"),
        ("[99999-]", "1 to 65535"),
        ("123456", "five digits"),
        ("htp", "no service of that name"),
        ("snmp-x*", "no service of that name"),
        ("tftp,llmnr", "write U:llmnr"),
        ("U:ssh", "write T:ssh"),
        ("S:22", "SCTP"),
        ("top:0", "top:N"),
        ("top:65536", "top:N"),
        ("top:", "top:N"),
        ("top:²", "top:N"),
        ("all,22", "no service of that name"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_mend(spec: str, says: str) -> None:
    with pytest.raises(BadInput, match=r"--ports") as refused:
        parse_ports(spec)
    assert says in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789-,[]*?TU:.htpssh \x00²", max_size=40))
def test_any_text_is_ports_or_one_sentence(spec: str) -> None:
    try:
        ports = parse_ports(spec)
    except BadInput:
        return
    for found in (ports.tcp, ports.udp):
        assert len(set(found)) == len(found)
        assert all(1 <= port <= 65535 for port in found)


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(1, 65535), max_size=40), st.sets(st.integers(1, 65535), max_size=40))
def test_ports_written_as_ranges_are_read_back(tcp: set[int], udp: set[int]) -> None:
    parts = [f"{head}{ports_text(each)}" for head, each in (("T:", tcp), ("U:", udp)) if each]
    if parts:
        assert parse_ports(",".join(parts)) == Ports(tuple(sorted(tcp)), tuple(sorted(udp)))


@pytest.mark.parametrize("count", [1, 19, 20, 200, 1000, 1001, 65535])
def test_the_top_of_the_list(count: int) -> None:
    found = parse_ports(f"top:{count}")
    assert len(found.tcp) == len(set(found.tcp)) == count
    assert found.tcp[: len(TCP)] == TCP[:count]
    assert found.udp == UDP[: max(1, count // 10)]


def test_the_lists_are_long_enough_and_name_each_port_once() -> None:
    assert len(TCP) >= 1000
    assert len(UDP) >= 100
    assert tuple(port for group in (*FIRST, *FURTHER) for port, _ in group.named()) == TCP
    assert tuple(port for group in UDP_GROUPS for port, _ in group.named()) == UDP
    assert all(1 <= port <= 65535 for port in (*TCP, *UDP))
    with pytest.raises(ValueError, match="22 stands in 'Two'"):
        ranked((Group("One", "r", "20-23 a"), Group("Two", "r", "22 b")))


@for_every("group", GROUPS, ids=lambda group: group.heading)
def test_every_group_says_why_it_stands_there(group: Group) -> None:
    assert len(group.reason) > 30
    assert group.reason.endswith(".")
    assert "\n" not in group.reason
    assert list(group.named())


def test_the_default_scan_is_the_first_file() -> None:
    assert TCP[:200] == tuple(port for group in FIRST for port, _ in group.named())


def test_the_lists_hold_whatever_we_know_something_about() -> None:
    """The ports that a probe is for, or that carry a name of ours; and by default those that a password opens."""
    assert set(TCP[:200]) >= CREDENTIAL_PORTS
    for transport, listed in (("tcp", TCP), ("udp", UDP)):
        known = {port for probe in probes().values() if probe.transport == transport for port in probe.ports}
        known |= {port for port in range(1, 65536) if service_name(transport, port)}  # type: ignore[arg-type]
        assert known <= set(listed), transport


def test_controllers_come_last() -> None:
    assert set(TCP[-5:]) == INDUSTRIAL_PORTS
    assert UDP[-1] == 47808


def test_a_port_has_one_name_throughout() -> None:
    """The report's name of a port that said nothing is the one by which `--ports` finds it."""
    for transport, names in (("tcp", TCP_NAMES), ("udp", UDP_NAMES)):
        for port, name in names.items():
            said = service_name(transport, port)  # type: ignore[arg-type]
            assert said in ("", f"{name}?"), (transport, port)


def test_reading_the_lists_is_quick() -> None:
    code = """
import time
import scanner.model.base, scanner.errors, fnmatch, re
start = time.process_time()
import scanner.ports
print(time.process_time() - start)
"""
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times) < 0.03
