"""`fencewalk canary` and `scan --canary` as they are typed: what they refuse, and what a dry run says of a canary."""

from __future__ import annotations

from pathlib import Path

import pytest
from typed import SITE, Run, sentence

from scanner.canary import asked
from scanner.cli._resume import as_flags, unfinished
from scanner.model.observation import Vantage
from scanner.plan import make_plan
from scanner.ports import Ports, parse_ports
from scanner.session import load_site
from scanner.store import Store

HERE = Vantage("loop", "lo", "127.0.0.1")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.yaml"
    path.write_text(SITE)
    return path


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("canary", "--zone", "nowhere"), "--zone nowhere: the site file has no such zone; its zones are loop, far"),
        (("canary", "--zone", "far"), "no interface is in zone 'far'"),
        (("canary", "--zone", "loop", "--interface", "nope"), "there is no interface 'nope'"),
        (("canary", "--zone", "loop", "--ports", "none"), "--ports none: no port is left"),
        (("canary", "--zone", "loop", "--ports", "x y"), "--ports x y"),
        (("scan", "--from", "loop", "--canary-ports", "22"), "no --canary says where it is"),
        (("scan", "--from", "loop", "--canary", "127.77.0.2", "--canary-ports", "S:1"), "--canary-ports S:1"),
        (("scan", "--from", "loop", "--dry-run", "--canary", "somewhere"), "--canary somewhere: no IP address"),
        (("scan", "--from", "loop", "--dry-run", "--canary", "127.9.9.9"), "--canary 127.9.9.9: it is in no zone"),
        (("scan", "--from", "loop", "--dry-run", "--canary", "127.0.0.3"), "no fence lies between"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Run, site: Path, words: tuple[str, ...], why: str) -> None:
    code, _, err = run(words[0], site, *words[1:])
    assert code == 2
    assert why in sentence(err)


def test_without_an_authorization_nobody_listens(run: Run, site: Path) -> None:
    site.write_text(SITE.replace("until: 2099-12-31", "until: 2020-12-31"))
    code, _, err = run("canary", site, "--zone", "loop")
    assert code == 2
    assert "outside the authorization" in sentence(err)


def test_a_dry_run_says_what_a_canary_gets(run: Run, site: Path) -> None:
    _, out, _ = run("scan", site, "--from", "loop", "--dry-run", "--canary", "127.77.0.2", "--engine", "connect")
    (line, *more) = out[out.index("\ncanary") + 1 :].splitlines()
    assert line.startswith("canary       127.77.0.2: 65,530 TCP ports and 65,515 UDP ports and echo, by signed probes")
    assert "signed after the handshake" in line
    assert more[0].split(":")[0].strip() == "without tcp 102,502,20000,44818,47808"
    others = next(each for each in out.splitlines() if each.startswith("other zones"))
    assert others.endswith("127.77.0.1,127.77.0.3-127.77.0.6")
    _, plain, _ = run("scan", site, "--from", "loop", "--dry-run")
    assert "\ncanary" not in plain


def test_a_resumed_scan_asks_the_same_canary_with_the_same_nonce(run: Run, site: Path) -> None:
    loaded = load_site(site)
    where = site.with_suffix(".fencewalk.sqlite")
    with Store(where) as store:
        plan = asked(make_plan(loaded, HERE, parse_ports("80")), loaded, ("127.77.0.2",), Ports((22,)), store)
        begun = store.begin("Test", "here", plan, "connect")
        assert begun.scan.nonce == plan.nonce
        assert len(plan.nonce) == 4
        # A canary that was killed is no scan to go on with.
        store.begin("Test", "here", make_plan(loaded, HERE, Ports()), "canary", "canary")
        again = store.unfinished("Test", "here", "loop")
        assert again is not None
        assert (again.scan.id, again.plan.nonce, again.plan.canary) == (begun.scan.id, plan.nonce, "127.77.0.2")
    earlier = unfinished(where, loaded, "loop")
    assert earlier is not None
    assert "--canary 127.77.0.2" in as_flags(earlier)
    other = ("--canary", "127.77.0.3")
    code, _, err = run("scan", site, "--from", "loop", "--interface", "lo", "--dry-run", "--resume", *other)
    assert code == 2
    assert "--canary (127.77.0.2)" in sentence(err)


def test_no_two_scans_have_one_nonce(site: Path) -> None:
    loaded = load_site(site)
    plan = make_plan(loaded, HERE, Ports())
    with Store(site.with_suffix(".sqlite")) as store:
        seen = set()
        for _ in range(20):
            made = asked(plan, loaded, ("127.77.0.2",), Ports((22,)), store)
            store.begin("Test", "here", made, "raw")
            seen.add(made.nonce)
    assert len(seen) == 20
