"""OVSDB (RFC 7047), the database that virtual switches are set up by: its databases, and the switch's own version.

Kinds: `ovsdb.switch` (the row of the switch: the version of Open vSwitch, where its start has entered it), `ovsdb` (the
databases), `ovsdb.auth` (`none`: whoever is answered here may also write, as the plain protocol has no login).
"""

from __future__ import annotations

import re

from scanner.model.observation import Reading
from scanner.model.probe import Peer, Probe, Read, Send, Steps
from scanner.probes.greeting import LINE, stranger

_LIST = b'{"method":"list_dbs","params":[],"id":"fencewalk"}'
_ROW = (
    b'{"method":"transact","params":["Open_vSwitch",{"op":"select","table":"Open_vSwitch","where":[],'
    b'"columns":["ovs_version","db_version","system_type","system_version"]}],"id":"fencewalk"}'
)
"""A transaction that reads."""
_SWITCH = b'"Open_vSwitch"'
_OURS = re.compile(rb'"id"\s{0,4}:\s{0,4}"fencewalk"')
_NAME = rb'"[\w.-]{1,64}"'
_LISTED = re.compile(
    rb'"result"\s{0,4}:\s{0,4}\[\s{0,4}(?:' + _NAME + rb"(?:\s{0,4},\s{0,4}" + _NAME + rb"){0,63})?\s{0,4}\]"
)
_ROWS = re.compile(rb'"rows"\s{0,4}:\s{0,4}\[\s{0,4}(\{[^{}]{1,1024}\})')


def _whole(seen: bytes) -> bool:
    return seen.rstrip().endswith(b"}")


def _steps(peer: Peer) -> Steps:
    yield Send(_LIST)
    data = yield Read(enough=_whole, limit=8192)
    listed = _LISTED.search(data)
    if listed is None or not _OURS.search(data):
        return stranger(data, peer.port)
    readings = (Reading("ovsdb", listed[0][:LINE]), Reading("ovsdb.auth", b"none"))
    if _SWITCH not in listed[0]:
        return readings
    yield Send(_ROW)
    row = _ROWS.search((yield Read(enough=_whole, limit=8192)))
    return (Reading("ovsdb.switch", row[1]), *readings) if row else readings


PROBE = Probe(name="ovsdb", transport="tcp", ports=(6640, 6641, 6642), writes=True, steps=_steps, last_resort="text")
