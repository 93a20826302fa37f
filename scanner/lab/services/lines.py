"""Conversations in lines of text, as SMTP, FTP, IMAP, POP3 and Redis have them. A helper, no speaker."""

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
