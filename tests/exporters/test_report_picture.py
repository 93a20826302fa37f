from __future__ import annotations

import itertools
import math
import re

import pytest

from scanner.exporters.picture import Box, Picture, draw
from scanner.model.report import HostRow, ZoneRow

TRUSTS = ("untrusted", "user", "device", "management", "critical")


def zones(count: int) -> tuple[ZoneRow, ...]:
    return tuple(ZoneRow(f"z{index}", (), TRUSTS[index % 5], None, 0) for index in range(count))


def drawn(count: int) -> Picture:
    pairs = itertools.permutations((zone.name for zone in zones(count)), 2)
    picture = draw(zones(count), frozenset({"z0"}), dict.fromkeys(pairs, 1))
    assert picture is not None
    return picture


def holds(box: Box, x: float, y: float) -> bool:
    return box.x < x < box.x + box.width and box.y < y < box.y + box.height


@pytest.mark.parametrize("count", [0, 1, 11])
def test_no_picture_where_it_would_say_nothing(count: int) -> None:
    assert draw(zones(count), frozenset(), {("z0", "z1"): 1}) is None
    assert draw(zones(3), frozenset(), {}) is None, "boxes without an arrow"


@pytest.mark.parametrize("count", range(2, 11))
def test_boxes_lie_inside_and_apart(count: int) -> None:
    picture = drawn(count)
    for box in picture.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height
    for left, right in itertools.combinations(picture.boxes, 2):
        assert abs(left.x - right.x) >= left.width + 6 or abs(left.y - right.y) >= left.height + 6


@pytest.mark.parametrize("count", range(2, 11))
def test_an_arrow_goes_from_its_box_to_its_box(count: int) -> None:
    picture = drawn(count)
    boxes = {box.zone.name: box for box in picture.boxes}
    assert len(picture.arrows) == count * (count - 1)
    for arrow in picture.arrows:
        numbers = [float(each) for each in re.findall(r"-?\d+\.\d", arrow.line)]
        start, tip = numbers[:2], [float(each) for each in arrow.head.split(" ")[0].split(",")]
        for box, (x, y) in ((boxes[arrow.from_], start), (boxes[arrow.to], tip)):
            assert not holds(box, x, y)
            assert abs(x - box.x - box.width / 2) <= box.width / 2 + 8
            assert abs(y - box.y - box.height / 2) <= box.height / 2 + 8


def test_the_two_directions_lie_apart() -> None:
    there, back = drawn(2).arrows
    assert math.dist(there.at, back.at) > 25


def test_the_least_trusted_is_left_and_the_most_critical_right() -> None:
    picture = drawn(5)
    by_x = sorted(picture.boxes, key=lambda box: box.x)
    assert by_x[0].zone.trust == "untrusted"
    assert by_x[-1].zone.trust in ("critical", "management")
    assert [box.stood_in for box in picture.boxes] == [True, False, False, False, False]


def test_a_zone_says_what_kinds_of_machines_it_has() -> None:
    def host(zone: str, device: str) -> HostRow:
        return HostRow(f"{zone}/x", zone, (), None, None, (), None, (), (), device=device)

    found = [host("z0", "printer"), host("z0", "unknown"), host("z0", "unknown"), host("z0", "ip-phone")]
    picture = draw(zones(3), frozenset(), {("z0", "z1"): 1}, [*found, host("z1", "unknown")])
    assert picture is not None
    assert [box.hosts for box in picture.boxes] == [
        "4 hosts: 1 ip phone, 1 printer, 2 unknown", "1 host", "no host found",
    ]  # fmt: skip
    assert [box.kinds for box in picture.boxes] == ["1 ip phone, +3", "", ""]


@pytest.mark.parametrize(
    ("kinds", "short"),
    [
        ({"camera": 2, "phone": 2, "router": 1, "unknown": 1}, "2 cameras, 2 phones, +2"),
        ({"switch": 2, "ups": 1}, "2 switches, 1 ups"),
        ({"management-controller": 3, "nas": 1}, "3 management controllers, +1"),
        ({"server": 7, "router": 1, "unknown": 1}, "7 servers, 1 router, +1"),
    ],
)
def test_a_box_names_whole_kinds_and_counts_the_rest(kinds: dict[str, int], short: str) -> None:
    hosts = [
        HostRow(f"z0/{kind}{number}", "z0", (), None, None, (), None, (), (), device=kind)
        for kind, count in kinds.items()
        for number in range(count)
    ]
    picture = draw(zones(2), frozenset(), {("z0", "z1"): 1}, hosts)
    assert picture is not None
    assert picture.boxes[0].kinds == short


def test_no_arrow_goes_under_the_box_of_a_zone_that_it_is_not_about() -> None:
    breached = [
        ("z2", "z4"),
        ("z1", "z4"),
        ("z1", "z3"),
        ("z4", "z1"),
        ("z5", "z4"),
        ("z5", "z3"),
        ("z0", "z4"),
        ("z0", "z3"),
    ]
    picture = draw(zones(6), frozenset(), dict.fromkeys(breached, 1))
    assert picture is not None
    for arrow in picture.arrows:
        (x0, y0, x1, y1, x2, y2) = (float(each) for each in re.findall(r"-?\d+\.\d", arrow.line))
        for step in range(101):
            t = step / 100
            x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * x1 + t**2 * x2
            y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * y1 + t**2 * y2
            under = [each.zone.name for each in picture.boxes if holds(each, x, y)]
            assert not under, f"{arrow.from_} to {arrow.to} at {t}"
