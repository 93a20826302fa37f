"""How much of what recog's examples show our own fingerprints name, without recog.

    python tests/benchmarks/bench_breadth.py FOLDER     the XML files of a copy of recog

Many of its rows are of clouds and of what nobody has any more, so that no figure is a goal; a kind that names little is
one to look at. Of each of its fingerprints three examples count.
"""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from defusedxml.ElementTree import parse

from scanner.identify import identify
from scanner.identify.devices import hardware
from scanner.identify.recog import FILES

_MOST = 3
_BEFORE = {"ssh": b"SSH-2.0-", "smtp": b"220 ", "ftp": b"220 ", "imap": b"* OK ", "pop3": b"+OK "}
"""What stands before a greeting on the wire, and not in recog's examples."""
_OTHERS = frozenset({"http.favicon", "x11"})
"""Kinds whose readings have another form than recog's examples."""


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    lacking = [name for names in FILES.values() for name in names if not (folder / name).is_file()]
    if lacking:
        print(f"{folder}: no copy of recog's XML files, {lacking[0]} is not there", file=sys.stderr)
        return 2
    rows: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for kind, raw in examples(folder):
        rows[kind] += 1
        named[kind] += bool(identify(kind, raw) or hardware(kind, raw))
    for kind, count in rows.items():
        print(f"{kind:22} {named[kind]:5} of {count:5}")
    print(f"{'all':22} {named.total():5} of {rows.total():5}")
    return 0


def examples(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each with its kind of reading."""
    for kind, names in FILES.items():
        for name in names if kind not in _OTHERS else ():
            for fingerprint in parse(folder / name).iter("fingerprint"):
                for each in islice(fingerprint.iter("example"), _MOST):
                    if each.get("_filename") is None:
                        text = each.text or ""
                        raw = base64.b64decode(text) if each.get("_encoding") == "base64" else text.encode()
                        yield kind, _BEFORE.get(kind, b"") + raw


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
