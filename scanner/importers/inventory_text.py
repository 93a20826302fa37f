"""What the formats of inventories have in common: encodings, bounded fields, JSON that breaks off."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from scanner.errors import BadInput
from scanner.importers.inventory import MOST_BYTES, MOST_ITEMS, MOST_ROWS, Bads, Listed
from scanner.model.addresses import address
from scanner.model.observation import Item
from scanner.model.text import visible

T = TypeVar("T")
Some = str | int | float | bool | None
"""What may stand where a text is meant."""

_NAME, _VERSION, _VENDOR = 200, 100, 100
"""Characters of a field that are kept."""
_MOST_OF = 64
"""Names, addresses or MACs of one machine that are kept."""
_SPACE = re.compile(r"\s+")
_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|[0-9a-f]{12}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", re.IGNORECASE)
_HOST = re.compile(r"[\w][\w .()'&+-]{0,252}")
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))
_EVERY_MACHINE = frozenset({"000000000000", "ffffffffffff"})
_NOBODY = frozenset({"", "n/a", "na", "none", "null", "unknown", "-", "localhost", "localhost.localdomain"})


def text_of(raw: bytes, name: str, lenient: bool = False) -> str:
    """UTF-8 or UTF-16 (as PowerShell's `>` writes it), marked or not, else the code page of Windows."""
    if len(raw) > MOST_BYTES:
        raise BadInput(f"{name}: larger than {MOST_BYTES >> 20} MiB; no inventory of a site is")
    mark, encoding = next((each for each in _MARKS if raw.startswith(each[0])), (b"", ""))
    raw = raw[len(mark) :]
    if not encoding:
        few = raw[:64]
        wide = len(few) > 1 and few.count(0) * 3 >= len(few)
        encoding = "utf-8" if not wide else "utf-16-le" if few[1] == 0 else "utf-16-be"
    if encoding.startswith("utf-16"):
        raw = raw[: len(raw) & ~1]
    try:
        text = raw.decode(encoding, "replace" if lenient else "strict")
    except UnicodeDecodeError:
        text = raw.decode("cp1252" if encoding == "utf-8" else encoding, "replace")
    if "\0" in text and not lenient:
        raise BadInput(f"{name}: not text; save the inventory as text, CSV or JSON")
    return text


def clean(text: object, most: int = _NAME) -> str:
    """A field on one line, bounded and harmless wherever it is shown. A spreadsheet's `="1.2"` is its content."""
    if not isinstance(text, str):
        text = "" if text is None or isinstance(text, bool) else str(text) if isinstance(text, int | float) else ""
    text = text[: 8 * most].strip()
    if len(text) <= most and text.isprintable() and "  " not in text and not text.startswith("="):
        return text
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        text = text[2:-1]
    return visible(_SPACE.sub(" ", text).strip(), most)


def item(
    name: object,
    version: object = "",
    vendor: object = "",
    distro: str = "",
    package: bool = False,
    source: object = "",
) -> Item | None:
    """None where there is no name."""
    cleaned = clean(name)
    if not cleaned or cleaned.casefold() in _NOBODY:
        return None
    number = clean(version, _VERSION)
    return Item(
        cleaned,
        "" if number.casefold() in _NOBODY else number,
        clean(vendor, _VENDOR),
        clean(distro, 40),
        package,
        clean(source, _NAME),
    )


def add(machine: Listed, found: Item | None, line: int, bads: Bads) -> None:
    """Keep an item, once; what cannot be kept is counted."""
    if found is None:
        bads.add(line, "no name of a piece of software")
    elif len(machine.items) >= MOST_ITEMS and found not in machine.items:
        bads.add(line, f"more than {MOST_ITEMS:,} pieces of software of one machine")
    else:
        machine.items[found] = None


def host_name(text: object) -> str:
    """A machine's name; empty where the text is none."""
    name = clean(text, 253).rstrip(".")
    return name if _HOST.fullmatch(name) and name.casefold() not in _NOBODY else ""


def addresses_in(text: object) -> list[str]:
    """The addresses in a cell, however they are listed, that can be one machine's on a network."""
    found: list[str] = []
    for part in re.split(r"[\s,;|]+", clean(text, 2000))[:_MOST_OF]:
        try:
            one = address(part.partition("/")[0].partition("%")[0])
        except ValueError:
            continue
        plain = ipaddress.ip_address(one)
        if not (plain.is_loopback or plain.is_unspecified or plain.is_link_local or plain.is_multicast):
            found.append(one)
    return list(dict.fromkeys(found))


def macs_in(text: object) -> list[str]:
    """The MAC addresses in a cell."""
    found: list[str] = []
    for part in _MAC.findall(clean(text, 2000))[:_MOST_OF]:
        digits = re.sub(r"[^0-9a-f]", "", part.lower())
        if digits not in _EVERY_MACHINE:
            found.append(":".join(digits[at : at + 2] for at in range(0, 12, 2)))
    return list(dict.fromkeys(found))


def merged(into: list[str], more: list[str]) -> None:
    """Add what is new, up to a bound."""
    for each in more:
        if each not in into and len(into) < _MOST_OF:
            into.append(each)


def decoded(text: str, kind: type[T], name: str) -> tuple[T, bool]:
    """JSON as a `kind`, and whether it broke off: then without the elements that were not there whole."""
    try:
        return msgspec.json.decode(text, type=kind), False
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: not what this inventory looks like: {error}") from None
    except RecursionError:
        raise BadInput(f"{name}: nested too deeply to be an inventory") from None
    except msgspec.DecodeError as error:
        said = str(error)
        whole = _whole_elements(text) if "truncated" in said else None
    if whole is not None:
        try:
            return msgspec.json.decode(whole, type=kind), True
        except (msgspec.DecodeError, RecursionError):
            pass
    at = re.search(r"byte (\d+)", said)
    line = text.encode("utf-8", "replace")[: int(at[1])].count(b"\n") + 1 if at else text.count("\n") + 1
    raise BadInput(f"{name}:{line}: not JSON; {'it breaks off' if 'truncated' in said else 'save the inventory again'}")


def rows_of(text: str, kind: type[T], name: str, bads: Bads) -> tuple[list[tuple[int, T]], bool]:
    """(number, row) of a JSON list of objects, or of one object, and whether it broke off. A bad row is counted."""
    if not text.lstrip().startswith("["):
        one, cut = decoded(text, kind, name)
        return [(1, one)], cut
    raws, cut = decoded(text, list[msgspec.Raw], name)
    if len(raws) > MOST_ROWS:
        raise BadInput(f"{name}: more than {MOST_ROWS:,} rows; import it in parts")
    decoder = msgspec.json.Decoder(kind)
    found: list[tuple[int, T]] = []
    for number, raw in enumerate(raws, 1):
        try:
            found.append((number, decoder.decode(raw)))
        except (msgspec.ValidationError, RecursionError) as error:
            bads.add(0, f"row {number}: {visible(str(error), 200)}")
    return found, cut


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)|[{}\[\]]', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}


