"""The words of a CPE: one product, one spelling, and the one that others look it up by."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from scanner.baselines import bundled
from scanner.identify import cpe, database, identify, kinds
from scanner.identify.matcher import load
from scanner.identify.names import trade_name
from scanner.model.product import Product

RECOG = Path(__file__).parents[3] / "shared" / "feeds" / "recog" / "xml"
PREFIXES = ("service", "service.component", "os")
SOLD = {"domino"}
"""Products that one company sold to another: which of the two a banner means, it says itself."""
MACHINES = {"printer", "camera", "device", "router", "gateway"}
"""Words for a machine whose model is not known: many makers, and no product of any."""
ELSEWHERE = {
    # The National Vulnerability Database files newer flaws under these, older ones under recog's.
    "aiohttp": "aiohttp",
    "cups": "openprinting",
    "darkhttpd": "unix4lyfe",
    "edirectory": "microfocus",
    "fedora": "fedoraproject",
    "git": "git-scm",
    "goanywhere_managed_file_transfer": "fortra",
    "groupwise": "microfocus",
    "airos": "ui",
    "nginx": "f5",
    "weblogic_server": "oracle",
    # Names of products that several makers use.
    "dns_server": "technitium",
    "backup_and_replication": "veeam",
    "mail_server": "icewarp",
    "manageengine": "zohocorp",
    "media_server": "plex",
}


def words() -> dict[tuple[str, str], set[tuple[str, str, str] | None]]:
    """Vendor and product of each fingerprint, and part, vendor and product of its CPE."""
    found: dict[tuple[str, str], set[tuple[str, str, str] | None]] = defaultdict(set)
    for kind in kinds():
        for fingerprint in database(kind).fingerprints:
            fixed = {name: value for group, name, value in fingerprint.params if group == 0}
            for prefix in PREFIXES:
                vendor, name = fixed.get(f"{prefix}.vendor"), fixed.get(f"{prefix}.product")
                if vendor and name:
                    part = "o" if prefix == "os" else "a"
                    made = cpe(part, vendor, name, None, fixed.get(f"{prefix}.cpe23", ""))
                    three = made.split(":")[2:5] if made else None
                    found[vendor, name].add((three[0], three[1], three[2]) if three else None)
    return found


def test_one_product_has_one_vendor() -> None:
    vendors: dict[str, set[str]] = defaultdict(set)
    for vendor, name in words():
        vendors[name].add(vendor)
    assert {name: each for name, each in vendors.items() if len(each) > 1 and name not in SOLD | MACHINES} == {}


def test_one_product_has_one_cpe() -> None:
    """Firmware is an operating system to some fingerprints and an application to others; its words are the same."""
    several = {product: {each and each[1:] for each in cpes} for product, cpes in words().items()}
    assert {product: each for product, each in several.items() if len(each) > 1} == {}


def test_what_the_database_has_no_name_for_gets_none() -> None:
    [found] = identify("ssh", b"SSH-2.0-RomSShell_5.40")
    assert (found.name, found.version, found.cpe) == ("romsshell", "5.40", None)


def test_the_words_of_a_cpe_may_be_others_than_the_products() -> None:
    assert cpe("a", "veeam", "backup_and_replication", "12.1", "cpe:/a:veeam:veeam_backup_&_replication") == (
        "cpe:2.3:a:veeam:veeam_backup_\\&_replication:12.1:*:*:*:*:*:*:*"
    )


def test_recog_calls_them_the_same() -> None:
    if not RECOG.is_dir():
        pytest.skip("recog's databases are not in ../shared/feeds/recog")
    theirs: dict[str, set[str]] = defaultdict(set)
    for file in sorted(RECOG.glob("*.xml")):
        for fingerprint in load(file.read_bytes(), file.name).fingerprints:
            for _, name, value in fingerprint.params:
                if name.endswith(".cpe23") and value.count(":") >= 3:
                    vendor, product = value.split(":")[2:4]
                    theirs[product].add(vendor)
    assert len(theirs) > 500
    wrong = {}
    for cpes in words().values():
        for each in cpes:
            if each is None:
                continue
            _, vendor, product = (word.replace("\\", "") for word in each)
            known = theirs.get(product)
            if known and vendor not in known and product not in SOLD and ELSEWHERE.get(product) != vendor:
                wrong[f"{vendor}:{product}"] = known
    assert wrong == {}


def test_every_product_has_a_name_that_people_use() -> None:
    for vendor, name in words():
        title = trade_name(Product(vendor, name))
        assert title == title.strip()
        assert title != name.replace("_", " ") or "_" not in name, f"{vendor}:{name} is not in names.xml"


def test_names_are_those_of_the_baselines() -> None:
    known = words()
    for baseline in bundled():
        if (baseline.vendor, baseline.product) in known:
            assert trade_name(Product(baseline.vendor, baseline.product)) == baseline.title


@pytest.mark.parametrize(
    ("product", "title"),
    [
        (("apache", "http_server"), "Apache HTTP Server"),
        (("f5", "nginx"), "nginx"),
        (("openbsd", "openssh"), "OpenSSH"),
        (("microsoft", "sql_server"), "Microsoft SQL Server"),
        (("veeam", "backup_and_replication"), "Veeam Backup & Replication"),
        (("acme", "web_thing"), "web thing"),
    ],
)
def test_names(product: tuple[str, str], title: str) -> None:
    assert trade_name(Product(*product)) == title
