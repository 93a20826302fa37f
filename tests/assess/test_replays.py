"""The command that goes with a flow: one form a transport and dressing, and nothing gets into it but what is quoted."""

from __future__ import annotations

import subprocess

import pytest
from tables import for_every

from scanner.assess.findings.make import replay
from scanner.assess.findings.replays import replay_canary

FOUR, SIX = "10.0.2.10", "fd00:2::10"


@for_every(
    ("address", "transport", "port", "via", "expected"),
    [
        (FOUR, "tcp", 22, "", "nc -vz -w 5 10.0.2.10 22"),
        (FOUR, "udp", 53, "", "nc -uvz -w 5 10.0.2.10 53"),
        (FOUR, "icmp", 8, "", "ping -c 3 10.0.2.10"),
        (FOUR, "icmp", 13, "", "nping --icmp --icmp-type time -c 3 10.0.2.10"),
        (SIX, "tcp", 22, "", "nc -6 -vz -w 5 fd00:2::10 22"),
        (SIX, "udp", 53, "", "nc -6 -uvz -w 5 fd00:2::10 53"),
        (SIX, "icmp", 128, "", "ping -6 -c 3 fd00:2::10"),
        (FOUR, "tcp", 22, "sport-53", "sudo nmap -Pn -n -sS -g 53 -p 22 10.0.2.10"),
        (FOUR, "udp", 161, "sport-53", "sudo nmap -Pn -n -sU -g 53 -p 161 10.0.2.10"),
        (SIX, "tcp", 22, "sport-88", "sudo nmap -6 -Pn -n -sS -g 88 -p 22 fd00:2::10"),
        (FOUR, "icmp", 8, "sport-53", "ping -c 3 10.0.2.10"),
        (FOUR, "tcp", 22, "fragments", "sudo nmap -Pn -n -sS -f -p 22 10.0.2.10"),
        (FOUR, "udp", 161, "fragments", "sudo nmap -Pn -n -sU -f -p 161 10.0.2.10"),
        (SIX, "udp", 161, "fragments", "sudo fencewalk scan site.yaml --from guest --thorough --ports U:161"),
        (
            FOUR, "tcp", 22, "by-10.0.1.7",
            "sudo ip route add 10.0.2.10 via 10.0.1.7 && nc -vz -w 5 10.0.2.10 22; "
            "sudo ip route del 10.0.2.10 via 10.0.1.7",
        ),
        (
            SIX, "icmp", 128, "by-fd00:1::7",
            "sudo ip -6 route add fd00:2::10 via fd00:1::7 && ping -6 -c 3 fd00:2::10; "
            "sudo ip -6 route del fd00:2::10 via fd00:1::7",
        ),
    ],
)  # fmt: skip
def test_a_command_for_each_transport_and_dressing(
    address: str, transport: str, port: int, via: str, expected: str
) -> None:
    assert replay("guest", (address, transport, port), via) == f"{expected}  # from guest"  # type: ignore[arg-type]


@pytest.mark.parametrize("via", ["", "sport-53", "sport-1;id", "fragments", "by-10.0.1.7;id", "by-$(id)", "by-`id`"])
def test_nothing_hostile_gets_into_a_shell_line(via: str) -> None:
    line = replay("guest\nid", ("10.0.2.10;id", "tcp", 22), via)
    # Every command that it may name does nothing here; what it should not run says so.
    harmless = "".join(f"{each}() {{ :; }}; " for each in ("sudo", "nc", "ping", "nping"))
    said = subprocess.run(
        ["sh", "-c", f"{harmless} id() {{ echo hostile >&2; }}; {line}"], capture_output=True, text=True, timeout=300
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_a_canary_takes_two_commands() -> None:
    there, here = replay_canary("guest", "servers", (FOUR, "udp", 161)).splitlines()
    assert there.startswith("sudo fencewalk canary site.yaml --zone servers  # there")
    assert here == ("sudo fencewalk scan site.yaml --from guest --ports none --canary 10.0.2.10 --canary-ports U:161")
