"""Nmap's command line as its XML repeats it: whom it asked, and how its probes were dressed.

Nmap joins the words by blanks, without quotes. What is not understood is taken for unknown, never for granted.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterable, Iterator

import msgspec

from scanner.errors import BadInput
from scanner.model.addresses import AddressSet, address, network
from scanner.model.observation import Via
from scanner.model.text import visible

_FOREIGN = {
    "b": "an FTP server sent its probes",
    "sI": "an idle host's packets stand for its own",
    "proxies": "proxies opened its connections",
    "proxy": "proxies opened its connections",
    "badsum": "its packets had false checksums",
    "scanflags": "its TCP packets were no connection attempts",
    "ip-options": "its packets carried IP options",
    "ttl": "its packets had a lifetime of their own choosing",
}
"""Options after which an answer, or its absence, is not what a host in that zone would see."""
_UNTOLD = frozenset({"iL", "iR", "exclude", "excludefile", "resume", "randomize-hosts-from"})
"""Options that say elsewhere whom it asked, or whom not."""
_VALUED = frozenset({
    "S", "D", "e", "g", "source-port", "dns-servers", "spoof-mac", "p", "max-retries", "max-rate", "min-rate", "mtu",
    "oX", "oN", "oG", "oA", "oS", "script", "script-args", "host-timeout", "stats-every", "data-length", "T", "datadir",
    "top-ports", "port-ratio", "exclude-ports", "stylesheet", "min-hostgroup", "max-hostgroup", "min-parallelism",
    "max-parallelism", "min-rtt-timeout", "max-rtt-timeout", "initial-rtt-timeout", "scan-delay", "max-scan-delay",
    "version-intensity", "data", "data-string", "servicedb", "versiondb", "max-os-tries", "script-timeout",
    "discovery-ignore-rst-port",
})  # fmt: skip
"""Options whose value is the next word."""
_KINDS = {
    "S": "syn", "T": "connect", "U": "udp", "A": "ack", "W": "window", "M": "maimon", "N": "null", "F": "fin",
    "X": "xmas", "O": "ipproto", "Y": "sctpinit", "Z": "sctpcookieecho",
}  # fmt: skip
"""Letters after -s -> what the file's <scaninfo> would call it."""
_NO_PORTS, _BESIDE = "nLP", "VCR"
_PART = re.compile(r"(\d{1,3})?(?:(-)(\d{1,3})?)?|\*", re.ASCII)
_MOST_NETS = 4096


class Told(msgspec.Struct, frozen=True):
    """What the command line comes to."""

    via: Via = ""
    own: tuple[str, ...] = ()
    targets: AddressSet | None = None
    asks_all: bool = False
    """Every target was scanned, whether or not it looked alive (-Pn)."""
    tries: int = 2
    """How often at least a port was asked that stayed silent. Nmap asks a second time unless it is told not to."""
    arp: bool = True
    types: tuple[str, ...] = ()
    """How it scanned, for a file without <scaninfo>. Where nothing was said it was `syn` or `connect`, by Nmap's
    privilege: `connect` then, which names no packet. Empty where there is no command line."""
    sure_silence: bool = True
    """Whether what it calls filtered was silent; by --defeat-rst-ratelimit it may have been closed."""


