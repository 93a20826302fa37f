"""Readings in the form that fingerprints expect: the protocol's prefixes off, lists of products taken apart."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from scanner.identify.matcher import decode

LONGEST = 8192
"""Bytes of a reading that are looked at."""
_PRODUCTS = 16
_CARRIES_VERSION = 0x02000000

_SSH = re.compile(r"SSH-\d{1,2}\.\d{1,2}-")
_REPLY = re.compile(r"^\d{3}[ -]", re.MULTILINE)


def texts(kind: str, raw: bytes) -> Iterator[str]:
    """What to try the fingerprints on, one text after the other."""
    if kind == "ntlm":
        yield _windows_build(raw)
        return
    yield from _PREPARE.get(kind, _whole)(decode(raw[:LONGEST]))


def _windows_build(challenge: bytes) -> str:
    """`10.0.17763` of an NTLM challenge that carries a version (MS-NLMP 2.2.1.2, 2.2.2.10)."""
    if len(challenge) < 56 or not challenge.startswith(b"NTLMSSP\0"):
        return decode(challenge[:64])
    if not struct.unpack_from("<I", challenge, 20)[0] & _CARRIES_VERSION:
        return ""
    major, minor, number = struct.unpack_from("<BBH", challenge, 48)
    return f"{major}.{minor}.{number}"


def _whole(text: str) -> Iterator[str]:
    yield text.strip("\r\n\t \0")


def _ssh(text: str) -> Iterator[str]:
    """The identification line without its protocol; lines before it may say anything."""
    for line in text.splitlines()[:32]:
        if found := _SSH.match(line):
            yield line[found.end() :].strip()
            return
    yield text.partition("\n")[0].strip("\r\n\t \0")


def _reply(text: str) -> Iterator[str]:
    yield _REPLY.sub("", text.replace("\r", "")).strip()


def _status(text: str) -> Iterator[str]:
    yield text.replace("\r", "").removeprefix("* OK").removeprefix("+OK").strip(" \n\0")


def _products(text: str) -> Iterator[str]:
    """A header from each of its products on. A comment in brackets belongs to the product before it."""
    text = " ".join(text.split())
    depth, starts = 0, 0
    begins = True
    for index, char in enumerate(text):
        if begins and depth == 0 and char not in " (,":
            yield text[index : index + 512]
            starts += 1
            if starts == _PRODUCTS:
                return
        depth = max(0, depth + (char == "(") - (char == ")"))
        begins = char in " ,"


_PREPARE: dict[str, Callable[[str], Iterator[str]]] = {
    "ssh": _ssh,
    "smtp": _reply,
    "ftp": _reply,
    "imap": _status,
    "pop3": _status,
    "http.server": _products,
    "http.powered-by": _products,
}
