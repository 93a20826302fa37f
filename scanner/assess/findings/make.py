"""How a finding is made: a stable id, controls, and the replay and remedy texts that several kinds share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from scanner.assess.facts.evidence import TIMESTAMP, FlowKey
from scanner.assess.findings.replays import replay
from scanner.model.base import Severity, Transport
from scanner.model.baseline import Knowledge
from scanner.model.report import FindingKind, FindingRow
from scanner.model.site import Site

__all__ = ["deny", "finding", "finding_id", "replay"]

_PREFIX: dict[FindingKind, str] = {
    "segmentation-gap": "gap",
    "attack-path": "path",
    "dual-homed": "dual",
    "required-flow-blocked": "need",
    "outdated": "patch",
    "end-of-life": "eol",
    "known-exploited": "kev",
    "exposure": "expo",
    "unknown-device": "new",
}


def finding(
    kind: FindingKind,
    severity: Severity,
    title: str,
    *,
    names: Iterable[object],
    knowledge: Knowledge,
    remedy: str,
    replay: str,
    evidence: str,
    host: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    transport: Transport | None = None,
    port: int | None = None,
    path: tuple[str, ...] = (),
    aspect: str = "",
    product: str | None = None,
) -> FindingRow:
    """One finding. `names` is what it is about (never when), and makes the id; `aspect` narrows the controls."""
    controls = knowledge.controls.get(f"{kind}:{aspect}") or knowledge.controls.get(kind) or {}
    named = _named(tuple(controls.items()))
    return FindingRow(
        id=finding_id(kind, aspect, names),
        kind=kind,
        severity=severity,
        title=title,
        host=host,
        from_=from_,
        to=to,
        transport=transport,
        port=port,
        path=path,
        remedy=_shared(remedy),
        replay=replay,
        evidence=evidence,
        controls=named,
        exception=None,
        product=product,
    )


@lru_cache(maxsize=1024)
def _named(controls: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[str, ...]:
    return tuple([f"{framework} {each}" for framework, ids in controls for each in ids])


@lru_cache(maxsize=4096)
def _shared(same: str) -> str:
    """The one object for equal ones: thousands of hosts may need the same change."""
    return same


def finding_id(kind: FindingKind, aspect: str, names: Iterable[object]) -> str:
    """What a finding is called that is about these: the same from scan to scan."""
    digest = hashlib.blake2s("\x1f".join(map(str, (kind, aspect, *names))).encode(), digest_size=4).hexdigest()
    return f"{_PREFIX[kind]}-{digest}"


def deny(site: Site, from_: str, to: str, keys: Iterable[FlowKey]) -> str:
    """The rules that close flows, as nftables, to stand before whatever lets them through."""
    source, target = site.zone(from_), site.zone(to)
    if source is None or target is None or source is target:
        return ""  # no router stands between two hosts of one zone
    wanted: dict[tuple[str, Transport], set[int]] = {}
    for address, transport, port in keys:
        wanted.setdefault((address, transport), set()).add(port)
    rules: list[str] = []
    for (address, transport), ports in sorted(wanted.items()):
        family = "ip6" if ":" in address else "ip"
        sources = [each for each in source.subnets if (":" in each) == (":" in address)]
        saddr = f"{family} saddr {_set(sources)} " if sources else ""
        if transport == "icmp":
            kinds = ["timestamp-request" if port == TIMESTAMP else "echo-request" for port in sorted(ports)]
            what = f"{'icmpv6' if family == 'ip6' else 'icmp'} type {_set(kinds)}"
        else:
            what = f"{transport} dport {_set(map(str, sorted(ports)))}"
        rules.append(f"nft insert rule inet filter forward {saddr}{family} daddr {address} {what} drop")
    return "\n".join(rules)


def _set(items: Iterable[str]) -> str:
    found = list(items)
    return found[0] if len(found) == 1 else "{ " + ", ".join(found) + " }"