def _whole_elements(text: str) -> str | None:
    """JSON that breaks off, cut behind the last element of a list that stands there whole, and closed."""
    stack: list[str] = []
    cut: tuple[int, str] | None = None
    for token in _TOKEN.finditer(text):
        char = text[token.start()]
        if char == '"':
            if not token[1]:
                break
        elif char in "{[":
            stack.append(char)
            if len(stack) > 64:
                return None
        else:
            if not stack or _CLOSERS[stack.pop()] != char:
                return None
            if stack and stack[-1] == "[":
                cut = token.end(), "".join(_CLOSERS[each] for each in reversed(stack))
    return None if cut is None else text[: cut[0]] + cut[1]


def lines_of(text: str, name: str) -> Iterator[tuple[int, str]]:
    """(number, line) of every line that says anything."""
    if text.count("\n") > MOST_ROWS + 1000:
        raise BadInput(f"{name}: more than {MOST_ROWS:,} lines; import it in parts")
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def nothing(name: str, what: str, bads: Bads) -> BadInput:
    """A file of which not one row could be used."""
    if bads.first:
        first = bads.first[0]
        at = f"{name}:{first.line}" if first.line else name
        return BadInput(f"{at}: {first.what}; nothing in the file could be used as {what}")
    return BadInput(f"{name}: names no software; nothing in it could be used as {what}")
