"""FIRST's scores of EPSS: CSV, packed by gzip or not, with the model and the day of the scores in its first line."""

from __future__ import annotations

import datetime
import re

from scanner.errors import BadInput
from scanner.importers.archive import unpacked
from scanner.importers.feed_json import known_day
from scanner.model.feeds import Probability, Reading
from scanner.model.text import visible

_MOST = 256 << 20
_HEAD = re.compile(r"#.*\bscore_date:([^,]+)")
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)
_COLUMNS = ["cve", "epss", "percentile"]


def is_epss(data: bytes) -> bool:
    try:
        head = unpacked(data, "", _MOST)[:200]
    except BadInput:
        return False
    return head.startswith(b"#") and b"score_date:" in head


def read_epss(data: bytes, name: str, today: datetime.date) -> Reading:
    """`dict[str, Probability]`, by CVE."""
    try:
        lines = unpacked(data, name, _MOST).decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{name}: not the text that this feed's file is; fetch it again") from None
    head = _HEAD.match(lines[0]) if lines else None
    if head is None or len(lines) < 2 or lines[1].split(",") != _COLUMNS:
        raise BadInput(f"{name}: its first line should name the score_date, its second one be cve,epss,percentile")
    found: dict[str, Probability] = {}
    for number, line in enumerate(lines[2:], 3):
        cve, _, rest = line.partition(",")
        epss, _, percentile = rest.partition(",")
        try:
            scored = Probability(float(epss), float(percentile))
        except ValueError:
            scored = None
        if scored is None or not (0 <= scored.epss <= 1 and 0 <= scored.percentile <= 1) or not _CVE.fullmatch(cve):
            raise BadInput(f"{name}:{number}: not a CVE with two numbers from 0 to 1: {visible(line, 80)}")
        found[cve] = scored
    return Reading(found, len(found), known_day(head[1], name, "score_date"), catalogue=True)
