"""Hosts of which no rule is asked, as nothing that their services told concerns one: no rule finds anything there."""

from __future__ import annotations

import datetime
from functools import cache

import msgspec
from assess.scene import TODAY, site
from hypothesis import given, settings
from hypothesis import strategies as st
from identify.test_tls_certificate import EC, make

from scanner.assess.exposures import rules
from scanner.assess.exposures.concerns import Concerns, lone_host
from scanner.assess.exposures.rule import Host, Scene
from scanner.assess.machines.machine import Machine
from scanner.assess.machines.risk import TRUSTS
from scanner.assess.machines.told import Telling, Told
from scanner.identify.second import NOBODY
from scanner.model.observation import Conversation, Reading
from scanner.model.product import Product
from scanner.model.site import Trust

WORDS = (
    b"none", b"open", b"public", b"available", b"required", b"not-required", b"accepted", b"yes", b"willing", b"1.0",
    b"3.1.1", b"tls", b"nla", b"TLSv1.0", b"220 ready", b"\x01", b"\x02", b"login: ", b"/srv (everyone)", b"backup",
    b"* CAPABILITY IMAP4rev1", b"USER\r\nUIDL", b"250-AUTH PLAIN LOGIN", b"Basic realm=x", b"redis_version:7",
    b'<form><input type="password"></form>', b'"tagline" : "You Know, for Search"', b"VERSION 1.6", b"",
)  # fmt: skip
SUBJECTS = ("files.lab", "FortiGate", "AnyDesk Client", "Veeam Backup Server Certificate", "localhost", "")
NAMES = (
    "routeros", "idrac9", "ios", "veeam_agent", "backup_exec", "cockpit", "synology_dsm", "teamviewer", "nginx",
)  # fmt: skip
KINDS = (
    "ssh", "ssh.hostkey", "http.server", "http.title", "ipmi", "winbox", "iscsi", "snmp", "veeam.version", "vnc",
    "teamviewer", "radmin", "mysql", "smb",
)  # fmt: skip


@cache
def certificates() -> tuple[bytes, ...]:
    return tuple(make(EC, subject, issuer) for subject in SUBJECTS for issuer in ("files.lab", "FortiGate CA"))


def readings() -> st.SearchStrategy[Reading]:
    kinds = sorted({*KINDS, *(kind for rule in rules().values() for kind in (*(rule.reads or ()), *rule.weighs))})
    plain = st.builds(Reading, st.sampled_from([each for each in kinds if each != "tls.cert"]), st.sampled_from(WORDS))
    usual = st.builds(Reading, st.sampled_from(("ssh", "http.server")), st.just(b"x"))
    return plain | usual | st.builds(Reading, st.just("tls.cert"), st.sampled_from(certificates()))


PRODUCTS = st.builds(Product, st.sampled_from(("x", "apple")), st.sampled_from(NAMES))


@st.composite
def tolds(draw: st.DrawFn) -> list[Told]:
    """What up to three services of one host told."""
    telling = Telling(NOBODY)
    found: list[Told] = []
    for port in draw(st.sets(st.sampled_from((22, 80, 443)), min_size=1)):
        said = tuple(draw(st.lists(readings(), max_size=2)))
        talk = Conversation("10.0.3.20", "tcp", port, "probe", "answered", 1.0, said, draw(st.booleans()), received=1)
        told = telling.of("tcp", port, talk)
        named = dict.fromkeys((*told.different, *draw(st.lists(PRODUCTS, max_size=1))))
        found.append(msgspec.structs.replace(told, different=tuple(named)))
    return found


@settings(max_examples=100)
@given(tolds(), st.lists(tolds(), max_size=3), st.sampled_from(TRUSTS), st.booleans(), st.integers(-400, 400))
def test_no_rule_speaks_of_a_host_that_does_not_concern_it(
    told: list[Told], before: list[list[Told]], trust: Trust, critical: bool, days: int
) -> None:
    scene = Scene(site(), TODAY + datetime.timedelta(days), lambda zone, key: True)
    concerns = Concerns(scene, rules())
    for each in (each for some in before for each in some):
        concerns.of(each)  # what is remembered of others must not be taken for this one's
    concerned = frozenset().union(*map(concerns.of, told))
    services = tuple(
        msgspec.structs.replace(lone_host(each).services[0], addresses=("10.0.3.20",), zones=("office",))
        for each in told
    )
    host = Host(Machine("office", ["10.0.3.20"]), trust, services, critical=critical)
    assert {name for name, rule in rules().items() if any(True for _ in rule.find(scene, host))} <= concerned


def test_a_certificate_that_concerns_nobody_says_nothing_of_another() -> None:
    concerns = Concerns(Scene(site(), TODAY, lambda zone, key: True), rules())
    telling = Telling(NOBODY)

    def told(subject: str) -> Told:
        said = (Reading("tls.cert", make(EC, subject)),)
        return telling.of("tcp", 443, Conversation("10.0.3.20", "tcp", 443, "p", "answered", 1.0, said, True))

    assert concerns.of(told("files.lab")) == frozenset()
    assert concerns.of(told("AnyDesk Client")) == {"remote"}
    assert concerns.of(told("Acronis Files")) == {"placement"}
    assert concerns.of(told("FortiGate")) == {"certificates"}
