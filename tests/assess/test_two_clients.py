"""The same addresses at two clients, and at two sites of one, are different hosts."""

from __future__ import annotations

from pathlib import Path

from assess.scene import DB, GUEST, LAPTOP, NOTHING_KNOWN, SERVERS, TODAY, at_home, port, session, silence, site, spoke

from scanner.assess import assess
from scanner.model.observation import Observation, Session, Vantage
from scanner.model.site import Site
from scanner.plan import make_plan
from scanner.ports import Ports
from scanner.store import Store

OPEN = session(GUEST, port(DB, 5432, "open"), spoke(DB, 5432), silence(DB, "1-9000"))
SHUT = session(GUEST, silence(DB, "1-9000"), silence(DB, "8", transport="icmp"))
HOME = at_home(5432)


def keep(store: Store, client: str, name: str, which: Session) -> None:
    scene = renamed(client, name)
    zone = which.scan.vantage.zone
    plan = make_plan(scene, Vantage(zone, "eth0", LAPTOP[zone]), Ports((5432,), ()))
    journal = store.begin(client, name, plan, "raw")
    for each in which.observations:
        journal.write("knock-0", each)
    journal.flush()
    journal.complete()


def renamed(client: str, name: str) -> Site:
    found = site()
    return Site(client=client, site=name, zones=found.zones, critical=found.critical)


def seen(store: Store, client: str, name: str) -> tuple[str, list[Observation]]:
    sessions = store.sessions(client, name)
    found = assess(renamed(client, name), sessions, NOTHING_KNOWN, TODAY)
    cell = next(each.verdict for each in found.cells if (each.from_, each.to) == (GUEST, SERVERS))
    return cell, [row for each in sessions for row in each.observations]


def test_what_was_seen_at_one_client_says_nothing_of_another(tmp_path: Path) -> None:
    with Store(tmp_path / "all.db") as store:
        for client, name, guest in (("A", "main", OPEN), ("B", "main", SHUT), ("A", "branch", SHUT)):
            keep(store, client, name, HOME)
            keep(store, client, name, guest)
        keep(store, "C", "main", OPEN)
        assert seen(store, "A", "main")[0] == "BREACHED"
        assert seen(store, "C", "main")[0] == "BREACHED"
        for client, name in (("B", "main"), ("A", "branch")):
            verdict, rows = seen(store, client, name)
            assert verdict != "BREACHED"
            assert not any(each == OPEN.observations[1] for each in rows)
        assert store.sites() == [("A", "branch"), ("A", "main"), ("B", "main"), ("C", "main")]


def test_one_client_may_have_the_same_name_as_anothers_site(tmp_path: Path) -> None:
    with Store(tmp_path / "all.db") as store:
        keep(store, "A", "B", OPEN)
        assert store.sessions("B", "A") == ()
        assert store.sessions("A", "b") == ()
