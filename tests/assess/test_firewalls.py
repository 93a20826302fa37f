"""The rules that close a fence: what they let pass is what policy allows, and the firewall takes them as written."""

from __future__ import annotations

import ipaddress
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from netns import why_not

from scanner.assess.fixes.firewalls import Fence, fence, firewalls, rules
from scanner.assess.policies.policy import Policy
from scanner.model.base import Transport
from scanner.model.site import Rule, Site, Zone

ZONES = (
    Zone("guest", ("10.1.0.0/24", "fd01::/64"), trust="untrusted"),
    Zone("servers", ("10.2.0.0/24", "10.3.0.0/28", "fd02::/64"), trust="critical"),
    Zone("printers", ("10.4.0.0/24",), trust="device"),
)
ENDS = ["guest", "servers", "printers", "*", "10.1.0.7", "10.2.0.0/25", "10.2.0.9", "10.0.0.0/8", "fd02::9", "10.9.9.9"]
SERVICES = ["tcp/443", "tcp/5000-5010", "udp/53", "tcp/any", "icmp", "icmp/8", "any"]
rule = st.builds(
    Rule,
    from_=st.sampled_from(ENDS),
    to=st.sampled_from(ENDS),
    services=st.lists(st.sampled_from(SERVICES), min_size=1, max_size=2, unique=True).map(tuple),
)
FLOWS: list[tuple[Transport, int]] = [
    ("tcp", 443), ("tcp", 444), ("tcp", 5005), ("udp", 53), ("udp", 443), ("icmp", 8), ("icmp", 13),
]  # fmt: skip


def passes(between: Fence, source: str, target: str, transport: Transport, port: int) -> bool:
    """An evaluation of its own: the first line that matches."""
    left, right = ipaddress.ip_address(source), ipaddress.ip_address(target)
    for line in between.lines:
        if line.version != left.version or not line.service.covers(transport, port):
            continue
        if any(left in ipaddress.ip_network(each) for each in line.sources) and any(
            right in ipaddress.ip_network(each) for each in line.targets
        ):
            return line.action == "pass"
    raise AssertionError("the last line takes everything")


@given(st.lists(rule, max_size=4), st.lists(rule, max_size=2))
def test_a_fence_lets_pass_what_policy_allows_and_nothing_else(allow: list[Rule], deny: list[Rule]) -> None:
    site = Site("c", "s", ZONES, allow=tuple(allow), deny=tuple(deny))
    between, policy = fence(site, "guest", "servers"), Policy(site)
    pairs = [("10.1.0.7", "10.2.0.9"), ("10.1.0.8", "10.2.0.200"), ("10.1.0.7", "10.3.0.2"), ("fd01::7", "fd02::9")]
    for source, target in pairs:
        for transport, port in FLOWS:
            wanted = policy.allows("guest", source, target, transport, port)
            assert passes(between, source, target, transport, port) == wanted, (source, target, transport, port)


EVERYTHING = Site(
    "c",
    "s",
    ZONES,
    allow=(Rule("guest", "servers", tuple(SERVICES[:-1])), Rule("10.1.0.7", "10.2.0.9", ("any",))),
    deny=(Rule("*", "fd02::9", ("udp",)), Rule("guest", "10.2.0.0/25", ("icmp", "tcp/22"))),
)
BACK = Site(
    "c",
    "s",
    ZONES,
    allow=(
        Rule("servers", "10.1.0.7", ("udp/53", "udp/5000-5010", "icmp/8", "tcp/80")),
        Rule("fd02::9", "fd01::7", ("any",)),
    ),
)


def test_every_firewall_writes_every_line() -> None:
    written = rules(fence(EVERYTHING, "guest", "servers"))
    assert list(written) == list(firewalls()) == ["cisco", "fortigate", "nftables", "pfsense"]
    for text in written.values():
        assert "5000" in text
        assert "10.3.0.0" in text
        assert "fd02::9" in text


def test_zones_without_a_family_in_common_need_no_rule() -> None:
    site = Site("c", "s", (Zone("a", ("10.1.0.0/24",)), Zone("b", ("fd02::/64",))))
    assert rules(fence(site, "a", "b")) == {}


