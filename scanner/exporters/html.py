"""The compliance report: one HTML file that needs no network, no script and no second file.

It can be mailed, archived and printed. Whatever came from the client's network is text in it and nothing more:
templates escape every value, unprintable characters are shown as escapes, and the content security policy allows the
report's own style sheet, named by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from scanner.exporters import Exporter, fence_page, fence_words, patch_page, patch_words, words
from scanner.exporters.page import lay_out
from scanner.exporters.verdict import is_scan
from scanner.model import hops
from scanner.model.report import CROSSED, Report, is_open
from scanner.model.text import plural, visible

if TYPE_CHECKING:
    from jinja2 import Environment


def render(report: Report) -> bytes:
    """UTF-8. The same report gives the same bytes, and no clock, machine or version of ours is in them."""
    environment = _environment()
    style = environment.get_template("style.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = environment.get_template("report.html").render(report=report, page=lay_out(report), style_hash=digest)
    return page.encode() + b"\n"


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
        CROSSED=CROSSED,
        MEASURED=fence_words.MEASURED,
        MEASURED_GROUPS=fence_page.MEASURED_GROUPS,
        NOTES=fence_words.NOTES,
        SOFTWARE_AT_ONCE=patch_page.SOFTWARE_AT_ONCE,
        SOFTWARE_LIMIT=patch_page.SOFTWARE_LIMIT,
        asked=hops.asked,
        is_scan=is_scan,
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
    )
    return environment


def _finalize(value: Any) -> Any:
    """What every `{{ }}` passes before it is escaped. Markup is what a macro of ours returned, already treated."""
    if value is None:
        return ""
    return visible(value) if type(value) is str else value


EXPORTER = Exporter(title="Compliance report (HTML, one file)", suffix=".html", render=render)
