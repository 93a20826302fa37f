"""git daemon: the refusal of a repository that cannot be there. Nothing is fetched."""

from __future__ import annotations

import re

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_REQUEST = b"git-upload-pack /fencewalk.invalid\0host=fencewalk.invalid\0"
_QUESTION = b"%04x" % (len(_REQUEST) + 4) + _REQUEST
_ANSWER = re.compile(rb"\A[0-9a-f]{4}(ERR [^\n]{1,512}|[0-9a-f]{40} [^\n]{1,512})")


def _answer(data: bytes) -> bytes:
    found = _ANSWER.match(data)
    return found[1] if found else b""


PROBE = Probe(name="git", transport="tcp", ports=(9418,), writes=True, steps=exchange("git", _QUESTION, _answer))
