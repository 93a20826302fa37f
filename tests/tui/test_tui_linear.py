"""The report as plain lines: everything is there, in words, and nothing that a reader stumbles over."""

from __future__ import annotations

import itertools
import unicodedata
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from fence_sample import fence_report
from hypothesis import given, settings
from hypothesis import strategies as st
from patch_sample import patch_report
from sample import sample_report

from scanner.errors import BadInput
from scanner.model.report import Report
from scanner.model.text import visible
from tui.command import COMMAND
from tui.doc import Doc
from tui.facts import zone_names
from tui.linear import SECTIONS, lines, spoken
from tui.status import CELLS, SEVERITY

REPORTS = {"sample": sample_report(), "fence": fence_report(), "patch": patch_report()}
EMPTY: Report = msgspec.structs.replace(
    sample_report(), vantages=(), hosts=(), reachability=(), cells=(), patches=(), findings=(), remediation=(),
    coverage=(), zones=(), summary=None,
)  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_everything_is_told(name: str) -> None:
    report = REPORTS[name]
    told = list(lines(report))
    whole = "\n".join(told)
    for host in report.hosts:
        assert f"id: {visible(host.id)}" in told
    for left, right in itertools.permutations(zone_names(report), 2):
        assert any(line.endswith(f"{left} to {right}") for line in told if line.startswith("Pair ")), (left, right)
    for finding in report.findings:
        assert visible(finding.title) in whole
        assert visible(finding.remedy.partition("\n")[0]) in whole
    for patch in report.patches:
        assert patch.verdict in whole
    assert told[6].startswith("Separation fails.")
    assert told.count("UNTESTED") == sum(each.verdict == "UNTESTED" for each in report.cells)


@pytest.mark.parametrize("name", REPORTS)
def test_no_line_holds_a_drawing_a_sign_for_a_word_or_a_column(name: str) -> None:
    for line in lines(REPORTS[name]):
        assert line.isprintable()
        assert line == line.strip()
        assert not [char for char in line if unicodedata.category(char) == "So"], line
        assert not set(line) & set("│┊─┌┐└┘├┤━▌•✓✕≈→"), line


@pytest.mark.parametrize("section", SECTIONS)
def test_one_section_alone(section: str) -> None:
    told = list(lines(sample_report(), [section]))
    assert f"Section 1 of 1: {section.capitalize()}." in told
    assert told[-6] == "End of the report."


def test_an_empty_report_says_so() -> None:
    told = list(lines(EMPTY))
    assert told.count("Nothing here.") == len(SECTIONS) - 1
    assert any("nothing" in line.lower() for line in told)


def test_a_plan_is_no_proof() -> None:
    told = list(lines(msgspec.structs.replace(fence_report(), what_if=("guest -> servers tcp/445",))))
    assert told[1] == "WHAT IF: not measured, as if the fence denied guest -> servers tcp/445."


@pytest.mark.parametrize(
    ("doc", "said"),
    [
        (Doc().field("zone", "guest"), "zone: guest"),
        (Doc().mark(CELLS["UNPROVEN"]).add("  ").line("high confidence", "muted"), "UNPROVEN, high confidence"),
        (Doc().mark(SEVERITY["high"]).add("  ").line("exposure", "muted"), "high, exposure"),
        (Doc().add("guest", bold=True).add("  →  ", "muted").line("servers", bold=True), "guest to servers"),
        (Doc().bullets(["PCI DSS 1.2"]), "PCI DSS 1.2"),
        (Doc().title("Known to be exploited (CISA KEV)", "y copies it"), "Known to be exploited (CISA KEV)."),
        (Doc().add("! ", "amber").line("expired"), "expired"),
        (Doc().add("tcp/22".ljust(10), "accent").line("10.0.0.1"), "tcp/22, 10.0.0.1"),
        (Doc().add("ICMP timestamp".ljust(10), "accent").line("10.0.0.1"), "ICMP timestamp, 10.0.0.1"),
        # What a machine said is not made nicer.
        (Doc().line("a  b   ? c ✓ AS_POLICY ━━"), "a  b   ? c ✓ AS_POLICY ━━"),
        (Doc().line("LOUD"), "LOUD"),
    ],
)
def test_a_line_is_said_in_words(doc: Doc, said: str) -> None:
    assert list(spoken(doc)) == [said]


@settings(max_examples=50)
@given(st.text(max_size=40))
def test_whatever_a_machine_says_is_one_line_of_printing_characters(text: str) -> None:
    sample = sample_report()
    host = msgspec.structs.replace(sample.hosts[0], names=(text,), os=text, vendor=text)
    told = list(lines(msgspec.structs.replace(sample, hosts=(host,), client=text), ["hosts"]))
    assert all(line.isprintable() for line in told)
    if visible(text).strip():
        assert any(visible(text).strip() in line for line in told)


def test_the_command_prints_it_without_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    done = CliRunner().invoke(COMMAND, ["--report", str(path), "--accessible"])
    assert done.exit_code == 0
    assert done.output.splitlines() == list(lines(sample_report()))
    assert "\x1b" not in done.output
    masked = CliRunner().invoke(COMMAND, ["--report", str(path), "--accessible", "--masked", "--section", "hosts"])
    assert "10.20." not in masked.output
    assert "servers/h-006" in masked.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--accessible", "--section", "nonsense"], "--section nonsense: there is no such section; there are overview"),
        (["--section", "hosts"], "--section goes with --accessible"),
        (["--masked"], "--masked goes with --accessible"),
        (["--accessible", "--serve"], "give one of the two"),
    ],
)
def test_flags_that_do_not_go_together_are_one_sentence(tmp_path: Path, arguments: list[str], says: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(sample_report()))
    done = CliRunner().invoke(COMMAND, ["--report", str(path), *arguments])
    assert isinstance(done.exception, BadInput)
    assert says in str(done.exception)
