"""Readings in the form that fingerprints expect: the protocol's prefixes off, lists of products taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scanner.identify import prepare_remote
from scanner.identify.matcher import decode
from scanner.identify.octets import WRITTEN_OUT
from scanner.identify.prepare_data import READERS
from scanner.identify.prepare_greeting import GREETINGS

LONGEST = 8192
"""Bytes of a reading that are looked at."""
_PRODUCTS = 16

_SSH = re.compile(r"SSH-\d{1,2}\.\d{1,2}-")
_RELAYED = re.compile(r"[{,] ?(?:exported_)?(?:job|instance)=")
_REPLY = re.compile(r"^\d{3}[ -]", re.MULTILINE)


def texts(kind: str, raw: bytes) -> Iterator[str]:
    """What to try the fingerprints on, one text after the other."""
    if remote := prepare_remote.READERS.get(kind):
        yield remote(raw[: prepare_remote.LONGEST])
        return
    if reader := READERS.get(kind):
        yield reader(raw[:LONGEST])
        return
    if kind in WRITTEN_OUT:
        yield WRITTEN_OUT[kind](raw[:LONGEST])
        return
    if greeting := GREETINGS.get(kind):
        yield greeting(raw[:LONGEST])
        return
    yield from _PREPARE.get(kind, _whole)(decode(raw[:LONGEST]))


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


def _build_lines(text: str) -> Iterator[str]:
    """The lines of a page of metrics that tell of the server's own build.

    Nobody labels its own with a job or an instance: a gateway passes those on for somebody else.
    """
    yield from [line[:1024] for line in text.splitlines() if "{" in line and not _RELAYED.search(line)][:_PRODUCTS]


def _alertmanager(text: str) -> Iterator[str]:
    yield text[max(text.find('"versionInfo"'), 0) :]


def _headers(text: str) -> Iterator[str]:
    """The status line and then each header, but for those that are readings of their own."""
    for line in text.splitlines()[:65]:
        if line and not line.lower().startswith(("server:", "via:", "x-powered-by:", "set-cookie:", "location:")):
            yield line[:512]


_PREPARE: dict[str, Callable[[str], Iterator[str]]] = {
    "ssh": _ssh,
    "smtp": _reply,
    "ftp": _reply,
    "imap": _status,
    "pop3": _status,
    "http.server": _products,
    "http.response": _headers,
    "metrics.build": _build_lines,
    "alertmanager.status": _alertmanager,
    "http.powered-by": _products,
}
