"""A scan as it goes, drawn: stage, figures, the curve of the packet rate, a bar for each zone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scanner.model.text import duration, plural, visible
from tui.desk import Ended, Standing
from tui.doc import Doc
from tui.live import STAGES, Live, ZoneWork
from tui.status import Mark

_CURVE = "▁▂▃▄▅▆▇█"
_NAMES = 18
"""Cells for a zone's name at the most."""
_LIMITS = 2
"""Limitations that are told here; the log has them all."""

RUNNING = Mark("▶", "scanning", "accent")
PAUSING = Mark("‖", "pausing", "amber")
ENDS = {
    "complete": Mark("●", "complete", "text"),
    "paused": Mark("‖", "paused", "amber"),
    "failed": Mark("!", "failed", "red"),
}
STATES = {"done": Mark("●", "asked", "text"), "now": Mark("▶", "now", "accent"), "next": Mark("○", "to come", "grey")}
"""Of a zone: that its ports were asked proves nothing yet, so that nothing here is green."""

Told = Callable[[str], str]


def progress(live: Live, zone: str, width: int, bars: int, *, ended: Ended | None, pausing: bool, told: Told) -> Doc:
    """`bars`: zones that there is room for; it says how many more there are. `told`: masks what others said."""
    doc = Doc().mark(ENDS[ended.how] if ended else PAUSING if pausing else RUNNING)
    doc.add(f"  from {zone}", bold=True)
    if ended is not None:
        doc.add(f"  {told(ended.reason)}" if ended.reason else "", "muted").end(hang=2)
    else:
        doc.add(f"  {stage(live)}", "muted").end(hang=2)
    doc.line(figures(live), hang=2)
    if live.rates and ended is None:
        doc.add(curve(list(live.rates)[-max(8, width - 26) :]), "accent")
        doc.line(f"  {live.rates[-1]:,.0f} packets/s", "muted")
    zones = live.zones()
    for each in _weightiest(zones, bars):
        bar(doc, each, width)
    if len(zones) > bars:
        doc.line(f"and {plural(len(zones) - bars, 'more zone')}", "muted")
    for limit in live.limits[:_LIMITS]:
        doc.line(f"! {told(limit.what)}: {told(limit.reason)}", "amber", hang=2)
    return doc


def stage(live: Live) -> str:
    """What is asked now, and how long the port scan takes from here."""
    now = live.progress
    if now is None:
        return "beginning"
    about = visible(now.about)
    if about and now.stage == "sweep":
        words = f"asking {about} once more"  # a control: no host is looked for
    else:
        words = f"{STAGES[now.stage]}{f' of {about}' if about else ''}"
    if now.round > 1:
        words += f", round {now.round}"
    if now.stage != "knock" and now.total:
        words += f", {min(now.done, now.total)} of {now.total}"
    left = live.left()
    return f"{words}; ports take about {duration(left)} more" if left is not None and now.stage == "knock" else words


def figures(live: Live) -> str:
    alive = plural(live.alive, "live address", "live addresses")
    parts = [alive, plural(live.open, "open port"), plural(live.named, "service") + " answered"]
    if live.answered:
        parts.append(f"{100 * live.loss:.1f} % of {live.answered:,} answers only when asked again")
    if live.refused:
        parts.append(f"{live.refused} left out by the site file")
    return " · ".join(parts)


def curve(rates: Sequence[float]) -> str:
    """A bar a figure, the largest full."""
    most = max(rates, default=0.0)
    if most <= 0:
        return _CURVE[0] * len(rates)
    return "".join(_CURVE[min(len(_CURVE) - 1, int(len(_CURVE) * each / most))] for each in rates)


def bar(doc: Doc, work: ZoneWork, width: int) -> None:
    name = visible(work.zone) or "no zone"
    name = name if len(name) <= _NAMES else name[: _NAMES - 1] + "…"
    look = STATES[work.state]
    doc.add(f"{look.glyph} ", look.colour, bold=True).add(name.ljust(_NAMES + 1))
    room = max(6, min(40, width - _NAMES - 28))
    full = int(room * work.part)
    doc.add("━" * full, "accent").add("╌" * (room - full), "muted")
    # What is not over is never 100 %.
    percent = 100 if work.part >= 1 else min(99, int(100 * work.part))
    doc.add(f" {percent:>3} %", bold=work.state == "now")
    doc.line(f"  {look.word if work.left is None else duration(work.left) + ' left'}", "muted")


def _weightiest(zones: Sequence[ZoneWork], most: int) -> list[ZoneWork]:
    """Those being asked, then those to come, then the rest; in the order in which they are asked."""
    ranks = {"now": 0, "next": 1, "done": 2}
    chosen = sorted(range(len(zones)), key=lambda at: (ranks[zones[at].state], at))[: max(0, most)]
    return [zones[at] for at in sorted(chosen)]


def vantage(doc: Doc, each: Standing, told: Told) -> Doc:
    """What can be done from a zone now."""
    doc.title(each.zone)
    if each.refused is not None:
        doc.line(f"! {told(each.refused)}", "amber", hang=2)
    elif each.interface is None:
        doc.line("The laptop is not plugged into this zone: no scan can start from here now.", "amber")
    else:
        doc.line(f"Enter starts a scan from here: on {each.interface}, as {told(each.address or '')}.", "accent")
    doc.field("Unfinished", f"{each.unfinished}; it can be gone on with" if each.unfinished else None, "amber")
    doc.field("Last scan", each.last or "never: whatever is reachable from here is not known", "text")
    return doc
