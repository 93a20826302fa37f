"""What kind of machine a host is, and which system it runs, from everything that is known of it together.

`device` is pure: clues in, one verdict out, with what decided and what speaks against it. The rules are data
(`device_rules`). Each says where it looks, what it finds there, and how much that is worth; what several independent
clues say adds up, and a clue for something else takes confidence away and is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Literal

from scanner.identify import database, kinds
from scanner.identify.device_rules import HINT, PortRule, Rule, rules
from scanner.identify.prepare import texts
from scanner.identify.stacks import Stack
from scanner.identify.systems import System, system
from scanner.identify.tls import certificate
from scanner.model.base import Frozen, Transport
from scanner.model.observation import Reading
from scanner.model.product import Product
from scanner.model.text import visible

Kind = Literal[
    "server", "workstation", "printer", "camera", "phone", "mobile", "switch", "router", "firewall", "access-point",
    "hypervisor", "nas", "ups", "ot", "media", "management-controller", "unknown",
]  # fmt: skip
"""`phone` stands on a desk and speaks SIP; `mobile` is a telephone or tablet that somebody carries about."""
Confidence = Literal["high", "medium", "low"]

_HIGH, _MEDIUM, _SPEAKS = 0.84, 0.55, 0.2
"""Weights that make a confidence, and the least that counts at all."""
_RIVAL = 0.5
"""Weight from which a clue for something else takes a step of confidence away."""
_TEXT = 512
_SHOWN = 100
_REMEMBERED = 4096
"""Texts and hosts of which it is remembered what they say: on a large site most say what others said before."""
MOST_NAMES = _MOST = 64
"""Clues of a host that are looked at, of each sort."""
MOST_READINGS = 4 * _MOST
_WEB = frozenset(
    {"http.title", "http.server", "http.www-authenticate", "http.location", "http.cookie", "http.generator", "upnp"}
)
_BANNERS = frozenset({"ssh", "telnet", "ftp", "smtp", "imap", "pop3", "banner", "vmauthd", "mysql"})
_DOCUMENTS = frozenset({"http.body", "http.response"})
"""Long readings, in which only rules of their own look."""


class Clues(Frozen, frozen=True):
    """All that is known of one host. Text is as it came off the wire: hostile."""

    vendor: str = ""
    """Who made its network card."""
    names: tuple[str, ...] = ()
    announced: tuple[str, ...] = ()
    """Kinds of service that it announces by mDNS: `_ipp._tcp`."""
    ports: frozenset[tuple[Transport, int]] = frozenset()
    """Open ones."""
    readings: tuple[tuple[str, Reading], ...] = ()
    """Each with where it was read: `tcp/443`."""
    products: tuple[tuple[str, Product], ...] = ()
    hardware: tuple[tuple[str, str], ...] = ()
    """Kinds of device that other fingerprints name, in recog's words, each with who says so."""
    ttls: frozenset[int] = frozenset()
    """Of its own answers."""
    stacks: frozenset[Stack] = frozenset()
    """Of its SYN-ACKs, where it was asked as a neighbour."""


class Device(Frozen, frozen=True):
    """The verdict. Text is visible and bounded."""

    kind: Kind = "unknown"
    confidence: Confidence | None = None
    """None where the kind is unknown."""
    system: System = System()
    evidence: tuple[str, ...] = ()
    """What decided, the weightiest first: `camera: tcp/80 http.server "App-webs/"`."""
    against: tuple[str, ...] = ()
    """What speaks for something else."""


NOTHING = Device()


class Said(Frozen, frozen=True, cache_hash=True):
    """What one clue speaks for."""

    kind: str
    weight: float
    where: str
    what: str

    @property
    def line(self) -> str:
        return f"{self.kind}: {self.where} {self.what}".rstrip()


def device(clues: Clues) -> Device:
    """The verdict on one host. Never raises, whatever the text of the clues; takes time linear in their size."""
    runs = _system(clues.products, clues.ttls, clues.stacks)
    return _verdict(tuple(_all_said(clues, runs)), runs)


@lru_cache(maxsize=_REMEMBERED)
def _system(products: tuple[tuple[str, Product], ...], ttls: frozenset[int], stacks: frozenset[Stack]) -> System:
    return system(products, (), ttls, stacks)


