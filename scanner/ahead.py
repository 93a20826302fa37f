"""What the certificates in a large store say, told by a second process while this one indexes the rest.

To take certificates apart is an eighth of what the assessment of a large site takes, and needs nothing else of it. If
the second process cannot be had, or fails, all is read as it is of a small store.
"""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from scanner.errors import FencewalkError
from scanner.identify import identify, tls
from scanner.identify.devices import hardware
from scanner.store import Store

_LARGE = 16 << 20
"""Bytes of a store below which a second process is not worth its start: some ten thousand conversations."""
_PATIENCE = 30.0
"""Seconds that are waited for it at most, once its words are needed."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(dict[bytes, tls.Foretold])


@contextlib.contextmanager
def certificates_ahead(store: Path, least: int = _LARGE) -> Iterator[None]:
    """Inside, what the certificates of a store say is known without reading them, if it has `least` bytes."""
    with contextlib.ExitStack() as held:
        if len(_processors()) > 1 and store.stat().st_size >= least:
            with contextlib.suppress(OSError):
                words = held.enter_context(tempfile.TemporaryFile())
                command = [sys.executable, "-P", "-m", __name__, str(store)]
                reader = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.DEVNULL)
                held.callback(_end, reader)
                held.enter_context(tls.foretold(partial(_told, reader, words)))
        yield


def _processors() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _told(reader: subprocess.Popen[bytes], words: IO[bytes]) -> dict[bytes, tls.Foretold]:
    try:
        if reader.wait(_PATIENCE) == 0:
            words.seek(0)
            return _decoder.decode(words.read())
    except (subprocess.TimeoutExpired, OSError, msgspec.DecodeError):
        pass
    return {}


def _end(reader: subprocess.Popen[bytes]) -> None:
    if reader.poll() is None:
        reader.kill()
    reader.wait()


def read(store: Path) -> dict[bytes, tls.Foretold]:
    """What each certificate in a store says, by its digest."""
    found: dict[bytes, tls.Foretold] = {}
    with Store(store, create=False) as opened:
        for talk in opened.conversations(f'"{tls.KIND}"'):
            for each in talk.readings:
                raw = each.raw
                if each.kind == tls.KIND and (key := tls.digest(raw)) not in found:
                    found[key] = tls.Foretold(tls.read(raw), not (hardware(tls.KIND, raw) or identify(tls.KIND, raw)))
    return found


if __name__ == "__main__":
    gc.disable()
    try:
        sys.stdout.buffer.write(_encoder.encode(read(Path(sys.argv[1]))))
    except (FencewalkError, OSError):
        sys.exit(1)
