"""Standard streams that whoever started us has closed (`>&-`), opened again before anything else takes their number."""

from __future__ import annotations

import io
import os
import sys


def open_closed() -> None:
    """stdin reads as empty, stderr goes nowhere, and what is written to stdout fails: a result that nobody gets is no
    success. Without this the next file that is opened, the store say, would be stdout to every program that we start.
    """
    for number, name, flags in ((0, "stdin", os.O_RDONLY), (1, "stdout", os.O_RDONLY), (2, "stderr", os.O_WRONLY)):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, flags)
        os.dup2(opened, number)
        if opened != number:
            os.close(opened)
        # Nothing is buffered: what was refused once would be tried, and complained about, again on exit.
        raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(raw, encoding="utf-8", write_through=True))
