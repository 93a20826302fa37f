"""What the certificates and titles in a large store say, told by a second process while this one indexes the rest.

To take them apart is a sixth of what the assessment of a large site takes, and needs nothing else of it. If the second
process cannot be had, or fails, all is read as it is of a small store.
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
from scanner.identify import foretold, identify, tls
from scanner.identify.devices import hardware, told_by_text
from scanner.identify.foretold import Foretold
from scanner.model.observation import Reading
from scanner.store import Store

_LARGE = 16 << 20
"""Bytes of a store below which a second process is not worth its start: some ten thousand conversations."""
_PATIENCE = 30.0
"""Seconds that are waited for it at most, once its words are needed."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Foretold)


@contextlib.contextmanager
def readings_ahead(store: Path, least: int = _LARGE) -> Iterator[None]:
    """Inside, what the readings of a store say is known without looking at them, if it has `least` bytes."""
    with contextlib.ExitStack() as held:
        if len(_processors()) > 1 and store.stat().st_size >= least:
            with contextlib.suppress(OSError):
                words = held.enter_context(tempfile.TemporaryFile())
                command = [sys.executable, "-P", "-m", __name__, str(store)]
                reader = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.DEVNULL)
                held.callback(_end, reader)
                held.enter_context(foretold.foretold(partial(_told, reader, words)))
        yield


def _processors() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _told(reader: subprocess.Popen[bytes], words: IO[bytes]) -> Foretold:
    try:
        if reader.wait(_PATIENCE) == 0:
            words.seek(0)
            return _decoder.decode(words.read())
    except (subprocess.TimeoutExpired, OSError, msgspec.DecodeError):
        pass
    return foretold.NOTHING


def _end(reader: subprocess.Popen[bytes]) -> None:
    if reader.poll() is None:
        reader.kill()
    reader.wait()


def read(store: Path) -> Foretold:
    """What each certificate and title in a store says."""
    found, now = Foretold({}, set()), Foretold({}, set())
    seen: set[bytes] = set()
    # Whoever looks at a certificate here has it foretold as well, so that it is taken apart once.
    with Store(store, create=False) as opened, foretold.foretold(lambda: now):
        for talk in opened.conversations(*(f'"{each}"' for each in foretold.KINDS)):
            for each in talk.readings:
                if each.kind in foretold.KINDS and (key := foretold.digest(each.kind, each.raw)) not in seen:
                    seen.add(key)
                    if each.kind == tls.KIND:
                        found.certificates[key] = now.certificates[key] = tls.read(each.raw)
                    if _mute(each):
                        found.mute.add(key)
    return found


def _mute(reading: Reading) -> bool:
    kind, raw = reading.kind, reading.raw
    return not (hardware(kind, raw) or identify(kind, raw) or told_by_text(reading))


if __name__ == "__main__":
    gc.disable()
    try:
        sys.stdout.buffer.write(_encoder.encode(read(Path(sys.argv[1]))))
    except (FencewalkError, OSError):
        sys.exit(1)
