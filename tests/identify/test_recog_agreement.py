"""Recog's examples are thousands of real answers: where it reads a version of a product that we name too, so do we.

Ours may be shorter (a distribution's revision is no part of a version) or longer (a release candidate's mark is one),
and never another.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanner.errors import BadInput
from scanner.identify import identify
from scanner.identify.matcher import Match, load
from scanner.identify.recog import FILES

FEED = Path(__file__).parents[3] / "shared" / "feeds" / "recog" / "xml"
PREFIXES = ("service", "service.component", "os")
OTHERWISE = {
    # `V1R4` is 1.4 to IBM: both drop or keep the letter before it.
    "SFTPD1 IBM FTP CS V1R4",
}


def plain(text: str) -> str:
    return "".join(each for each in text.lower() if each.isalnum())


def theirs(match: Match, captured: set[str]) -> Iterator[tuple[str, str]]:
    """The products whose version recog took from the text, each by its plain name."""
    for prefix in PREFIXES:
        version = match.fields.get(f"{prefix}.version", "")
        if version and f"{prefix}.version" in captured:
            words = match.fields.get(f"{prefix}.cpe23", "").split(":")
            yield plain(match.fields.get(f"{prefix}.product", "")), plain(version)
            if len(words) >= 4:
                yield plain(words[3]), plain(version)


@pytest.mark.skipif(not FEED.is_dir(), reason="recog's databases are not in ../shared/feeds/recog")
def test_no_version_of_ours_is_another_than_recogs() -> None:
    compared, against = 0, []
    for kind, files in FILES.items():
        for file in files:
            for fingerprint in load((FEED / file).read_bytes(), file).fingerprints:
                captured = {name for group, name, _ in fingerprint.params if group}
                for example in fingerprint.examples if any(each.endswith(".version") for each in captured) else ():
                    try:
                        match = fingerprint.match(example.text.decode("utf-8", "replace"))
                    except BadInput:
                        continue
                    raw = b"SSH-2.0-" + example.text if kind == "ssh" else example.text
                    ours = {plain(each.name): plain(each.version) for each in identify(kind, raw) if each.version}
                    for name, version in theirs(match, captured) if match else ():
                        if name in ours:
                            compared += 1
                            said = ours[name]
                            shorter = version.startswith(said) or said.startswith(version) or said.endswith(version)
                            if not shorter and not any(each in example.text.decode() for each in OTHERWISE):
                                against.append((kind, example.text[:100], name, version, said))
    assert compared > 500
    assert against == []
