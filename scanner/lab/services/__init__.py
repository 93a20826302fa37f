"""What the lab's hosts say: one protocol a file, sans-IO, so that real sockets and the simulation speak alike.

A conversation is a generator of bytes:

    said = next(conversation)            what the server says first; b"" where the client speaks first
    said = conversation.send(chunk)      the answer to a chunk that the client sent; b"" is no answer
    said = conversation.send(b"")        nothing came: anything more to say? b"" is no

When it ends (StopIteration), the server closes the connection. Chunks may be cut anywhere: a conversation keeps what is
not a whole message yet. A driver that wants the close at once, rather than at the client's next chunk, sends b"" until
the answer is b"". Over UDP each datagram is a conversation of its own, and what it says first is not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from scanner.collect import collect
from scanner.errors import BadInput

if TYPE_CHECKING:
    from scanner.lab.topology import Service

Conversation = Generator[bytes, bytes, None]
Options = Mapping[str, Any]
"""A service's `options`, and `transport` (`tcp` or `udp`), which is always there."""

TLS_OPTIONS = ("cn", "days", "key")
"""Options of any service with `tls: true`; see `scanner.lab.certificates`."""


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """One protocol as a server speaks it. `SERVICE` of a file here is one of these, and the file names it."""

    title: str
    start: Callable[[Options], Conversation]
    options: tuple[str, ...] = ()
    """The names it knows; the file's docstring says what each does. Any other is refused."""


@cache
def speakers() -> dict[str, Speaker]:
    """Every protocol by the name that a topology's `speaks` gives it."""
    import scanner.lab.services as package

    return collect(package, "SERVICE", Speaker)


def speak(service: Service) -> Conversation:
    """A new conversation of `service`, inside TLS where it has that. BadInput: no such speaker, or no such option."""
    speaker = speakers().get(service.speaks)
    if speaker is None:
        raise BadInput(f"{service.port}: speaks {service.speaks!r}, but the lab speaks {', '.join(speakers())}")
    known = (*speaker.options, *(TLS_OPTIONS if service.tls else ()))
    for name in service.options:
        if name not in known:
            raise BadInput(
                f"{service.port}: {name!r} is no option of {service.speaks}; it has {', '.join(known) or 'none'}"
            )
    return speaker.start({**service.options, "transport": service.transport})
