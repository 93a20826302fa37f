"""The compliance report: one HTML file that needs no network and no second file, and can be read without script.

It can be mailed, archived and printed. Whatever came from the client's network is text in it and nothing more:
templates escape every value, unprintable characters are shown as escapes, and the content security policy allows the
report's own style sheet and the one script of ours that sorts and filters, named by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from scanner.exporters import Exporter, cover_page, fence_page, fence_words, patch_page, patch_words, words, written
from scanner.exporters.page import lay_out
from scanner.exporters.tables import tables
from scanner.exporters.verdict import is_scan, is_simulated
from scanner.model import hops
from scanner.model.report import CROSSED, Report, is_open
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(report: Report) -> bytes:
    """UTF-8. The same report gives the same bytes, and neither clock nor machine is in them."""
    from markupsafe import Markup  # as late as jinja2

    environment = _environment()
    page = lay_out(report)
    style = environment.get_template("style.css").render(cover=page.cover)
    rows = tables(report) if any(each.name == "tables" for each in page.sections) else ()
    script = _script() if rows else ""
    text = environment.get_template("report.html").render(
        report=report,
        page=page,
        tables=rows,
        style_hash=_digest(style),
        style=Markup(style),
        script_hash=_digest(script),
        script=Markup(script),
    )
    return text.encode() + b"\n"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _script() -> str:
    return (resources.files("scanner.exporters") / "templates" / "tables.js").read_text("utf-8")


def _data(inert: bytes) -> Markup:
    """A table's JSON, which has nothing left to escape."""
    from markupsafe import Markup

    return Markup(inert.decode())


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # late: 40 ms that only this format needs

    folder = resources.files("scanner.exporters") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        NOT_MEASURED=words.NOT_MEASURED,
        cell_mark=words.cell_mark,
        FLOWS=words.FLOWS,
        PATCHES=words.PATCHES,
        STATES=words.STATES,
        ACCEPTED_LIMIT=written.FINDING_LIMIT,
        ATTESTED=cover_page.ATTESTED,
        CELLS=words.CELLS,
        CHANGE_LIMIT=cover_page.CHANGE_LIMIT,
        CONTROLS=cover_page.CONTROLS,
        control_mark=cover_page.control_mark,
        CROSSED=CROSSED,
        MEASURED=fence_words.MEASURED,
        MEASURED_GROUPS=fence_page.MEASURED_GROUPS,
        EVIDENCE_LIMIT=words.EVIDENCE_LIMIT,
        NOTES=fence_words.NOTES,
        SOFTWARE_AT_ONCE=patch_page.SOFTWARE_AT_ONCE,
        SOFTWARE_LIMIT=patch_page.SOFTWARE_LIMIT,
        asked=hops.asked,
        is_scan=is_scan,
        is_simulated=is_simulated,
        plural=plural,
        is_open=is_open,
        why_unknown=words.why_unknown,
        age_words=patch_words.age_words,
        behind_words=patch_words.behind_words,
        due_words=patch_words.due_words,
        epss_words=patch_words.epss_words,
        inventory_words=patch_words.inventory_words,
        register_words=patch_words.register_words,
        required_words=patch_words.required_words,
        rule_words=patch_words.rule_words,
        versions=patch_words.versions,
    )
    environment.filters.update(
        long_date=words.long_date,
        short_time=words.short_time,
        figure="{:,}".format,
        unpadded=words.without_padding,
        data=_data,
        coded=_coded,
    )
    return environment


def _coded(text: str) -> str:
    """A sentence of ours with what stands between backticks as code. An odd one out is left as it is."""
    from markupsafe import Markup, escape

    parts = [str(escape(visible(part))) for part in text.split("`")]
    if len(parts) % 2 == 0:
        return text
    return Markup("".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts)))


def _finalize(value: Any) -> Any:
    """What every `{{ }}` passes before it is escaped. Markup is what a macro of ours returned, already treated."""
    if value is None:
        return ""
    return visible(value) if type(value) is str else value


EXPORTER = Exporter(title="Compliance report (HTML, one file)", suffix=".html", render=render)
