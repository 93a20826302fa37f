"""Remote-access tools by what they answer, each under the name that a site file has it by."""

from __future__ import annotations

import pytest
from assess.exposed import HOST, Said, approving, exposures, service, visit
from assess.scene import OFFICE

from scanner.assess.exposures import remote
from scanner.identify import database, kinds

TOOLS: list[tuple[str, tuple[Said, ...]]] = [
    ("Radmin", (("radmin", bytes.fromhex("01000000250000011008010000080000") + bytes(30)),)),
    ("NoMachine", (("nomachine", b"NXD-6.0.0"),)),
    ("RustDesk", (("rustdesk", bytes.fromhex("1caa010408e9b903")),)),
    ("TeamViewer", (("teamviewer", b"\x17\x24\x0a\x20" + bytes(33)),)),
    ("DameWare", (("dameware", b"\x30\x11\0\0" + bytes(36)),)),
    ("Guacamole", (("guacd", b"4.args,13.VERSION_1_5_0,8.hostname,4.port,8.password;"),)),
    ("Guacamole", (("guacd", b"5.error,14.Not supported.,3.256;"),)),
    ("MeshCentral", (("http.title", b"MeshCentral - Login"),)),
]


@pytest.mark.parametrize(("tool", "said"), TOOLS, ids=lambda each: each if isinstance(each, str) else "")
def test_a_tool_is_known_by_what_it_answers(tool: str, said: tuple[Said, ...]) -> None:
    session = visit(OFFICE, *service(HOST[OFFICE], 4567, *said))
    told = [each for each in exposures(session, scene=approving()) if "remote-access tool" in each.title]
    assert [each.title.rpartition(": ")[2].partition(" is ")[0] for each in told] == [tool]
    assert not [each for each in exposures(session, scene=approving(tool)) if "remote-access tool" in each.title]


def test_the_names_of_our_own_fingerprints_are_those_that_they_give() -> None:
    ours = list(remote._PRODUCTS)[: list(remote._PRODUCTS).index("connectwise_control")]
    fingerprints = (each for kind in kinds() for each in database(kind).fingerprints)
    given = {value for each in fingerprints for _, name, value in each.params if name == "service.product"}
    assert set(ours) <= given


def test_tftp_is_a_door_without_a_lock() -> None:
    missing = (("tftp", b"\0\5\0\1File not found\0"), ("tftp.auth", b"none"))
    session = visit(OFFICE, *service(HOST[OFFICE], 69, *missing, transport="udp"))
    assert any("TFTP" in each.title for each in exposures(session, scene=approving()))
