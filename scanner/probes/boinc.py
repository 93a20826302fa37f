"""BOINC's client: its remote procedure calls' exchange of versions, which most answer only after a login.

The refusal is in its own words, so that it tells the product all the same. No login is tried.
"""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange

_ASK = (
    b"<boinc_gui_rpc_request>\n<exchange_versions>\n<major>7</major>\n<minor>20</minor>\n<release>0</release>\n"
    b"</exchange_versions>\n</boinc_gui_rpc_request>\n\x03"
)


def _answer(data: bytes) -> bytes:
    return data.rstrip(b"\x03") if data.startswith(b"<boinc_gui_rpc_reply>") else b""


PROBE = Probe(
    name="boinc",
    transport="tcp",
    ports=(31416,),
    writes=True,
    steps=exchange("boinc", _ASK, _answer, lambda seen: seen.endswith(b"\x03")),
)
