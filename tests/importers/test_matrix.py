"""A zone matrix out of a spreadsheet: every way to write a cell, and one sentence for what cannot be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every

from scanner.errors import BadInput
from scanner.importers.matrix import Cell, looks_like_matrix, read_matrix
from scanner.importers.service_words import NAMES, read_words
from scanner.model.groups import Groups
from scanner.model.site import Site, Zone, service_range

SITE = Site(
    client="c",
    site="s",
    zones=(Zone("front-desk", ("10.0.1.0/24",)), Zone("servers", ("10.0.2.0/24",)), Zone("guest", ("10.0.3.0/24",))),
    groups=Groups(zones={"inside": ("front-desk", "servers")}, services={"Web": ("tcp/80", "tcp/443")}),
)

CELLS = [
    # (as people write it, as a rule has it)
    ("yes", "any"), ("ANY", "any"), (" Allowed ", "any"), ("✓", "any"), ("*", "any"),
    ("tcp/443", "tcp/443"), ("TCP/443", "tcp/443"), ("443", "tcp/443"), ("443/tcp", "tcp/443"), ("TCP 443", "tcp/443"),
    ("tcp:443", "tcp/443"), ("udp 53", "udp/53"), ("53/UDP", "udp/53"), ("https", "tcp/443"), ("HTTPS", "tcp/443"),
    ("tcp/443 tcp/445", "tcp/443 tcp/445"), ("443, 445", "tcp/443 tcp/445"), ("443;445", "tcp/443 tcp/445"),
    ("443\n445", "tcp/443 tcp/445"), ("https / smb", "tcp/443 tcp/445"), ("https + ping", "tcp/443 icmp/8"),
    ("TCP 80, UDP 53", "tcp/80 udp/53"), ("tcp/443 tcp/443", "tcp/443"), ("8000-8080", "tcp/8000-8080"),
    ("tcp 8000–8080", "tcp/8000-8080"), ("dns", "tcp/53 udp/53"), ("web", "Web"), ("WEB, ssh", "Web tcp/22"),
    ("icmp", "icmp"), ("icmp/13", "icmp/13"), ("udp", "udp"), ("tcp/any", "tcp/any"),
]  # fmt: skip


@for_every(("text", "services"), CELLS)
def test_a_cell_as_people_write_it(text: str, services: str) -> None:
    found = read_words(text, SITE.groups.services)
    assert " ".join(found.services) == services
    assert not found.no
    assert not found.but


@pytest.mark.parametrize("text", ["no", "Deny", "-", "–", "none", "BLOCKED", "✗"])
def test_a_cell_that_says_no(text: str) -> None:
    assert read_words(text, {}).no


def test_an_empty_cell_says_nothing_and_an_exclamation_mark_takes_out() -> None:
    assert read_words(" \n", {}) == read_words("", {})
    found = read_words("any !tcp/23, !telnet, !udp/1-9", {})
    assert (found.services, found.but) == (("any",), ("tcp/23", "udp/1-9"))


UNCLEAR = [
    ("x", "more than one way"), ("1", "more than one way"), ("0", "write yes, no, or a service"),
    ("htps", "did you mean 'https'?"), ("tcp/99999", "'tcp/99999' is no service"), ("0-99", "is no service"),
    ("yes tcp/80", "any stands beside services"), ("no tcp/80", "'no' stands beside services"),
    ("udp/53, 123", "is it TCP or UDP? Write tcp/123 or udp/123"), ("!tcp/22", "write any !tcp/22"),
    ("!tcp 22", "write !tcp/22"), ("maybe", "'maybe' is no service"), ("sctp/9", "is no service"),
]  # fmt: skip


@for_every(("text", "said"), UNCLEAR)
def test_a_cell_that_could_mean_several_things_is_not_guessed(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_words(text, {})


@for_every("name", NAMES)
def test_every_name_stands_for_services(name: str) -> None:
    assert all(service_range(each) for each in NAMES[name])
    assert name == name.casefold()


TABLE = "from\\to,Front Desk,servers,guest\nfront-desk,,443,no\nSERVERS,https,-,\n\n"
SAME = [
    ("as it is", TABLE.encode()),
    ("with semicolons", TABLE.replace(",", ";").encode()),
    ("with tabs", TABLE.replace(",", "\t").encode()),
    ("with a mark", b"\xef\xbb\xbf" + TABLE.encode()),
    ("from Windows", TABLE.replace("\n", "\r\n").encode()),
    ("as UTF-16", TABLE.encode("utf-16")),
    (
        "in quotes",
        b'"","Front_Desk","servers","guest"\n"front-desk","","443","no"\n"servers","https","\xe2\x80\x94",\n',
    ),
    ("in a code page", TABLE.replace("-,", "–,").encode("cp1252")),
    ("with empty columns", TABLE.replace("guest\n", "guest,,\n").replace("no\n", "no,,\n").encode()),
]


@pytest.mark.parametrize("raw", [each[1] for each in SAME], ids=[each[0] for each in SAME])
def test_a_table_however_it_is_saved(raw: bytes) -> None:
    assert looks_like_matrix(raw)
    found = read_matrix(raw, SITE, "m.csv")
    said = {
        (each.from_, each.to): "no" if each.words.no else " ".join(each.words.services)
        for each in found.cells
        if each.words.no or each.words.services
    }
    assert said == {
        ("front-desk", "servers"): "tcp/443",
        ("front-desk", "guest"): "no",
        ("servers", "front-desk"): "tcp/443",
    }
    assert found.targets == ("front-desk", "servers", "guest")


def test_lines_are_counted_as_an_editor_does() -> None:
    found = read_matrix(b'x,servers,guest\n\nfront-desk,"443\n445",\ninside,,yes\n', SITE, "m.csv")
    assert [(each.from_, each.line) for each in found.cells if each.words.services] == [
        ("front-desk", 3),
        ("inside", 5),
    ]
    with pytest.raises(BadInput, match=r"m\.csv:5: inside → guest: 'ys'"):
        read_matrix(b'x,servers,guest\n\nfront-desk,"443\n445",\ninside,,ys\n', SITE, "m.csv")


WRONG = [
    ("nothing", b"", "m.csv: the file is empty"),
    ("only blanks", b"\n,,\n", "m.csv: the file is empty"),
    ("a header alone", b"x,servers\n", "has a first line only"),
    ("no columns", b"x,\nservers,\n", "m.csv:1: the first line names no zones"),
    ("an unknown column", b"x,server\nguest,yes\n", "m.csv:1: column 2: 'server' is no zone of the site file; did you "
     "mean 'servers'?"),
    ("an unknown row", b"x,servers\nlobby,yes\n", "m.csv:2: 'lobby' is no zone of the site file; the site file has"),
    ("a row without a name", b"x,servers\n,yes\n", "m.csv:2: a zone's name is missing here"),
    ("a column twice", b"x,servers,Servers\nguest,1,2\n", "m.csv:1: servers has a column already"),
    ("a row twice", b"x,servers\nguest,yes\nguest,no\n", "m.csv:3: guest has a row already"),
    ("too many cells", b"x,servers\nguest,yes,no\n", "m.csv:2: more cells than the first line has"),
    ("a cell that says nothing clear", b"x,servers\nguest,perhaps\n", "m.csv:2: guest → servers: 'perhaps' is no ser"),
    ("an escape", b"x,servers\nguest,\x1b[31m\n", r"'\x1b[31m' is no service"),
    ("a name with an escape", b"x,servers\n\x1b[2Jguest,yes\n", r"'\x1b[2Jguest' is no zone"),
    ("a table on its side", b"To \\ From,servers\nguest,yes\n", "rows have to be the sources: transpose the table"),
    ("no text", b"x,servers\nguest,\0\n", "not text; save the table as CSV"),
    ("an open quote", b'x,servers\nguest,"yes\n', "m.csv:2: no table that can be read"),
    ("a long cell", b"x,servers\nguest," + b"9" * 3000 + b"\n", "a cell of more than 2000 characters"),
    ("a huge cell", b"x,servers\nguest," + b"9" * 300_000 + b"\n", "m.csv:2: "),
    ("many columns", b"x" + b",servers" * 600 + b"\n", "more than 500 columns"),
    ("many lines", b"x,servers\n" + b"guest,yes\n" * 3000, "more than 2000 lines"),
    ("empty lines without end", b"x,servers\n" + b"\n" * 3000, "more than 2000 lines"),
    ("a large file", b"x,servers\n" * 500_000, "larger than 4 MiB"),
]  # fmt: skip


@for_every(("raw", "said"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
def test_what_is_no_matrix_is_said_in_a_sentence(raw: bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_matrix(raw, SITE, "m.csv")
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"just text\n", b"<html>,x", b"{a, b}", b"[1, 2]", b"a: [b, c]\n"[:5], b"\0,\0"]
)
def test_other_files_are_not_taken_for_a_table(raw: bytes) -> None:
    assert not looks_like_matrix(raw)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet=',;\t\n"x serv-/!0443ycp*', max_size=80).map(str.encode))
def test_whatever_stands_in_a_file_is_a_matrix_or_a_sentence(raw: bytes) -> None:
    looks_like_matrix(raw)
    said = "m.csv"
    cells: tuple[Cell, ...] = ()
    try:
        cells = read_matrix(raw, SITE, "m.csv").cells
    except BadInput as error:
        said = str(error)
    assert said.startswith("m.csv")
    assert said.isprintable()
    for each in cells:
        assert all(map(service_range, SITE.groups.services_of((*each.words.services, *each.words.but))))