@pytest.mark.parametrize(
    ("firewall", "line"),
    [
        ("cisco", " permit tcp 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255 range 5000 5010"),
        ("cisco", " permit tcp 10.1.0.0 0.0.0.255 10.3.0.0 0.0.0.15 established"),
        ("cisco", " deny ipv6 fd01::/64 fd02::/64 log"),
        ("cisco", " permit ip host 10.1.0.7 host 10.2.0.9"),
        ("pfsense", "block in log quick inet proto tcp from 10.1.0.0/24 to 10.2.0.0/25 port 22"),
        ("pfsense", "pass in quick inet proto icmp from 10.1.0.0/24 to 10.3.0.0/28 icmp-type echoreq"),
        ("pfsense", "block in log quick inet6 from fd01::/64 to fd02::/64"),
        ("fortigate", "        set udp-portrange 1-65535"),
        ("fortigate", "        set subnet 10.3.0.0 255.255.255.240"),
        ("fortigate", "        set icmptype 128"),
    ],
)
def test_lines_as_the_firewall_writes_them(firewall: str, line: str) -> None:
    assert line in rules(fence(EVERYTHING, "guest", "servers"))[firewall].splitlines()


@pytest.mark.parametrize(
    "line",
    [
        " permit udp host 10.1.0.7 eq 53 10.2.0.0 0.0.0.255",
        " permit udp host 10.1.0.7 range 5000 5010 10.3.0.0 0.0.0.15",
        " permit icmp host 10.1.0.7 10.2.0.0 0.0.0.255 echo-reply",
        " permit icmp host 10.1.0.7 10.2.0.0 0.0.0.255 unreachable",
        " permit icmp host fd01::7 host fd02::9 packet-too-big",
        " permit icmp host fd01::7 host fd02::9 echo-reply",
        " ! host fd02::9 may ask host fd01::7 anything over UDP: permit the replies of what it uses",
    ],
)
def test_without_state_replies_to_what_the_other_zone_may_ask_pass_before_the_denial(line: str) -> None:
    lines = rules(fence(BACK, "guest", "servers"))["cisco"].splitlines()
    assert line in lines
    last = (
        " deny ipv6 fd01::/64 fd02::/64 log" if "fd0" in line else " deny ip 10.1.0.0 0.0.0.255 10.2.0.0 0.0.0.255 log"
    )
    assert lines.index(line) < lines.index(last)
    other = rules(fence(BACK, "guest", "servers"))
    assert not any("53" in other[each] for each in ("nftables", "pfsense", "fortigate"))


def test_policies_of_fortigate_have_names_of_their_own_and_deny_what_a_virtual_ip_translated() -> None:
    names = [f"a-zone-with-a-very-long-name-{end}" for end in ("one", "two")]
    zones = (*(Zone(name, (f"10.{n}.0.0/24",)) for n, name in enumerate(names)), ZONES[1])
    site = Site("c", "s", zones)
    texts = [rules(fence(site, name, "servers"))["fortigate"] for name in names]
    labels = [line for text in texts for line in text.splitlines() if line.startswith("        set name ")]
    assert len(labels) == len(set(labels)) == 2
    assert all(len(line.split('"')[1]) <= 35 for line in labels)
    assert all("        set action deny\n        set match-vip enable\n" in text for text in texts)


@pytest.mark.lab
@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_nftables_takes_its_rules() -> None:
    text = rules(fence(EVERYTHING, "guest", "servers"))["nftables"]
    head = "nft add table inet filter && nft add chain inet filter forward '{ type filter hook forward priority 0; }'"
    script = "\n".join(["set -e", head, text, "nft list chain inet filter forward"])
    done = subprocess.run(["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    listed = [line.strip() for line in done.stdout.splitlines() if line.strip().endswith(("accept", "drop"))]
    assert len(listed) == len(text.splitlines()) - 1
    assert listed[0] == "ct state established,related accept"
    assert listed[-1] == "ip6 saddr fd01::/64 ip6 daddr fd02::/64 drop"
