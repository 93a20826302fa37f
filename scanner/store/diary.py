"""The figures of each day's assessment, kept beside the scan data: what a report's trend is drawn from.

Nothing is judged by them, and no row of scan data is touched. A store of an older version has none.
"""

from __future__ import annotations

import datetime

import msgspec

from scanner.model.recorded import TrendRow
from scanner.store.journal import Store

_MADE = """
CREATE TABLE IF NOT EXISTS assessments (
    client TEXT NOT NULL, site TEXT NOT NULL, day TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (client, site, day)
)
"""
_MOST = 120
"""Days that a report looks back on."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(TrendRow).decode


def figures(store: Store, client: str, site: str, before: datetime.date) -> tuple[TrendRow, ...]:
    """Of the assessments of earlier days, the oldest first. BadInput where they cannot be read back."""
    with store._reading():
        if not store._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'assessments'").fetchone():
            return ()
        rows = store._db.execute(
            "SELECT body FROM assessments WHERE client = ? AND site = ? AND day < ? ORDER BY day DESC LIMIT ?",
            (client, site, before.isoformat(), _MOST),
        ).fetchall()
        return tuple(_decode(body) for (body,) in reversed(rows))


def keep_figures(store: Store, client: str, site: str, row: TrendRow) -> None:
    """The last assessment of a day is the one that counts. `store`: opened for writing."""
    body = _encode(row)
    key = (client, site, row.date)
    with store._reading():
        store._db.execute(_MADE)
        same = store._db.execute(
            "SELECT body FROM assessments WHERE client = ? AND site = ? AND day = ?", key
        ).fetchone()
    if same is None or same[0] != body:
        with store._transaction():
            store._db.execute("INSERT OR REPLACE INTO assessments VALUES (?, ?, ?, ?)", (*key, body))
