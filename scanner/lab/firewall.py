"""A topology's filter rules as nftables text. Pure; the lab loads it into each router's and host's own namespace.

Every rule carries a counter and a comment that says which rule of the topology it is (`forward 0`, `local 2`,
`forward default`), so that a test can ask how many packets each one met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scanner.lab.topology import Action, FilterRule, Host, Router, Topology
from scanner.model.addresses import network
from scanner.model.site import ANY, EVERY_ZONE, ServiceRange, service_range

TABLE = "fencewalk"

_NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert }"
_ECHO = ("icmp type echo-request", "icmpv6 type echo-request")
_BEYOND = "fib daddr type != local"
"""For somebody else: a packet that the router only forwards."""
_HOOKS = {
    "untracked": "filter hook prerouting priority raw",
    "prerouting": "nat hook prerouting priority dstnat",
    "postrouting": "nat hook postrouting priority srcnat",
    "resets": "filter hook output priority mangle",
}
_REJECTS = {
    "reject-admin": "reject with icmpx type admin-prohibited",
    "reject-host": "reject with icmpx type host-unreachable",
}


def router_ruleset(topology: Topology, router: Router) -> str:
    """The router's forward and input chains: first match wins, as `Router` and `FilterRule` promise.

    IPv6 neighbour discovery always reaches the router itself, or it could route nothing.
    """
    translated = [_line("ct status dnat", "accept", "translated")] if router.forwards or router.everywhere else []
    forward = [
        *_losses(router),
        *translated,
        *_state(router),
        *_chain(topology, router.forward, router.default, "forward"),
    ]
    local = [
        _line('iifname "lo"', "accept", "loopback"),
        _line(_NEIGHBOURS, "accept", "neighbours"),
        *translated,
        *_state(router),
        *_chain(topology, router.local, router.local_default, "local"),
    ]
    return _table({"forward": forward, "input": local, **_translation(router), **_imitation(router)})


def host_ruleset(topology: Topology, host: Host) -> str:
    """The host's own firewall; empty for a host that answers like an unfiltered stack."""
    trusted = list(_distrust(topology, host))
    if host.closed == "rst" and not trusted:
        return "" if host.ping else _table({"input": [_line(match, "drop", "no ping") for match in _ECHO]})
    lines = [
        _line('iifname "lo"', "accept", "loopback"),
        _line(_NEIGHBOURS, "accept", "neighbours"),
        _line("ct state established,related", "accept", "replies"),
        *trusted,
    ]
    if host.closed == "rst":
        lines += [] if host.ping else [_line(match, "drop", "no ping") for match in _ECHO]
        return _table({"input": lines})
    for transport in ("tcp", "udp"):
        ports = sorted({each.number for each in host.services if each.transport == transport})
        if ports:
            lines.append(_line(f"{transport} dport {_set(map(str, ports))}", "accept", "services"))
    if host.ping:
        lines += [_line(match, "accept", "ping") for match in _ECHO]
    lines.append(_line("", "drop", "closed"))
    return _table({"input": lines})


def _distrust(topology: Topology, host: Host) -> Iterator[str]:
    if host.trusts:
        for family, version in (("ip", 4), ("ip6", 6)):
            known = [each for text in host.trusts for each in _only(_subnets(topology, text), version) or ()]
            match = f"{family} saddr != {_set(known)}" if known else f"meta nfproto ipv{version}"
            yield _line(match, "drop", "not trusted")


def _losses(router: Router) -> Iterator[str]:
    if router.loss:
        yield _line(f"numgen random mod 100 < {router.loss}", "drop", "lost")
    if router.limit is not None:
        rate = f"limit rate over {router.limit}/second burst {router.limit} packets"
        yield _line(rate, "drop", "over the limit")


def _translation(router: Router) -> dict[str, list[str]]:
    """The chains in which a router changes addresses, and those that its SYN proxy needs."""
    before = [
        _line(
            f"{_family(each.at)} daddr {each.at} tcp dport {each.number}",
            f"dnat {_family(each.at)} to {f'[{each.to}]' if ':' in each.to else each.to}:{each.far_number}",
            f"forwards {index}",
        )
        for index, each in enumerate(router.forwards)
    ]
    before += [
        _line(f"{_BEYOND} tcp dport {each.number}", "redirect", f"everywhere {index}")
        for index, each in enumerate(router.everywhere)
    ]
    after = [
        _line(f'oifname "eth{index}" fib saddr type != local', "masquerade", f"masquerade {segment}")
        for index, segment in enumerate(router.legs)
        if segment in router.masquerade
    ]
    untracked = [
        _line(f"{_BEYOND} {_proxied(each)} tcp flags syn", "notrack", "syn proxy") for each in router.syn_proxy
    ]
    return {
        name: lines
        for name, lines in (("prerouting", before), ("postrouting", after), ("untracked", untracked))
        if lines
    }