def told(args: str, name: str) -> Told:
    """BadInput, with the file's name, for a run whose answers are no vantage's."""
    if args.startswith("fencewalk: "):
        raise BadInput(
            f"{name}: a report that fencewalk wrote, gathered from several zones, is no scan from one; import it "
            "without --from, or take over the laptop's scan data instead"
        )
    options, words = _split(args.split()[1:])
    for option in options:
        if option in _FOREIGN:
            dashes = "-" if len(option) <= 2 else "--"
            raise BadInput(
                f"{name}: Nmap ran with {dashes}{option}: {_FOREIGN[option]}, so that it does not show what a host in "
                "that zone reaches; scan again without it"
            )
    dress = [f"sport-{_number(value, name)}" for key in ("g", "source-port") for value in options.get(key, ())]
    dress += ["fragments"] if options.keys() & {"f", "ff", "mtu"} else []
    if len(set(dress)) > 1:
        raise BadInput(f"{name}: Nmap ran with a source port of its own and fragments: which of the two let a packet "
                       "pass cannot be told; scan with one of them")  # fmt: skip
    retries = options.get("max-retries", [""])[-1]
    return Told(
        via=dress[0] if dress else "",
        own=tuple(filter(None, map(_address, options.get("S", ())))),
        targets=None if options.keys() & _UNTOLD else AddressSet(itertools.chain.from_iterable(map(_spans, words))),
        asks_all=bool(options.keys() & {"Pn", "P0", "PN"}),
        tries=1 if retries == "0" else 2,
        types=_types(options) if args.split() else (),
        arp="disable-arp-ping" not in options and "send-ip" not in options,
        sure_silence="defeat-rst-ratelimit" not in options,
    )


def _split(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The options with their values, and the other words."""
    options: dict[str, list[str]] = {}
    rest: list[str] = []
    waiting = ""
    for word in words:
        if waiting:
            options[waiting].append(word)
            waiting = ""
        elif word.startswith("-") and len(word) > 1:
            key, equals, value = word.lstrip("-").partition("=")
            if not equals and len(key) > 1 and not word.startswith("--") and key[0] in "gSDep" and not key[1].isalpha():
                key, equals, value = key[0], "=", key[1:]
            options.setdefault(key, []).extend([value] if equals else [])
            waiting = key if not equals and key in (_VALUED | _UNTOLD | {"b", "sI"}) and key != "T" else ""
        else:
            rest.append(word)
    return options, rest


def _types(options: Iterable[str]) -> tuple[str, ...]:
    known = {*_KINDS, *_NO_PORTS, *_BESIDE}
    letters = "".join(each[1:] for each in options if each[0] == "s" and known.issuperset(each[1:]))
    found = tuple(_KINDS[each] for each in dict.fromkeys(letters) if each in _KINDS)
    return found if found or not set(_NO_PORTS).isdisjoint(letters) else ("connect",)


def _spans(word: str) -> Iterator[tuple[int, int, int]]:
    """The addresses of a target as Nmap writes them: `10.0.0.0/24`, `10.0.0-3.1-254`; a name is none that is known."""
    head, slash, bits = word.partition("/")
    try:
        if slash and bits.isdecimal() and len(bits) <= 3:
            yield from AddressSet.parse(str(ipaddress.ip_network(f"{head}/{bits}", strict=False))).spans
            return
        yield from AddressSet.parse(str(network(word))).spans
        return
    except ValueError:
        pass
    parts = word.split(".")
    if len(parts) != 4:
        return
    ranges = [_octets(each) for each in parts]
    if any(each is None for each in ranges):
        return
    (a, b), (c, d), (e, f), (low, high) = [each for each in ranges if each is not None]
    if (b - a + 1) * (d - c + 1) * (f - e + 1) > _MOST_NETS:
        return
    for one, two, three in itertools.product(range(a, b + 1), range(c, d + 1), range(e, f + 1)):
        base = (one << 24) + (two << 16) + (three << 8)
        yield 4, base + low, base + high


def _octets(text: str) -> tuple[int, int] | None:
    found = _PART.fullmatch(text)
    if found is None or not text:
        return None
    if text == "*":
        return 0, 255
    low = int(found[1] or 0)
    high = int(found[3] or 255) if found[2] else low
    return (low, high) if low <= high <= 255 and (found[1] or found[2]) else None


def _address(text: str) -> str:
    try:
        return address(text)
    except ValueError:
        return ""


def _number(text: str, name: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise BadInput(f"{name}: Nmap's source port {visible(text, 20)!r} is none")
