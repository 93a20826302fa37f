"""The summary on stdout fits the terminal that it is printed on."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from sample import sample_report

from scanner.cli._summary import summary


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, summary(sample_report(), False, width).splitlines())) <= width


def test_a_narrow_matrix_shows_glyphs_and_says_what_they_mean() -> None:
    zones = [each.name for each in sample_report().zones]
    assert zones, "the sample has zones"
    narrow, wide = (summary(sample_report(), False, width) for width in (60, 160))
    assert "? unproven" in narrow
    assert "1 breach" not in narrow.split("severity")[0]
    assert all(name in wide for name in zones)
