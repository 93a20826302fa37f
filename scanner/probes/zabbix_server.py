"""Zabbix server and proxy (the trapper port): a question that only a session may ask, so that the refusal answers.

No check is reported and no host is named, as an unknown name can make a server register it.
"""

from __future__ import annotations

from scanner.model.probe import Probe
from scanner.probes.exchange import exchange
from scanner.probes.zabbix import MAGIC, packet, whole

_QUESTION = packet(b'{"request":"queue.get","type":"overview","sid":"","limit":"1"}')


def _answer(data: bytes) -> bytes:
    return data[13:] if data.startswith(MAGIC) and b'"response"' in data else b""


PROBE = Probe(
    name="zabbix.server",
    transport="tcp",
    ports=(10051,),
    writes=True,
    steps=exchange("zabbix.server", _QUESTION, _answer, whole),
)
