"""The same probe with common tools, to be pasted into a shell: one form for each transport and dressing.

What stands in a command is an address, a number or a zone's name, and each is quoted: nothing that a network says gets
into a shell line.
"""

from __future__ import annotations

import shlex

from scanner.assess.facts.evidence import TIMESTAMP, FlowKey
from scanner.model.base import Transport
from scanner.model.observation import Via
from scanner.model.text import visible

_PLAIN: dict[Transport, str] = {
    # Five seconds: a router takes three to say that nobody is there.
    "tcp": "nc {six}-vz -w 5 {a} {p}",
    "udp": "nc {six}-uvz -w 5 {a} {p}",
    "icmp": "ping {six}-c 3 {a}",
}
_TIMESTAMPS = "nping --icmp --icmp-type time -c 3 {a}"
_SOURCE_PORT: dict[Transport, str] = {
    "tcp": "sudo nmap {six}-Pn -n -sS -g {n} -p {p} {a}",
    "udp": "sudo nmap {six}-Pn -n -sU -g {n} -p {p} {a}",
}
_FRAGMENTS: dict[Transport, str] = {
    "tcp": "sudo nmap -Pn -n -sS -f -p {p} {a}",
    "udp": "sudo nmap -Pn -n -sU -f -p {p} {a}",
}
_AGAIN = "sudo fencewalk scan site.yaml --from {z} --thorough --ports {kind}{p}"
_BY = "sudo ip {six}route add {a} via {n} && {plain}; sudo ip {six}route del {a} via {n}"
_CANARY = (
    "sudo fencewalk canary site.yaml --zone {to}  # there, and meanwhile from {said}:\n"
    "sudo fencewalk scan site.yaml --from {z} --ports none --canary {a} --canary-ports {kind}{p}"
)


def replay(zone: str, key: FlowKey, via: Via = "") -> str:
    """The command that asks this flow again from that zone, dressed as it was."""
    address, transport, port = key
    six = "-6 " if ":" in address else ""
    near = "%" in address
    # A link-local address is asked by an interface, which is called as the laptop calls it.
    address = f"{address.partition('%')[0]}%IF" if near else address
    kind, _, rest = via.partition("-")
    words = {
        "a": shlex.quote(address),
        "p": str(port),
        "n": shlex.quote(rest),
        "z": shlex.quote(zone),
        "six": six,
        "kind": "U:" if transport == "udp" else "",
    }
    plain = (_TIMESTAMPS if transport == "icmp" and port == TIMESTAMP else _PLAIN[transport]).format(**words)
    form = plain
    if kind == "sport" and transport in _SOURCE_PORT:
        form = _SOURCE_PORT[transport].format(**words)
    elif kind == "fragments" and transport in _FRAGMENTS:
        # Nmap fragments IPv4 only.
        form = (_AGAIN if six else _FRAGMENTS[transport]).format(**words)
    elif kind == "by" and rest:
        form = _BY.format(**words, plain=plain)
    return f"{form}  # from {visible(zone)}{', IF being the interface there' if near else ''}"


def replay_canary(zone: str, to: str, key: FlowKey) -> str:
    """The two commands, one on each side, that ask a canary again."""
    address, transport, port = key
    return _CANARY.format(
        a=shlex.quote(address),
        p=str(port) if transport != "icmp" else "1",
        z=shlex.quote(zone),
        to=shlex.quote(to),
        said=visible(zone),
        kind="U:" if transport == "udp" else "",
    )