@lru_cache(maxsize=_REMEMBERED)
def _verdict(told: tuple[Said, ...], runs: System) -> Device:
    """Hosts differ in their names and keys, which say nothing, and few of them in what tells what they are."""
    said = _strongest(told)
    by_kind: defaultdict[str, list[Said]] = defaultdict(list)
    for each in said:
        by_kind[each.kind].append(each)
    scores = {kind: _sum(each.weight for each in clues_of) for kind, clues_of in by_kind.items()}
    left = [kind for kind in sorted(scores) if not _beaten(kind, scores)]
    best = max(left, key=lambda kind: scores[kind], default="unknown")
    if scores.get(best, 0.0) < _SPEAKS:
        return Device(system=runs, evidence=tuple(runs.evidence), against=tuple(runs.against))
    fits = {best, *rules().includes.get(best, ())}
    rivals = [each for each in said if each.kind not in fits]
    step = any(_sum(e.weight for e in by_kind[kind]) >= _RIVAL for kind in {each.kind for each in rivals})
    return Device(
        kind=best,  # type: ignore[arg-type]
        confidence=_confidence(scores[best], step),
        system=runs,
        evidence=(*(each.line for each in by_kind[best]), *runs.evidence),
        against=(*(each.line for each in rivals if each.weight > HINT), *runs.against),
    )


def fragile(kind: str) -> bool:
    """Whether such devices break, or print what they are sent: no more connections to them than it takes."""
    return kind in rules().fragile


def _beaten(kind: str, scores: dict[str, float]) -> bool:
    """A general kind (`server`) gives way to a special one that includes it, if enough speaks for that."""
    includes = rules().includes
    return any(
        kind in parts and scores.get(special, 0.0) >= _RIVAL and special not in includes.get(kind, ())
        for special, parts in includes.items()
    )


def _confidence(score: float, contradicted: bool) -> Confidence:
    grades: tuple[Confidence, ...] = ("low", "medium", "high")
    grade = 2 if score >= _HIGH else 1 if score >= _MEDIUM else 0
    return grades[max(0, grade - contradicted)]


def _sum(weights: Iterable[float]) -> float:
    """Independent clues together: each takes its share of the doubt that the others leave."""
    doubt = 1.0
    for weight in weights:
        doubt *= 1 - weight
    return 1 - doubt


def _strongest(said: Iterable[Said]) -> list[Said]:
    """One clue of each place for each kind, and each clue once: what a server says twice is no second witness."""
    ordered = sorted(said, key=lambda each: (-each.weight, each.kind, each.where, each.what))
    kept: list[Said] = []
    told: set[tuple[str, str, str]] = set()
    for each in ordered:
        keys = {(each.kind, "where", each.where), (each.kind, "what", each.what)}
        if not keys & told:
            kept.append(each)
        told |= keys
    return kept


def _all_said(clues: Clues, runs: System) -> Iterator[Said]:
    if clues.vendor:
        yield from _said("MAC vendor", "vendor", clues.vendor)
    for name in clues.names[:MOST_NAMES]:
        yield from said_by_name(name)
    for name in clues.announced[:_MOST]:
        yield from _said(f"mDNS {visible(name, 40)}", "announced", name)
    for where, reading in clues.readings[:MOST_READINGS]:
        yield from said_by(where, reading)
    for where, product in clues.products[:MOST_READINGS]:
        # The system's own product is the place of its role, so that it is not counted again by each port.
        yield from _said(where, "product", f"{product.vendor}:{product.name}")
    for where, word in clues.hardware[:_MOST]:
        yield from _said(where, "hardware", word)
    if runs.name:
        yield from _said("system", "system", runs.name)
    yield from _by_ports(clues.ports)
    for role in runs.roles:
        yield Said(role.kind, role.weight, "system", role.what)


def said_by_name(name: str) -> tuple[Said, ...]:
    """What a host's name says of the device."""
    return _said("name", "name", name)


