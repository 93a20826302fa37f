"""The files of a pack that are made of the report: for readers, for programs, and for an insurer's form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from scanner.exporters import exporters
from scanner.exporters.csv import cell
from scanner.model.report import PatchRow, Report
from scanner.model.text import visible
from scanner.pack.questions import Beyond, questions

AGES = ((0, 0), (1, 14), (15, 30), (31, 90), (91, 180), (181, 365), (366, None))
"""Days since the oldest fix that is missing was released: from, to."""
_WIDTH, _BAR, _LABEL = 640, 26, 150
_READ_ME = """\
Evidence pack of fencewalk

report.html        the report, to be read in a browser; report.json is the same for programs
questions.csv      what insurers ask; each answer is observed, attested or not tested, and says what it rests on
coverage.csv       what was tested, what was not, and what could not be
findings.csv       all findings        patches.csv      all versions that were judged
patch-ages.csv     how old the missing fixes are; patch-ages.svg is the picture
exceptions.csv     what was accepted, by whom, until when
attestations.csv   what a network cannot show, and who stands for it; their files are in attachments/
inputs/            the site file and the exceptions as they were    captures/  packets

MANIFEST.json has the SHA-256 of every file and of its blocks, SIGNATURE.json an Ed25519 signature over it.
`fencewalk pack --check` says whether anything was changed, and which byte first. Compare the key's fingerprint with the
one that the maker of the pack gave you by another way.
"""


def contents(report: Report, known: Beyond | None = None) -> dict[str, bytes]:
    """File name -> bytes. The same report, and what is known beyond it, give the same bytes."""
    lacking = known.lacking if known is not None else frozenset()
    formats = exporters()
    made = {
        "README.txt": _READ_ME.encode(),
        "report.html": formats["html"].render(report),
        "report.json": b"".join(formats["json"].written(report)),
        "findings.csv": formats["csv"].render(report),
        "patches.csv": formats["patches-csv"].render(report),
        "questions.csv": table(("question", "basis", "answer", "rests on"), questions(report, known)),
        "coverage.csv": table(
            ("from", "to", "state", "reason"),
            ((each.from_, each.to, each.state, each.reason) for each in report.coverage),
        ),
        "exceptions.csv": table(
            ("about", "state", "owner", "reason", "approved by", "until", "findings"),
            (
                (
                    each.about,
                    each.state,
                    each.owner,
                    each.reason,
                    each.approved_by,
                    each.until,
                    ", ".join(each.findings),
                )
                for each in report.accepted
            ),
        ),
        "attestations.csv": table(
            ("question", "state", "statement", "owner", "date", "until", "attachment", "in this pack"),
            (
                (
                    each.question,
                    each.state,
                    each.statement,
                    each.owner,
                    each.date,
                    each.until,
                    each.attachment,
                    ("no" if each.attachment in lacking else "yes") if each.attachment else "",
                )
                for each in report.attestations
            ),
        ),
    }
    ages = histogram(report.patches)
    made["patch-ages.csv"] = table(("days since the oldest missing fix", "products"), ages)
    made["patch-ages.svg"] = picture(ages)
    return made


def table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """As the findings are written: UTF-8 with a byte order mark, and nothing that a spreadsheet would run."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(each) for each in row] for row in rows)
    return "\ufeff".encode() + out.getvalue().encode()


def histogram(rows: Iterable[PatchRow]) -> tuple[tuple[str, int], ...]:
    """How many products lack fixes of each age; those of which that is not known, and those that lack none, apart."""
    counts = dict.fromkeys(map(_words, AGES), 0)
    lacking = none = unknown = 0
    for row in rows:
        if row.verdict == "COMPLIANT":
            none += 1
        elif row.verdict == "UNKNOWN":
            unknown += 1
        elif row.age_days is None:
            lacking += 1
        else:
            age = max(0, row.age_days)
            counts[_words(next(each for each in AGES if each[1] is None or age <= each[1]))] += 1
    return (
        ("lacks none", none), *counts.items(), ("lacks some, age not known", lacking), ("could not be judged", unknown)
    )  # fmt: skip


def _words(span: tuple[int, int | None]) -> str:
    first, last = span
    if last is None:
        return f"{first} and more"
    return str(first) if first == last else f"{first} to {last}"


def picture(ages: Sequence[tuple[str, int]]) -> bytes:
    """Bars, each with its words and its number. All of its text is ours."""
    most = max((count for _, count in ages), default=0) or 1
    lines = []
    for number, (label, count) in enumerate(ages):
        top = 40 + number * _BAR
        width = round((_WIDTH - _LABEL - 70) * count / most)
        lines.append(f'<text x="{_LABEL - 8}" y="{top + 14}" text-anchor="end">{visible(label)}</text>')
        lines.append(f'<rect x="{_LABEL}" y="{top}" width="{width}" height="18" fill="#1f4fa8"/>')
        lines.append(f'<text x="{_LABEL + width + 6}" y="{top + 14}">{count}</text>')
    height = 50 + _BAR * len(ages)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        'role="img" font-family="sans-serif" font-size="12">'
    )
    title = "<title>Days since the oldest missing fix, by number of products</title>"
    ground = f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
    words = '<text x="12" y="22" font-weight="bold">Days since the oldest missing fix (products)</text>'
    return "\n".join((head, title, ground, words, *lines, "</svg>\n")).encode()
