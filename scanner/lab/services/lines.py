"""Conversations in text: line by line (SMTP, FTP, IMAP), or by heads of lines (RTSP, SIP). Helpers, no speaker."""

from __future__ import annotations

from collections.abc import Callable

from scanner.lab.services import Conversation

_LONGEST = 65536

Reply = tuple[str, bool]
"""The text to send (each line ended by CRLF already), and whether the server closes after it."""


def lines(greeting: str, answer: Callable[[str], Reply]) -> Conversation:
    """Greets, then answers each line. `answer` gets the line without its end; bytes that are not UTF-8 are replaced."""
    pending = b""
    said = greeting.encode()
    while len(pending) < _LONGEST:
        pending += yield said
        said = b""
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            text, last = answer(line.rstrip(b"\r").decode(errors="replace"))
            said += text.encode()
            if last:
                yield said
                return


def heads(answer: Callable[[list[str]], bytes]) -> Conversation:
    """Waits for the client, then answers each head: the lines up to an empty one. No message has a body."""
    pending = b""
    said = b""
    while len(pending) < _LONGEST:
        pending += yield said
        said = b""
        while b"\r\n\r\n" in pending:
            head, _, pending = pending.partition(b"\r\n\r\n")
            said += answer(head.decode(errors="replace").strip().split("\r\n"))
