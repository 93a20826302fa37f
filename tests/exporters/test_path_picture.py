"""The picture of attack paths: which it draws, in what order, with what words, and that nothing lies over anything."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest
from browser import BROWSER, Browser
from lxml import html
from sample import HOSTILE, sample_report

from scanner.exporters.html import EXPORTER
from scanner.exporters.path_picture import HOPS_DRAWN, PATHS_DRAWN, PathPicture, draw_paths
from scanner.model.report import ExceptionRow, FindingRow, HopRow, PathRow, Report

TEXTS = """
[...document.querySelectorAll('.paths-picture text, .paths-picture rect, .paths-picture .head')].map(each => {
  const box = each.getBBox();
  return [each.tagName, each.parentNode.getAttribute('class'), box.x, box.y, box.width, box.height, each.textContent];
})
"""


def path(from_: str, critical: str, hops: int, *, allowed: bool = False, observed: bool = True) -> PathRow:
    ends = [f"servers/10.0.{number}.{len(critical)}" for number in range(hops)]
    steps = tuple(HopRow(from_, end, "tcp", 22 + at, "credential", observed, allowed or at > 0, "seen")
                  for at, end in enumerate(ends))  # fmt: skip
    return PathRow(from_, critical, ends[-1], steps)


def finding(of: PathRow, severity: str, number: int, *, accepted: bool = False) -> FindingRow:
    template = next(row for row in sample_report().findings if row.kind == "segmentation-gap")
    until = ExceptionRow("Ann", "known", "Bo", "2027-01-01", False) if accepted else None
    ends = {"from_": of.from_, "host": of.host, "exception": until}
    return msgspec.structs.replace(template, id=f"path-{number}", kind="attack-path", severity=severity, **ends)


def drawn(*paths: PathRow, severities: str = "", accepted: tuple[int, ...] = ()) -> PathPicture | None:
    words = severities.split() or ["high"] * len(paths)
    rows = [
        finding(of, word, at, accepted=at in accepted) for at, (of, word) in enumerate(zip(paths, words, strict=True))
    ]
    return draw_paths(paths, rows, {row.id: of for row, of in zip(rows, paths, strict=True)}, {})


def starts(picture: PathPicture | None) -> list[str]:
    assert picture is not None
    return [each.title for each in picture.nodes if each.role == "start"]


def test_no_path_no_picture() -> None:
    assert drawn() is None
    assert drawn(path("guest", "DB", 1), accepted=(0,)) is None, "accepted"


def test_the_worst_stand_first_and_those_of_one_system_together() -> None:
    paths = [path("a", "DB", 1), path("b", "NAS", 1), path("c", "DB", 2), path("d", "NAS", 3)]
    picture = drawn(*paths, severities="low critical medium high")
    assert starts(picture) == ["b", "d", "c", "a"]
    assert picture is not None
    assert [each.label for each in picture.nodes if each.role == "critical"] == ["NAS", "DB"]


def test_what_is_not_drawn_is_counted() -> None:
    paths = [path(f"z{number}", "DB", 1) for number in range(PATHS_DRAWN + 5)]
    picture = drawn(*paths, severities="low " * (PATHS_DRAWN + 4) + "critical", accepted=(0, 1))
    assert picture is not None
    assert (len(picture.told), picture.more, picture.accepted) == (PATHS_DRAWN, 3, 2)
    assert starts(picture)[0] == f"z{PATHS_DRAWN + 4}"
    assert not {"z0", "z1"} & set(starts(picture))


def test_a_gap_that_was_accepted_is_no_open_path() -> None:
    of = path("guest", "DB", 1)
    gap = msgspec.structs.replace(
        finding(of, "high", 1, accepted=True), kind="segmentation-gap", transport="tcp", port=22
    )
    assert draw_paths([of], [gap], {}, {}) is None
    assert draw_paths([of], [msgspec.structs.replace(gap, exception=None)], {}, {}) is not None
    assert draw_paths([of], [msgspec.structs.replace(gap, port=23)], {}, {}) is not None, "another's acceptance"


@pytest.mark.parametrize("hops", range(1, 9))
def test_a_long_path_is_folded_and_its_sentence_is_not(hops: int) -> None:
    picture = drawn(path("guest", "DB", hops))
    assert picture is not None
    assert len(picture.steps) == min(hops, HOPS_DRAWN)
    assert [each.role for each in picture.nodes].count("step") == min(hops, HOPS_DRAWN) - 1
    folded = [each.under for each in picture.nodes if each.under.startswith("after ")]
    assert folded == ([] if hops <= HOPS_DRAWN else [f"after {hops - HOPS_DRAWN} other{'s' * (hops - HOPS_DRAWN > 1)}"])
    assert picture.told[0].count(" of servers/10.0.") == hops


def test_an_arrow_says_policy_and_proof_in_words() -> None:
    picture = drawn(path("guest", "DB", 2, observed=False))
    assert picture is not None
    first, second = picture.steps
    assert (first.forbidden, first.inferred, first.below) == (True, True, ("✕ against policy", "inferred"))
    assert (second.forbidden, second.below) == (False, ("allowed", "inferred"))


def many(names: tuple[str, ...]) -> Report:
    paths = tuple(
        path(f"{name} zone {number}", f"{name} system", number % 6 + 1, observed=bool(number % 2))
        for number, name in enumerate(names)
    )
    return msgspec.structs.replace(sample_report(), paths=paths)


def test_hostile_names_are_text_and_the_bytes_are_the_same() -> None:
    page = EXPORTER.render(many(HOSTILE))
    assert page == EXPORTER.render(many(HOSTILE))
    svg = html.fromstring(page).cssselect(".paths-picture svg")[0]
    assert {each.tag for each in svg.iter()} == {"svg", "title", "desc", "g", "path", "polygon", "text", "rect"}
    assert not [name for each in svg.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    labels = svg.get("aria-labelledby").split()
    assert [each.tag for each in svg if each.get("id") in labels] == ["title", "desc"]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt install chromium")
@pytest.mark.parametrize("names", [tuple("abcdefghijkl"), ("W" * 40,) * 7], ids=["short", "wide"])
def test_nothing_lies_over_anything(tmp_path: Path, names: tuple[str, ...]) -> None:
    with Browser(tmp_path) as browser:
        browser.open(EXPORTER.render(many(names)))
        shapes = browser.say(TEXTS)
    assert len(shapes) > 40
    texts = [shape for shape in shapes if shape[0] == "text"]
    for one, other in itertools.combinations(texts, 2):
        # A line of text has room above and below its letters.
        apart = one[2] + one[4] <= other[2] or other[2] + other[4] <= one[2]
        assert apart or abs(one[3] + one[5] / 2 - other[3] - other[5] / 2) >= 10, (one, other)
    boxes = [shape for shape in shapes if shape[0] == "rect"]
    for label in texts:
        inside = label[1].startswith("stop")
        for box in boxes:
            beside = label[2] >= box[2] + box[4] or label[2] + label[4] <= box[2]
            off = label[3] >= box[3] + box[5] or label[3] + label[5] <= box[3]
            held = box[2] <= label[2] and label[2] + label[4] <= box[2] + box[4]
            assert beside or off or (inside and held), (label, box)