def _imitation(router: Router) -> dict[str, list[str]]:
    if router.reset_ttl == 64:
        return {}
    return {
        "resets": [
            _line(f"tcp flags & rst == rst {field} set {router.reset_ttl}", "accept", "resets")
            for field in ("ip ttl", "ip6 hoplimit")
        ]
    }


def _proxied(services: str) -> str:
    found = service_range(services)
    return f"meta nfproto ipv4 tcp dport {max(found.low, 1)}-{found.high}"


def _family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def _state(router: Router) -> Iterator[str]:
    for each in router.syn_proxy:
        yield _line("ct state established,related", "accept", "replies")
        match = f"{_proxied(each)} ct state invalid,untracked"
        yield _line(match, "synproxy mss 1460 wscale 7 timestamp sack-perm", "syn proxy")
    if router.stateful:
        yield _line("ct state established,related", "accept", "replies")
        yield _line("ct state invalid", "drop", "invalid")


def _chain(topology: Topology, rules: Sequence[FilterRule], default: Action, chain: str) -> Iterator[str]:
    for index, rule in enumerate(rules):
        for match, transport in _matches(topology, rule):
            yield from _verdicts(match, transport, rule.action, f"{chain} {index}")
    yield from _verdicts("", ANY, default, f"{chain} default")


def _verdicts(match: str, transport: str, action: Action, comment: str) -> Iterator[str]:
    if action != "reject-rst":
        yield _line(match, _REJECTS.get(action, action), comment)
        return
    if transport in ("tcp", ANY):
        yield _line(f"{match} meta l4proto tcp", "reject with tcp reset", comment)
    if transport != "tcp":
        yield _line(match, "drop", comment)


def _matches(topology: Topology, rule: FilterRule) -> Iterator[tuple[str, str]]:
    """One nftables match, and its transport, for each address family and service that the rule covers."""
    sources, targets = (_subnets(topology, each) for each in (rule.from_, rule.to))
    ends = []
    if sources is None and targets is None:
        ends.append({"both": "", "ip": "meta nfproto ipv4", "ip6": "meta nfproto ipv6"}[rule.family])
    else:
        for family, version in (("ip", 4), ("ip6", 6)):
            sides = {"saddr": _only(sources, version), "daddr": _only(targets, version)}
            if rule.family in ("both", family) and () not in sides.values():
                ends.append(" ".join(f"{family} {side} {_set(found)}" for side, found in sides.items() if found))
    for end in ends:
        for service in map(service_range, rule.services):
            match = _service(service, rule.source_port)
            if match is not None:
                yield f"{end} {match}", service.transport


def _service(service: ServiceRange, source_port: int | None) -> str | None:
    """None: ICMP has no source port, so such a rule meets no packet."""
    kind = service.transport
    if kind == "icmp":
        return None if source_port is not None else "meta l4proto { icmp, ipv6-icmp }"
    if kind == ANY:
        return "" if source_port is None else f"meta l4proto {{ tcp, udp }} th sport {source_port}"
    match = f"meta l4proto {kind}"
    if (service.low, service.high) != (0, 65535):
        match += f" {kind} dport {service.low}" + (f"-{service.high}" if service.high != service.low else "")
    return match if source_port is None else f"{match} {kind} sport {source_port}"


def _only(subnets: tuple[str, ...] | None, version: int) -> tuple[str, ...] | None:
    return None if subnets is None else tuple(each for each in subnets if network(each).version == version)


def _subnets(topology: Topology, text: str) -> tuple[str, ...] | None:
    """None: everywhere."""
    if text == EVERY_ZONE:
        return None
    found = next((each for each in topology.networks if each.name == text), None)
    return found.subnets if found else (text,)


def _set(values: Iterable[str]) -> str:
    return "{ " + ", ".join(values) + " }"


def _line(match: str, verdict: str, comment: str) -> str:
    return " ".join(f'{match} counter {verdict} comment "{comment}"'.split())


def _table(chains: dict[str, list[str]]) -> str:
    text = [f"table inet {TABLE} {{"]
    for hook, lines in chains.items():
        kind = _HOOKS.get(hook, f"filter hook {hook} priority filter")
        text += [f"  chain {hook} {{", f"    type {kind}; policy accept;"]
        text += [f"    {line}" for line in lines]
        text.append("  }")
    return "\n".join([*text, "}", ""])
