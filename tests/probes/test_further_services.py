"""Probes of services seldom met: what Debian 12's daemons said, and the product that it names."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables import for_every
from test_probes_table import play

from scanner.identify import identify
from scanner.model.probe import Peer

HELP = (
    b"22 Command overview\nUPDATE <filename> <values> [<values> ...]\nFLUSH <filename>\nFLUSHALL\nPENDING <filename>\n"
    b"FORGET <filename>\nQUEUE\nSTATS\nHELP [<command>]\nPING\nBATCH\nQUIT\n"
)
CASES = {
    "lcdproc": (
        b"connect LCDproc 0.5.9 protocol 0.3 lcd wid 20 hgt 4 cellwid 5 cellhgt 8\n",
        b"connect LCDproc 0.5.9 protocol 0.3 lcd wid 20 hgt 4 cellwid 5 cellhgt 8",
        ("lcdproc", "0.5.9"),
    ),
    "gkrellmd": (
        b"<gkrellmd_setup>\n<version>\ngkrellmd 2.3.11\n<decimal_point>\n.\n\n<sensors_setup>\n<cpu_setup>\nn_cpus 2\n",
        b"gkrellmd 2.3.11",
        ("gkrellm", "2.3.11"),
    ),
    "adc": (
        b"ISUP ADBASE ADTIGR ADPING ADUCMD\nISID AAAB\nIINF CT32 VEuhub/0.4.1-release NIlab DEno\\sdescription\n",
        b"IINF CT32 VEuhub/0.4.1-release NIlab DEno\\sdescription",
        ("uhub", "0.4.1"),
    ),
    "boinc": (
        b"<boinc_gui_rpc_reply>\n<unauthorized/>\n</boinc_gui_rpc_reply>\n\x03",
        b"<boinc_gui_rpc_reply>\n<unauthorized/>\n</boinc_gui_rpc_reply>\n",
        ("boinc", None),
    ),
    "syncplay": (
        b'{"Error": {"message": "Not a json encoded string fencewalk"}}\r\n',
        b'{"Error": {"message": "Not a json encoded string fencewalk"}}',
        ("syncplay", None),
    ),
    "quassel": (b"\0\0\0\2", b"\0\0\0\2", ("quassel", None)),
    "rrdcached": (HELP, HELP.rstrip(), ("rrdcached", None)),
}
PEER = Peer("10.66.0.10", 4242)


@pytest.mark.parametrize("name", sorted(CASES))
def test_real_daemons(name: str) -> None:
    answer, raw, product = CASES[name]
    readings, _ = play(name, [answer], PEER)
    assert readings == {name: raw}
    assert [(each.name, each.version) for each in identify(name, raw)] == [product]


def test_a_refusal_names_the_monitor_too() -> None:
    readings, _ = play("gkrellmd", [b"<error>\nBad connect string!"], PEER)
    assert [each.name for each in identify("gkrellmd", readings["gkrellmd"])] == ["gkrellm"]


def test_nothing_of_the_machine_is_kept_but_the_version() -> None:
    readings, _ = play("gkrellmd", [CASES["gkrellmd"][0] + b"<hostname>\nsecret\n<fs_mounts>\n/home\n"], PEER)
    assert readings == {"gkrellmd": b"gkrellmd 2.3.11"}


@for_every("name", sorted(CASES))
@for_every("other", sorted(CASES))
def test_one_is_not_taken_for_another(name: str, other: str) -> None:
    readings, _ = play(name, [CASES[other][0]], PEER)
    assert (name in readings) == (name == other)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(CASES)), cut=st.integers(0, 200), tail=st.binary(max_size=64))
def test_broken_answers_are_survived(name: str, cut: int, tail: bytes) -> None:
    readings, _ = play(name, [CASES[name][0][:cut] + tail], PEER)
    assert all(isinstance(raw, bytes) for raw in readings.values())
