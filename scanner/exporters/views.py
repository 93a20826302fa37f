"""For whom a report is: the same facts in another order and depth, and of all frameworks those that were asked for.

No view changes a figure, a verdict or the number of findings. What a view leaves out it says.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from scanner.errors import BadInput
from scanner.model.groups import did_you_mean
from scanner.model.recorded import Audience, ControlRow, ViewRow
from scanner.model.report import Report

_TITLES = {
    "summary": "Summary",
    "history": "Risk and changes",
    "zones": "Zone by zone",
    "coverage": "What was tested",
    "gaps": "Segmentation gaps",
    "paths": "Attack paths",
    "patches": "Software and patches",
    "others": "Other findings",
    "plan": "Remediation plan",
    "controls": "Controls",
    "attestations": "Attestations",
    "inventory": "Hosts and services",
    "tables": "Every row",
    "exceptions": "Accepted findings",
    "method": "Method and limits",
    "appendix": "Appendix",
}
_ORDERS: dict[Audience | None, str] = {
    None: "summary history zones coverage gaps paths patches others plan controls attestations inventory tables "
    "exceptions method appendix",
    "owner": "summary history plan zones gaps paths patches others exceptions attestations coverage method",
    "auditor": "summary coverage method controls attestations exceptions zones gaps paths patches others plan history "
    "inventory tables appendix",
    "insurer": "summary attestations controls history patches gaps paths others exceptions plan zones coverage method",
    "engineer": "summary plan gaps paths patches others zones coverage inventory tables appendix history exceptions "
    "controls attestations method",
}
_EVERYTHING = frozenset({"evidence", "versions", "rules"})
_DEPTHS: dict[Audience | None, frozenset[str]] = {"owner": frozenset(), "insurer": frozenset({"versions"})}
"""What is shown besides; all of it where nothing stands here."""
AUDIENCES: dict[Audience, str] = {
    "owner": "the owner of the business",
    "auditor": "an auditor",
    "insurer": "an insurer",
    "engineer": "the engineer who mends it",
}


class Section(msgspec.Struct, frozen=True):
    """`name`: of its element and of its template."""

    name: str
    title: str


def sections(report: Report) -> tuple[Section, ...]:
    """What the report shows, in its order."""
    names = _ORDERS[audience_of(report)].split()
    return tuple(Section(name, _TITLES[name]) for name in names if name != "controls" or report.controls)


def depth(report: Report) -> frozenset[str]:
    """`evidence`: with what each finding rests on and how it is seen again. `versions`: with every version judged.
    `rules`: with what a firewall is to be told."""
    return _DEPTHS.get(audience_of(report), _EVERYTHING)


def audience_of(report: Report) -> Audience | None:
    return report.view.audience if report.view else None


def view_words(report: Report) -> str:
    """What a reader has to know of this view, in a sentence or two; empty of the whole report."""
    view = report.view
    if view is None:
        return ""
    parts = []
    if view.audience is not None:
        shown = {each.name for each in sections(report)}
        missing = [title.lower() for name, title in _TITLES.items() if name not in shown]
        deep = depth(report)
        if "evidence" not in deep:
            missing.insert(0, "the evidence of each finding")
        if "rules" not in deep:
            missing.insert(0, "the rules for firewalls")
        if "versions" not in deep:
            missing.insert(0, "the table of versions")
        lacks = f" It leaves out {_listed(missing)}; the whole report has them." if missing and view.audience else ""
        parts.append(f"For {AUDIENCES[view.audience]}: the facts of the whole report in another order.{lacks}")
    if view.frameworks:
        parts.append(
            f"Of all frameworks only {_listed(view.frameworks)} {'is' if len(view.frameworks) == 1 else 'are'} shown."
        )
    return " ".join(parts)


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def viewed(report: Report, audience: Audience | None = None, frameworks: Iterable[str] = ()) -> Report:
    """The report for somebody, with the controls of these frameworks only. BadInput for a framework that it has not."""
    wanted = tuple(dict.fromkeys(_framework(report.controls, each) for each in frameworks))
    if audience is None and not wanted:
        return report
    if not wanted:
        return msgspec.structs.replace(report, view=ViewRow(audience, ()))
    controls = tuple(each for each in report.controls if name_of(each) in wanted)
    known = {f"{name_of(each)} {each.id}" for each in controls}
    findings = tuple(
        msgspec.structs.replace(each, controls=tuple(name for name in each.controls if name in known))
        for each in report.findings
    )
    return msgspec.structs.replace(report, controls=controls, findings=findings, view=ViewRow(audience, wanted))


def name_of(row: ControlRow) -> str:
    """`PCI DSS 4.0.1`."""
    return f"{row.framework} {row.version}"


def _framework(rows: Iterable[ControlRow], asked: str) -> str:
    """The one that has all these words in its name and version: `pci-dss`, `iso 27001`, `PCI DSS 4.0.1`."""
    names = tuple(dict.fromkeys(map(name_of, rows)))
    words = set(_slug(asked).split("-"))
    found = [name for name in names if words <= set(_slug(name).split("-"))]
    if len(found) != 1:
        slugs = [_slug(name) for name in names]
        mend = did_you_mean(_slug(asked), slugs) or f"there are {', '.join(slugs)}"
        raise BadInput(
            f"--framework {asked}: {'names more than one framework' if found else 'no such framework'}; {mend}"
        )
    return found[0]


def _slug(name: str) -> str:
    return "-".join("".join(each if each.isalnum() else " " for each in name.casefold()).split())
