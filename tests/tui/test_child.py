"""Scans and verifications as processes: real ones, that say what they are told to."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from scanner.model.observation import HostSeen, Progress
from tui.child import Child, ScanChild, VerifyChild
from tui.desk import Ended, Item, Outcome, Said

SEEN = HostSeen("10.0.0.1", "arp", 1.0)
LINE = msgspec.json.encode(SEEN).decode()
WAITS = "sys.stdin.read(); print('fencewalk: kept', file=sys.stderr); sys.exit(130)"


def command(code: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, time\n{code}"]


async def all_of(child: Child) -> list[Item]:
    return [item async for item in child]


SCANS = [
    (f"print('''{LINE}''')", [SEEN, Ended("complete")]),
    ("print('fencewalk: no such zone', file=sys.stderr); sys.exit(2)",
     [Said("no such zone"), Ended("failed", "no such zone")]),
    (f"print('''{LINE}''', flush=True); print('fencewalk: eth1 has gone', file=sys.stderr); sys.exit(3)",
     [SEEN, Said("eth1 has gone"), Ended("failed", "eth1 has gone", True)]),
    ("sys.exit(4)", [Ended("failed", "its process ended with code 4")]),
    (f"print('''{LINE}''', flush=True); os.kill(os.getpid(), 9)",
     [SEEN, Ended("failed", "its process was ended by signal 9", True)]),
    ("sys.exit(130)", [Ended("paused", "nothing was found yet")]),
    ("print('no event'); print('{\"kind\": \"nothing\"}'); print()",
     [Said("no event"), Said('{"kind": "nothing"}'), Ended("complete")]),
    ("sys.stderr.write('\\x1b]0;OWNED\\x07\\n')", [Said("\\x1b]0;OWNED\\x07"), Ended("complete")]),
    ("sys.stderr.write('no newline')", [Said("no newline"), Ended("complete")]),
    ("os.write(1, b'\\xff\\xfe\\n')", [Said("\ufffd\ufffd"), Ended("complete")]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "items"), SCANS, ids=[each[0][:40] for each in SCANS])
async def test_what_a_scan_says(code: str, items: Sequence[Item]) -> None:
    found = await all_of(ScanChild([(command(code), "")]))
    # What stands in two pipes comes in either order.
    assert found[-1] == items[-1]
    assert sorted(map(repr, found[:-1])) == sorted(map(repr, items[:-1]))


VERIFICATIONS = [
    ("print('gone: gap-1a: the fence refuses it')", Outcome("gone", "the fence refuses it")),
    ("print('cannot tell here: gap-1a: asked: from guest')", Outcome("cannot tell here", "asked: from guest")),
    ("print('confirmed: gap-1a: \\x1b[31mred')", Outcome("confirmed", "\\x1b[31mred")),
    ("print('perhaps: gap-1a: who knows')", Ended("failed", "perhaps: gap-1a: who knows")),
    ("print('gone: gap-1a: x'); sys.exit(3)", Ended("failed", "its process ended with code 3")),
    ("pass", Ended("failed", "its process ended with code 0")),
]


@pytest.mark.parametrize(("code", "item"), VERIFICATIONS, ids=[each[0] for each in VERIFICATIONS])
async def test_what_a_verification_says(code: str, item: Item) -> None:
    assert (await all_of(VerifyChild([(command(code), "")])))[-1] == item


async def test_a_pause_ends_its_stdin_and_the_rest_is_still_heard() -> None:
    child = ScanChild([(command(f"print('''{LINE}''', flush=True)\n{WAITS}"), "")])
    assert await anext(child) == SEEN
    await child.pause()
    assert await all_of(child) == [
        Said("kept"),
        Ended("paused", "what was found is kept, and it can be gone on with", True),
    ]


async def test_a_pause_before_it_has_begun_holds() -> None:
    child = ScanChild([(command(WAITS), "")])
    await child.pause()
    assert (await all_of(child))[-1] == Ended("paused", "nothing was found yet")


async def test_closing_waits_until_it_has_stopped_and_twice_does_no_harm(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"print('''{LINE}''', flush=True)\nsys.stdin.read(); time.sleep(0.3); open({str(mark)!r}, 'w').close()"
    child = ScanChild([(command(code), "")])
    assert await anext(child) == SEEN
    await child.aclose()
    assert mark.exists()
    await child.aclose()


async def test_one_that_does_not_stop_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.child._STOPS_WITHIN", 0.3)
    monkeypatch.setattr("tui.child._ENDS_WITHIN", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = ScanChild([(command(f"{deaf}\nprint('''{LINE}''', flush=True)\ntime.sleep(60)"), "")])
    assert await anext(child) == SEEN
    began = time.monotonic()
    await child.aclose()
    assert time.monotonic() - began < 20
    assert (await all_of(child))[-1] == Ended("failed", "its process was ended by signal 9", True)


async def test_closing_what_never_began_starts_nothing() -> None:
    await ScanChild([(["/nonexistent"], "")]).aclose()


async def test_a_program_that_is_not_there_is_said() -> None:
    (ended,) = await all_of(ScanChild([(["/nonexistent"], "")]))
    assert ended == Ended("failed", "no process can be started: No such file or directory")


REFUSES = command("print('sudo: a password is required', file=sys.stderr); sys.exit(1)")


async def test_where_sudo_refuses_it_runs_without_and_says_so() -> None:
    child = ScanChild([(REFUSES, ""), (command(f"print('''{LINE}''')"), "ordinary connections")])
    assert await all_of(child) == [Said("ordinary connections"), SEEN, Ended("complete")]


async def test_what_fails_by_itself_is_not_tried_again() -> None:
    fails = command("print('fencewalk: no such zone', file=sys.stderr); sys.exit(1)")
    child = ScanChild([(fails, ""), (command(f"print('''{LINE}''')"), "never")])
    assert await all_of(child) == [Said("no such zone"), Ended("failed", "no such zone")]


async def test_its_terminal_is_not_its_own_to_be_interrupted_by() -> None:
    child = VerifyChild([(command("print(os.getpgrp() == os.getpid())"), "")])
    assert await anext(child) == Said("True")
    await all_of(child)


async def test_a_flood_is_heard_whole_and_leaves_the_others_their_turn() -> None:
    lines = msgspec.json.encode(Progress("knock", 1, 2, 1.0)).decode()
    child = ScanChild([(command(f"sys.stdout.write('''{lines}\n''' * 100_000)"), "")])
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    count = 0
    async for item in child:
        count += isinstance(item, Progress)
    task.cancel()
    assert count == 100_000
    assert turns > 200
