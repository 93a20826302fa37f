"""Recog's format as its own project means it, and hostile texts and files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from scanner.errors import BadInput
from scanner.identify.matcher import load

RECOG = Path(__file__).parents[3] / "shared" / "feeds" / "recog" / "xml"


def database(pattern: str, *params: str, flags: str = "") -> bytes:
    flagged = f' flags="{flags}"' if flags else ""
    return (
        f'<fingerprints><fingerprint pattern="{pattern}"{flagged}><description>it</description>{"".join(params)}'
        "</fingerprint></fingerprints>"
    ).encode()


VERSION = '<param pos="1" name="service.version"/>'


def test_every_example_of_recog() -> None:
    if not RECOG.is_dir():
        pytest.skip("recog's databases are not in ../shared/feeds/recog")
    count = 0
    for file in sorted(RECOG.glob("*.xml")):
        found = load(file.read_bytes(), file.name)
        for fingerprint in found.fingerprints:
            for example in fingerprint.examples:
                match = found.match(example.text)
                assert match is not None, (file.name, example)
                assert match.description == fingerprint.description, (file.name, example)
                for name, value in example.fields.items():
                    assert match.fields[name] == value, (file.name, name, example)
                count += 1
    assert count == 7525


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "version"),
    [
        ("^v(\\d+)$", "", "a\nv1\nb", "1"),
        ("^V(\\d+)$", "REG_ICASE", "v1", "1"),
        ("a.(\\d)", "", "a\n1", None),
        ("a.(\\d)", "REG_DOT_NEWLINE", "a\n1", "1"),
        ("a.(\\d)", "REG_MULTILINE", "a\n1", "1"),
        ("^(?i)V(\\d+)", "", "v1", "1"),
        ("^v(\\d+)?", "", "v", ""),
    ],
)
def test_patterns_are_ruby_s(pattern: str, flags: str, text: str, version: str | None) -> None:
    match = load(database(pattern, VERSION, flags=flags), "x.xml").match(text)
    assert (match.fields["service.version"] if match else None) == version


def test_fields_are_put_into_fixed_values() -> None:
    place = '<param pos="0" name="service.cpe23" value="cpe:/a:x:y:{service.version}:{service.none}"/>'
    match = load(database("^v(\\d+)", VERSION, place), "x.xml").match(b"v12")
    assert match is not None
    assert match.fields["service.cpe23"] == "cpe:/a:x:y:12:-"


def test_captured_braces_are_text() -> None:
    match = load(database("^v(.+)", VERSION), "x.xml").match(b"v{service.version}")
    assert match is not None
    assert match.fields["service.version"] == "{service.version}"


def test_an_exponential_pattern_takes_no_time() -> None:
    """recog has `(.+)* http` in smtp_banners.xml: with a backtracking engine one banner stops a scanner for good."""
    found = load(database("^(.+)* http", VERSION), "x.xml")
    found.match(b"x")
    for text in (b"a" * 65536, b"a " * 32768 + b"htt", "é".encode() * 32768):
        started = time.process_time()
        assert found.match(text) is None
        assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        b"<fingerprints><fingerprint/></fingerprints>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><fingerprints>&a;</fingerprints>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><fingerprints/>',
        database("a", flags="REG_NO_SUCH"),
        b"\xff\xfe\x00",
    ],
)
def test_files_that_cannot_be_used(xml: bytes) -> None:
    with pytest.raises(BadInput, match=r"x\.xml"):
        load(xml, "x.xml")


def test_a_pattern_that_re2_refuses_is_bad_input() -> None:
    with pytest.raises(BadInput, match="it: not a pattern"):
        load(database("a(?=b)"), "x.xml").match(b"ab")
