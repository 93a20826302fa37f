"""What to ask a service further once it has greeted: capabilities, help, identity; then TLS, if it is offered.

One table for all the protocols of lines. Nothing here needs a login, changes anything, or names anybody; each question
waits for the answer to the one before it, and silence ends the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator

import msgspec

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Read, Send, StartTls, Step, Steps
from scanner.probes.greeting import LINE, PATIENCE, classify, listen
from scanner.probes.greeting_reply import reply_ended

_SECONDS = 3.0
_LARGEST = 8192


class Question(msgspec.Struct, frozen=True):
    """One line, and the reading that its answer makes."""

    kind: str
    line: bytes
    answer: re.Pattern[bytes]
    """How an answer begins that is one in this protocol."""
    ended: Callable[[bytes], bool] = reply_ended


class Talk(msgspec.Struct, frozen=True):
    """A protocol's questions, in their order, and its way to TLS."""

    questions: tuple[Question, ...]
    offer: re.Pattern[bytes]
    """Found in the greeting or an answer: TLS may be asked for."""
    start: bytes
    agreed: bytes
    """How the answer begins after which the handshake starts."""
    bye: bytes


def _tagged(tag: bytes) -> Callable[[bytes], bool]:
    return lambda seen: seen.endswith(b"\n") and (seen.startswith(tag) or b"\n" + tag in seen)


def _dotted(seen: bytes) -> bool:
    """A reply of many lines, up to a dot; an error is one line."""
    many = seen.startswith((b"+OK", b"101", b"100"))
    return seen.endswith((b"\n.\r\n", b"\n.\n")) if many else seen.endswith(b"\n")


_REPLY = re.compile(rb"[1-5]\d\d[ -]")
_EHLO = Question("smtp.ehlo", b"EHLO fencewalk\r\n", _REPLY)
_TALKS = {
    "smtp": Talk(
        (_EHLO, Question("smtp.help", b"HELP\r\n", _REPLY)),
        re.compile(rb"(?im)^250[ -]STARTTLS\b"),
        b"STARTTLS\r\n",
        b"220",
        b"QUIT\r\n",
    ),
    "lmtp": Talk(
        (Question("lmtp.lhlo", b"LHLO fencewalk\r\n", _REPLY),),
        re.compile(rb"(?im)^250[ -]STARTTLS\b"),
        b"STARTTLS\r\n",
        b"220",
        b"QUIT\r\n",
    ),
    "ftp": Talk(
        (
            Question("ftp.feat", b"FEAT\r\n", _REPLY),
            Question("ftp.syst", b"SYST\r\n", _REPLY),
            Question("ftp.help", b"HELP\r\n", _REPLY),
            Question("ftp.stat", b"STAT\r\n", _REPLY),
        ),
        # A server without FEAT may know AUTH all the same.
        re.compile(rb"(?im)^ *AUTH\b[^\n]*TLS|^50[0-4][ -][^\n]*FEAT|^ +AUTH(?: |$)"),
        b"AUTH TLS\r\n",
        b"234",
        b"QUIT\r\n",
    ),
    "imap": Talk(
        (
            Question("imap.capability", b"f1 CAPABILITY\r\n", re.compile(rb"(?:\* |f1 )"), _tagged(b"f1 ")),
            Question("imap.id", b"f2 ID NIL\r\n", re.compile(rb"(?:\* |f2 )"), _tagged(b"f2 ")),
        ),
        re.compile(rb"(?i)\bSTARTTLS\b"),
        b"f3 STARTTLS\r\n",
        b"f3 OK",
        b"f4 LOGOUT\r\n",
    ),
    "pop3": Talk(
        (Question("pop3.capa", b"CAPA\r\n", re.compile(rb"\+OK|-ERR"), _dotted),),
        re.compile(rb"(?im)^STLS\b"),
        b"STLS\r\n",
        b"+OK",
        b"QUIT\r\n",
    ),
    "nntp": Talk(
        (Question("nntp.capabilities", b"CAPABILITIES\r\n", _REPLY, _dotted),),
        re.compile(rb"(?im)^STARTTLS\b"),
        b"STARTTLS\r\n",
        b"382",
        b"QUIT\r\n",
    ),
    "sieve": Talk((), re.compile(rb'"STARTTLS"'), b"STARTTLS\r\n", b"OK", b"LOGOUT\r\n"),
}


def greeted(peer: Peer, asked: str, seconds: float = PATIENCE) -> Steps:
    """A whole probe: listen, then ask on if it is `asked` that greets. Another protocol's own probe asks that one."""
    data = yield from listen(seconds)
    readings = classify(data, peer.port, asked)
    if readings and readings[0].kind == asked:
        return (*readings, *(yield from further(readings[0])))
    return readings


def further(greeting: Reading, secure: bool = False) -> Generator[Step, bytes, tuple[Reading, ...]]:
    """The readings behind a greeting's; none for protocols that are not in the table. `secure`: it is in TLS by now.

    The certificate is added by whoever carries out `StartTls`, and by us where nobody does.
    """
    talk = _TALKS.get(greeting.kind)
    if talk is None or greeting.raw[:1] in (b"4", b"5") or greeting.raw.startswith((b"* BYE", b"-ERR", b"BYE")):
        return ()
    readings: list[Reading] = []
    offered = bool(talk.offer.search(greeting.raw))
    for question in talk.questions:
        yield Send(question.line)
        answer = yield Read(enough=question.ended, limit=_LARGEST, seconds=_SECONDS)
        if not question.answer.match(answer):
            return tuple(readings)
        readings.append(Reading(question.kind, answer[: LINE * 2].rstrip(b"\r\n")))
        offered = offered or bool(talk.offer.search(answer))
    if offered and not secure:
        yield Send(talk.start)
        answer = yield Read(enough=lambda seen: seen.endswith(b"\n"), limit=1024, seconds=_SECONDS)
        if answer.startswith(talk.agreed):
            certificate = yield StartTls()
            return (*readings, Reading("tls.cert", certificate)) if certificate else tuple(readings)
    yield Send(talk.bye)
    return tuple(readings)
