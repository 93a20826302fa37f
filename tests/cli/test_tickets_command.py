"""`fencewalk tickets` as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tickets.rescans import GAP, Client, denied, network
from tickets.stand_ins import CLIENT_ID, KEY, PRIVATE, PUBLIC, SECRET, AlertOps, ConnectWise, Hook, Once, serving
from typed import Run, judge_of, sentence


@pytest.fixture
def scanned(tmp_path: Path) -> Client:
    client = Client(tmp_path, {})
    client.scan(network())
    return client


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "CONNECTWISE_PUBLIC_KEY": PUBLIC, "CONNECTWISE_PRIVATE_KEY": PRIVATE, "CONNECTWISE_CLIENT_ID": CLIENT_ID,
        "ALERTOPS_KEY": KEY, "WEBHOOK_SECRET": SECRET,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"FENCEWALK_{name}", value)


def test_a_preview_needs_nothing_and_sends_nothing(scanned: Client, run: Run) -> None:
    code, out, err = run("tickets", scanned.path, "--to", "connectwise")
    assert code == 0
    assert out.splitlines()[0] == f"create  high     {GAP} → servers except what policy allows (main)"
    assert out.splitlines()[-1] == "4 items at connectwise: 4 to create"
    assert "the site file does not say where at ConnectWise" in err
    assert "Nothing was sent: --send does it." in err
    assert not list(scanned.path.parent.glob("*.tickets.sqlite"))


def test_a_preview_asks_nobody(scanned: Client, run: Run) -> None:
    with serving(ConnectWise()) as desk:
        scanned.tickets = {
            "connectwise": {"server": desk.url, "login": "msp", "company": "EXAMPLE", "board": "Network"}
        }
        scanned.write()
        code, out, _ = run("tickets", scanned.path, "--to", "connectwise", "--full")
        assert (code, desk.asked) == (0, [])
    assert "    WHAT TO CHANGE" in out
    assert "    Fingerprint: fencewalk-" in out


def test_sending_says_what_was_done_and_the_next_preview_knows(scanned: Client, run: Run, keys: None) -> None:
    with serving(ConnectWise()) as desk:
        assert isinstance(desk, ConnectWise)
        scanned.tickets = {
            "connectwise": {
                "server": desk.url, "login": "msp", "company": "EXAMPLE", "board": "Network",
                "priorities": {"high": "Priority 1"}, "status": {"open": "To do", "closed": "Resolved"},
            }
        }  # fmt: skip
        scanned.write()
        code, out, err = run("tickets", scanned.path, "--to", "connectwise", "--send")
        assert (code, err) == (0, "")
        assert out.splitlines()[-1] == "4 items at connectwise: 4 created"
        assert "(main) #1000" in out
        first = desk.tickets[0]
        assert (first["status"], first["priority"]) == ({"name": "To do"}, {"name": "Priority 1"})
        assert "priority" not in desk.tickets[-1]
        assert first["initialDescription"].startswith("Example Ltd / main, assessed ")
        scanned.scan(denied(network()))
        code, out, _ = run("tickets", scanned.path, "--to", "connectwise")
        assert out.splitlines()[0].startswith(f"close   high     {GAP}")
        assert out.splitlines()[-1] == "4 items at connectwise: 1 to close, 3 as they are"
        assert not first["closedFlag"]
        code, out, _ = run("tickets", scanned.path, "--to", "connectwise", "--send", "-o", "json=-")
        done = json.loads(out)
        assert list(judge_of("tickets").iter_errors(done)) == []
        assert (done["sent"], done["to"]) == (True, "connectwise")
        assert [(each["word"], each["id"]) for each in done["items"]][-1] == ("close", "1000")
        assert first["status"] == {"name": "Resolved"}


def test_a_webhook_gets_what_its_schema_says(scanned: Client, run: Run, keys: None) -> None:
    with serving(Hook()) as desk:
        assert isinstance(desk, Hook)
        scanned.tickets = {"webhook": {"url": f"{desk.url}/hook"}, "link": "https://reports.example.com/main"}
        scanned.write()
        assert run("tickets", scanned.path, "--to", "webhook", "--send")[0] == 0
    judge = judge_of("webhook")
    assert [list(judge.iter_errors(each)) for each in desk.events] == [[]] * 4
    assert {(each["event"], each["state"], each["link"]) for each in desk.events} == {
        ("create", "open", "https://reports.example.com/main")
    }


def test_the_two_that_pass_items_on_do_not_both_get_them(scanned: Client, run: Run, keys: None) -> None:
    with serving(AlertOps()) as alertops, serving(ConnectWise()) as connectwise:
        assert isinstance(alertops, AlertOps)
        scanned.tickets = {
            "alertops": {"url": f"{alertops.url}/POSTAlert/{{key}}/fencewalk"},
            "connectwise": {"server": connectwise.url, "login": "msp", "company": "EXAMPLE", "board": "Network"},
        }
        scanned.write()
        assert run("tickets", scanned.path, "--to", "alertops", "--send")[0] == 0
        assert alertops.told[0]["source_name"] == "Example Ltd"
        code, out, err = run("tickets", scanned.path, "--to", "connectwise", "--send")
        assert (code, out, connectwise.asked) == (2, "", [])
        assert "4 items at alertops open" in sentence(err)
        assert run("tickets", scanned.path, "--to", "connectwise", "--send", "--beside")[0] == 0


MISTAKES: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such desk": (("--to", "jira"), 2, "--to jira: is none of alertops, connectwise, webhook"),
    "nowhere to send": (("--to", "webhook", "--send"), 2, "nothing says where the webhook is"),
    "another format": (("--to", "webhook", "-o", "csv=x"), 2, "write json=PATH"),
    "another firewall": (("--to", "webhook", "--firewall", "moat"), 2, "--firewall moat: is none of nftables"),
    "over the site file": (("--to", "webhook", "-o", "json={site}"), 2, "would overwrite"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_its_sentence(name: str, scanned: Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    flags, wanted, words = MISTAKES[name]
    monkeypatch.delenv("FENCEWALK_WEBHOOK_URL", raising=False)
    code, out, err = run("tickets", scanned.path, *(each.replace("{site}", str(scanned.path)) for each in flags))
    assert (code, out) == (wanted, "")
    assert words in sentence(err)


def test_a_desk_that_is_not_there_leaves_the_round_to_be_gone_on_with(scanned: Client) -> None:
    """In a process of its own, with all that it prints: the webhook's address is its key, and shows nowhere."""
    desk = Once("/services/T0K3N", (429, {"Retry-After": "9999"}, b""))
    environment = os.environ | {"FENCEWALK_WEBHOOK_URL": desk.url}
    command = [sys.executable, "-m", "scanner.cli", "tickets", str(scanned.path), "--to", "webhook", "--send"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    desk.end()
    assert done.returncode == 3
    assert "4 of 4 items left" in sentence(done.stderr)
    assert "T0K3N" not in done.stdout + done.stderr
    for path in scanned.path.parent.iterdir():
        assert b"T0K3N" not in path.read_bytes(), path


def test_software_that_only_an_inventory_shows_is_done_when_a_newer_one_says_so(
    scanned: Client, run: Run, keys: None
) -> None:
    folder = scanned.path.parent
    title = "Update servers/10.77.2.3"

    def listed(version: str, taken: str) -> None:
        (folder / "packages.txt").write_text(f"base-files\t12.4+deb12u7\nopenssh-server\t1:9.2p1-2+{version}\n")
        done = run("import", scanned.path, folder / "packages.txt", "--host", "10.77.2.3", "--taken", taken)
        assert done[0] == 0, done

    def sent() -> dict[str, object]:
        _, out, _ = run("tickets", scanned.path, "--to", "webhook", "--send", "-o", "json=-")
        return next((each for each in json.loads(out)["items"] if each["title"].startswith(title)), {})

    with serving(Hook()) as desk:
        assert isinstance(desk, Hook)
        scanned.tickets = {"webhook": {"url": f"{desk.url}/hook"}}
        scanned.write()
        listed("deb12u2", "2026-11-01")
        assert sent()["word"] == "create"
        scanned.scan(network())
        assert sent()["word"] == "keep"
        listed("deb12u9", "2026-11-10")
        done = sent()
        assert done["word"] == "close"
        assert "packages.txt" in str(done["reason"])
        assert "taken 2026-11-10: it is 1:9.2p1-2+deb12u9 now" in str(done["reason"])
        listed("deb12u2", "2026-11-12")
        assert sent()["word"] == "reopen"
        assert [each["event"] for each in desk.events if each["title"].startswith(title)] == [
            "create",
            "close",
            "reopen",
        ]