def said_by(where: str, reading: Reading, mute: bool = False) -> tuple[Said, ...]:
    """What a reading says of the device, by its kind and, if that is not known to be `mute`, by its text."""
    said, group = _of_kind(where, reading.kind)
    if not group or mute:
        return said
    if group != "cert":
        return said + _of_text(where, group, reading)
    if certificate(reading.raw) is None:
        return said
    # The names in a certificate stand in it as plain text, the organisation's as well.
    hits = _matching("cert", reading.raw[:_TEXT].decode("latin-1"))
    return said + tuple(Said(each.kind, each.weight, f"{where} certificate", each.what) for each in hits)


def told_by_text(reading: Reading) -> bool:
    """Whether a reading says anything of the device by its text."""
    return len(said_by("", reading)) > len(_of_kind("", reading.kind)[0])


@lru_cache(maxsize=_REMEMBERED)
def _of_kind(where: str, kind: str) -> tuple[tuple[Said, ...], str]:
    """What a reading of that kind says, whatever its text, and which rules look at the text: empty for none."""
    group = "cert" if kind == "tls.cert" else _group(kind)
    return _said(f"{where} {visible(kind, 40)}", "kind", kind), group if group in _compiled() else ""


@lru_cache(maxsize=_REMEMBERED)
def _of_text(where: str, group: str, reading: Reading) -> tuple[Said, ...]:
    return _said(f"{where} {visible(reading.kind, 40)}", group, reading.raw[:4096].decode("utf-8", "replace"))


def _said(where: str, group: str, text: str) -> tuple[Said, ...]:
    """What a text says that was seen somewhere, by the rules of a group."""
    found = _found(group, text[:_TEXT] if group != "page" else text[:4096])
    if not found:
        return ()
    quoted = visible(" ".join(text.split()), _SHOWN) if group not in ("kind", "cert", "page") else ""
    return tuple(Said(each.kind, each.weight, where, f'"{quoted}"' if quoted else each.what) for each in found)


@lru_cache(maxsize=_REMEMBERED)
def _by_ports(ports: frozenset[tuple[Transport, int]]) -> tuple[Said, ...]:
    held = (each for each in rules().ports if each.holds(ports))
    return tuple(Said(each.kind, each.weight, "ports", f"{each.what} ({_open(each)})") for each in held)


def _open(rule: PortRule) -> str:
    return ", ".join(f"{transport}/{port}" for transport, port in rule.needs)


def _group(kind: str) -> str:
    if kind in _DOCUMENTS:
        return "page"
    if kind in _WEB:
        return "web"
    return "banner" if kind in _BANNERS else kind


@lru_cache(maxsize=_REMEMBERED)
def _found(group: str, text: str) -> tuple[Rule, ...]:
    return _matching(group, text)


def _matching(group: str, text: str) -> tuple[Rule, ...]:
    clues, compiled = _compiled().get(group, ((), None))
    if compiled is None or not text:
        return ()
    hits: list[int] | None = compiled.Match(text)
    return tuple([clues[each] for each in sorted(hits)]) if hits else ()


@cache
def _compiled() -> dict[str, tuple[tuple[Rule, ...], Any]]:
    """All rules of a group as one automaton: a host's text is read once, however many rules there are."""
    import re2

    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    options.case_sensitive = False
    made: dict[str, tuple[tuple[Rule, ...], Any]] = {}
    for group in dict.fromkeys(each.group for each in rules().clues):
        clues = tuple(each for each in rules().clues if each.group == group)
        patterns = re2.Set.SearchSet(options)
        for each in clues:
            patterns.Add(each.pattern)
        patterns.Compile()
        made[group] = (clues, patterns)
    return made


@lru_cache(maxsize=4096)
def hardware(kind: str, raw: bytes) -> tuple[str, ...]:
    """The kinds of device (`Printer`) that our own fingerprints name in a reading, in recog's words."""
    if kind not in kinds() or not _names_hardware(kind):
        return ()
    words: list[str] = []
    for text in texts(kind, raw):
        match = database(kind).match(text)
        if match is not None:
            words.extend(filter(None, (match.fields.get(name) for name in HARDWARE)))
    return tuple(dict.fromkeys(words))


HARDWARE = ("hw.device", "os.device", "service.device")


@cache
def _names_hardware(kind: str) -> bool:
    """Whether any fingerprint of that kind names one. Asked of the kinds that turn up, as reading all of them takes
    longer than judging a small site."""
    return any(name in HARDWARE for each in database(kind).fingerprints for _, name, _ in each.params)
