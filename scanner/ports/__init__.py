"""Which ports, and in which order: `--ports` in Nmap's syntax, and our own lists for client networks.

The lists stand in `first`, `further` and `udp`, each group with its reason. They are a judgement about the networks of
small businesses, made from what products listen on, and no count of the Internet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from scanner.errors import BadInput
from scanner.model.base import Frozen
from scanner.ports import first, further, udp
from scanner.ports.group import ranked

TCP_NAMES: Mapping[int, str] = ranked((*first.GROUPS, *further.GROUPS))
UDP_NAMES: Mapping[int, str] = ranked(udp.GROUPS)
TCP = tuple(TCP_NAMES)
UDP = tuple(UDP_NAMES)
DEFAULT = "top:200"

_HIGHEST = 65535
_RANGE = re.compile(r"([0-9]*)(-?)([0-9]*)", re.ASCII)
_NAME = re.compile(r"[a-z0-9*?+._-]*[a-z*?][a-z0-9*?+._-]*", re.IGNORECASE | re.ASCII)
_HELP = "write 22,80,8000-8100,U:53, names (http*), top:100, all or none"

Protocol = Literal["T", "U"]


class Ports(Frozen, frozen=True):
    """Ports to ask, in the order of interest."""

    tcp: tuple[int, ...] = ()
    udp: tuple[int, ...] = ()


def parse_ports(spec: str) -> Ports:
    """`all`, `none`, or parts between commas in Nmap's `-p` syntax, kept in the order in which they are written:

    - `22`, `8000-8100`, `-100` (from 1), `60000-` (to 65535), `-` (every one);
    - `[1-1024]`: those of our list within a range, in the list's order;
    - `ssh`, `http*`, `vnc?`: those that our list knows by that name; `*` and `?` stand for any text and any character;
    - `T:` and `U:` before a part: it and what follows are TCP or UDP. Without one it is TCP;
    - `top:N`: the first N of our TCP list (past its end the lowest other ports fill up) and a tenth as many of the UDP
      list; behind `T:` or `U:` the first N of that list alone.

    `all` is every TCP port and the UDP list. BadInput names the part that cannot be read.
    """
    whole = spec.strip()
    if whole == "none":
        return Ports()
    if whole == "all":
        return Ports(tuple(range(1, _HIGHEST + 1)), UDP)
    found: dict[Protocol, dict[int, None]] = {"T": {}, "U": {}}
    stated: Protocol | None = None
    for part in whole.split(","):
        text = part.strip()
        head = text[:2].upper()
        if head in ("S:", "P:"):
            raise _bad(spec, part, "SCTP and IP protocols are not scanned")
        if head == "T:" or head == "U:":
            stated, text = ("T" if head == "T:" else "U"), text[2:].strip()
        if text.startswith("top:"):
            count = _count(text, spec)
            if stated != "U":
                found["T"].update(dict.fromkeys(_ranked(TCP, count)))
            if stated != "T":
                found["U"].update(dict.fromkeys(_ranked(UDP, count) if stated else UDP[: max(1, count // 10)]))
        else:
            found[stated or "T"].update(dict.fromkeys(_part(text, stated or "T", spec)))
    return Ports(tuple(found["T"]), tuple(found["U"]))


def _part(text: str, protocol: Protocol, spec: str) -> Iterable[int]:
    names = TCP_NAMES if protocol == "T" else UDP_NAMES
    if text.startswith("[") and text.endswith("]"):
        within = _range(text[1:-1], spec)
        return [port for port in names if port in within]
    if not _NAME.fullmatch(text):
        return _range(text, spec)
    wanted = text.lower()
    found = [port for port, name in names.items() if fnmatchcase(name.lower(), wanted)]
    if not found:
        other, kind = (UDP_NAMES, "U") if protocol == "T" else (TCP_NAMES, "T")
        if any(fnmatchcase(name.lower(), wanted) for name in other.values()):
            raise _bad(spec, text, f"our list has it on the other transport: write {kind}:{text}")
        raise _bad(spec, text, "our list knows no service of that name")
    return found


def _range(text: str, spec: str) -> range:
    read = _RANGE.fullmatch(text)
    if read is None or not text:
        raise _bad(spec, text, f"no port, range or name; {_HELP}")
    low, dash, high = read.groups()
    if len(low) > 5 or len(high) > 5:
        raise _bad(spec, text, "a port has five digits at most")
    start = int(low or 1)
    end = int(high or _HIGHEST) if dash else start
    if not 1 <= start <= end <= _HIGHEST:
        raise _bad(spec, text, "ports go from 1 to 65535, the lower one first")
    return range(start, end + 1)


def _count(text: str, spec: str) -> int:
    count = text.removeprefix("top:")
    if not (count.isascii() and count.isdecimal()) or len(count) > 5 or not 1 <= int(count) <= _HIGHEST:
        raise _bad(spec, text, "write top:N with N from 1 to 65535, or all")
    return int(count)


def _ranked(listed: tuple[int, ...], count: int) -> Iterable[int]:
    return (listed if count <= len(listed) else tuple(dict.fromkeys((*listed, *range(1, _HIGHEST + 1)))))[:count]


def _bad(spec: str, part: str, why: str) -> BadInput:
    return BadInput(f"--ports {_short(spec)}: {_short(part)!r}: {why}")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
