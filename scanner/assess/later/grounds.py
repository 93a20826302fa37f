"""What a report is judged from, kept at hand: for questions about single flows that a report does not list."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.assess.facts.evidence import Evidence
from scanner.assess.machines.inventory import Inventory
from scanner.assess.policies.policy import Policy
from scanner.assess.verdicts.flows import Judge
from scanner.identify.second import NOBODY, Second
from scanner.model.observation import Session
from scanner.model.site import Site


class Grounds:
    """The evidence of some sessions of a site, and who judges flows by it."""

    def __init__(self, site: Site, sessions: Sequence[Session], second: Second = NOBODY) -> None:
        self.site = site
        self.sessions = tuple(sorted(sessions, key=lambda each: (each.scan.started, each.scan.id)))
        self.evidence = Evidence(site, self.sessions)
        self.policy = Policy(site)
        self.inventory = Inventory(self.evidence, second)
        self.judge = Judge(self.evidence, self.policy, self.inventory.two_legged)
        self.inventory.add_reached(self.judge)
