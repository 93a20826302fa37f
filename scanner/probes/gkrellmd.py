"""gkrellmd (GKrellM's monitor): a client's first line, after which the server says its own version and then its data.

Only the version is kept: what follows it is the load, the mounts and the mailboxes of the machine.
"""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ANSWER = re.compile(rb"<gkrellmd_setup>\s{0,4}<version>\s{0,4}(gkrellmd [^\r\n]{1,64})")
_REFUSED = re.compile(rb"\A<error>\n(?:Bad connect string!|Connection not allowed from )[^\n]{0,256}")
"""It knows no such client, or not from here."""


def _answer(data: bytes) -> bytes:
    if found := _ANSWER.search(data):
        return found[1]
    refused = _REFUSED.match(data)
    return refused[0] if refused else b""


PROBE = Probe(
    name="gkrellmd",
    transport="tcp",
    ports=(19150,),
    writes=True,
    steps=exchange("gkrellmd", b"gkrellm 2.3.11\n", _answer, lambda seen: bool(_answer(seen))),
)
