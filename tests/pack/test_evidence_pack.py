"""Evidence packs: what is in them, who signed them, and that one changed byte is named."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fence_sample import fence_report
from patch_sample import patch_report
from sample import sample_report

from scanner.errors import BadInput
from scanner.exporters import exporters
from scanner.model.recorded import AttestationRow
from scanner.model.report import Report
from scanner.pack.archive import Broken, read, write_folder, zipped
from scanner.pack.check import check
from scanner.pack.contents import contents, histogram
from scanner.pack.keys import signing_key
from scanner.pack.make import gathered, sealed
from scanner.pack.manifest import BLOCK, MANIFEST, SIGNATURE, digest, flipped, holds, signed, written

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ATTESTED = AttestationRow(
    "restore-test",
    "Were backups restored?",
    "Restored in full",
    "J. Ortiz",
    "2026-10-01",
    "r.pdf",
    "2027-09-30",
    "holds",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "r.pdf").write_bytes(b"%PDF-1.7 restore")
    (folder / "exceptions.yaml").write_text("exceptions: []\n")
    path = folder / "site.yaml"
    path.write_text("client: Harbor Dental\n")
    return path


@pytest.fixture(scope="module")
def pack(site: Path) -> dict[str, bytes]:
    report = msgspec.structs.replace(patch_report(), attestations=(ATTESTED,))
    files, lacking = gathered(report, site, site.with_name("exceptions.yaml"), ())
    assert lacking == []
    return sealed(report, files, KEY)


def stored(pack: dict[str, bytes], path: Path, form: str) -> Path:
    if form == "zip":
        path = path.with_suffix(".zip")
        path.write_bytes(zipped(pack))
    else:
        write_folder(path, pack)
    return path


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_an_untouched_pack_holds_and_has_it_all(pack: dict[str, bytes], tmp_path: Path, form: str) -> None:
    path = stored(pack, tmp_path / "pack", form)
    found = check(path)
    assert (found.troubles, "Harbor Dental" in found.about) == ((), True)
    assert check(path, found.fingerprint.upper().replace("-", "")).troubles == ()
    assert read(path) == pack
    assert {"inputs/site.yaml", "inputs/exceptions.yaml", "attachments/r.pdf", "report.html", "report.json"} <= set(
        pack
    )
    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.rglob("*") if each.is_file()}
    assert modes <= {0o600}


def test_the_same_inputs_are_the_same_bytes(pack: dict[str, bytes], site: Path) -> None:
    report = msgspec.structs.replace(patch_report(), attestations=(ATTESTED,))
    files, _ = gathered(report, site, site.with_name("exceptions.yaml"), ())
    assert zipped(sealed(report, files, KEY)) == zipped(pack)


def test_one_changed_byte_anywhere_in_the_zip_is_named(pack: dict[str, bytes], tmp_path: Path) -> None:
    whole, path = zipped(pack), tmp_path / "pack.zip"
    dice = random.Random(7)
    ends = [0, 3, 20, 29, 35, len(whole) - 1, len(whole) - 20]
    for at in [*ends, *(dice.randrange(len(whole)) for _ in range(5))]:
        changed = bytearray(whole)
        changed[at] ^= dice.randrange(1, 256)
        path.write_bytes(changed)
        troubles = check(path).troubles
        assert troubles, at
        inside = next(
            ((name, at - start) for name, start in _starts(pack, whole) if 0 <= at - start < len(pack[name])), None
        )
        if inside is None:
            assert troubles[0] == f"the zip around the files: byte {at:,} is the first that differs", at
        elif inside[0] == SIGNATURE:
            assert troubles[0].startswith(SIGNATURE), at
        else:
            assert troubles[0].startswith(f"{inside[0]}: byte {inside[1]:,} was changed: "), (at, troubles)
            assert troubles[0].endswith(f"and was 0x{whole[at]:02x}")


def _starts(pack: dict[str, bytes], whole: bytes) -> list[tuple[str, int]]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        return [(each.filename, each.header_offset + 30 + len(each.filename)) for each in archive.infolist()]


CHANGES: list[tuple[str, Callable[[Path], object], str]] = [
    ("a file is gone", lambda path: (path / "coverage.csv").unlink(), "coverage.csv is missing"),
    ("a file is new", lambda path: (path / "more.txt").write_text("x"), "more.txt was added"),
    (
        "a file grew",
        lambda path: (path / "README.txt").write_bytes(contents(sample_report())["README.txt"] + b"!"),
        "the first of 1 that",
    ),
    ("a file was cut", lambda path: os.truncate(path / "report.json", 100), "report.json: ends at byte 100 of"),
    (
        "two bytes of a block",
        lambda path: _twice(path / "report.json"),
        "report.json: the first change is in bytes 0 to 1,023",
    ),
    ("the manifest", lambda path: os.truncate(path / MANIFEST, 50), f"{MANIFEST}: ends at byte 50"),
    ("the signature", lambda path: os.truncate(path / SIGNATURE, 50), f"{SIGNATURE} was changed"),
]


def _twice(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    data[20] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(("change", "said"), [each[1:] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_what_was_done_to_a_folder_is_said(
    pack: dict[str, bytes], tmp_path: Path, change: Callable[[Path], object], said: str
) -> None:
    path = stored(pack, tmp_path / "pack", "folder")
    change(path)
    assert said in check(path).troubles[0]


def test_a_pack_signed_anew_by_somebody_else_is_told_by_the_key(pack: dict[str, bytes], tmp_path: Path) -> None:
    mine = check(stored(pack, tmp_path / "mine", "zip")).fingerprint
    forged = dict(pack)
    other = Ed25519PrivateKey.generate()
    forged[SIGNATURE] = written(signed(forged[MANIFEST], other))
    path = stored(forged, tmp_path / "forged", "zip")
    assert check(path).troubles == ()
    assert "and not with" in check(path, mine).troubles[0]
    swapped = json.loads(pack[SIGNATURE])
    swapped["public_key"], swapped["fingerprint"] = (
        json.loads(forged[SIGNATURE])[key] for key in ("public_key", "fingerprint")
    )
    forged[SIGNATURE] = msgspec.json.format(msgspec.json.encode(swapped), indent=1) + b"\n"
    assert "does not fit" in check(stored(forged, tmp_path / "swapped", "zip")).troubles[0]


def test_a_signature_for_other_bytes_does_not_hold() -> None:
    made = signed(b"manifest", KEY)
    assert holds(made)
    assert not holds(msgspec.structs.replace(made, manifest=digest(b"another")))
    assert not holds(msgspec.structs.replace(made, algorithm="none"))
    assert not holds(msgspec.structs.replace(made, signature="§"))


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_the_first_changed_byte_of_any_size(size: int) -> None:
    data = random.Random(size).randbytes(size)
    wanted = digest(data)
    assert flipped(data, wanted) == ""
    assert f"byte {size:,} is the first of 2" in flipped(data + b"xx", wanted)
    if size:
        assert f"ends at byte {size - 1:,}" in flipped(data[:-1], wanted)
        changed = data[:-1] + bytes((data[-1] ^ 0x80,))
        assert f"byte {size - 1:,} was changed" in flipped(changed, wanted)


def _zip_of(path: Path, name: str, *, compress: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compress) as archive:
        archive.writestr(SIGNATURE, "{}")
        archive.writestr(MANIFEST, "{}")
        archive.writestr(name, b"\0" * 1000)
    return path


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "c:\\x", "a//b"])
def test_a_zip_that_would_write_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="is nothing that"):
        check(_zip_of(tmp_path / "bad.zip", name))


def test_bombs_links_and_rubbish_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is nothing that"):
        check(_zip_of(tmp_path / "bomb.zip", "bomb", compress=zipfile.ZIP_DEFLATED))
    rubbish = tmp_path / "rubbish.zip"
    rubbish.write_bytes(b"hello")
    with pytest.raises(Broken, match="no zip that can be opened"):
        check(rubbish)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(BadInput, match="is a link or a device"):
        check(folder)
    with pytest.raises(BadInput, match="there is no such pack"):
        check(tmp_path / "nothing")


def test_an_attachment_outside_the_sites_folder_never_gets_in(site: Path) -> None:
    outside = site.parent.parent / "secret.txt"
    outside.write_text("secret")
    (site.parent / "door").symlink_to(outside)
    rows = tuple(msgspec.structs.replace(ATTESTED, attachment=name) for name in ("../secret.txt", "door", "gone.pdf"))
    files, lacking = gathered(
        msgspec.structs.replace(sample_report(), attestations=rows), site, site.with_name("no"), ()
    )
    assert not [name for name in files if name.startswith("attachments/")]
    assert ["beside" in each for each in lacking] == [True, True, False]


def test_a_key_is_made_once_and_for_its_user_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENCEWALK_DATA", str(tmp_path / "data"))
    first, where, new = signing_key(None)
    again, _, anew = signing_key(None)
    assert (new, anew) == (True, False)
    assert first.private_bytes_raw() == again.private_bytes_raw()
    assert stat.S_IMODE(where.stat().st_mode) == 0o600
    (tmp_path / "bad.pem").write_text("no key")
    with pytest.raises(BadInput, match="is no key"):
        signing_key(tmp_path / "bad.pem")
    with pytest.raises(BadInput, match="cannot be read"):
        signing_key(tmp_path / "none.pem")


@pytest.mark.parametrize("report", [sample_report(), patch_report(), fence_report()], ids=["sample", "patch", "fence"])
def test_every_product_is_in_one_bar(report: Report) -> None:
    ages = histogram(report.patches)
    assert sum(count for _, count in ages) == len(report.patches)
    named = dict(ages)
    assert named["could not be judged"] == sum(each.verdict == "UNKNOWN" for each in report.patches)
    assert named["366 and more"] == sum(
        each.age_days is not None and each.age_days > 365 and each.verdict not in ("UNKNOWN", "COMPLIANT")
        for each in report.patches
    )


def test_no_formula_gets_into_a_spreadsheet_and_the_files_are_the_exports() -> None:
    report = msgspec.structs.replace(
        sample_report(), attestations=(msgspec.structs.replace(ATTESTED, statement="=cmd|' /C calc'!A0"),)
    )
    made = contents(report)
    for name, data in made.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
            assert not [cell for row in rows for cell in row if cell[:1] in "=+@" and cell]
    assert made["report.html"] == exporters()["html"].render(report)
    assert made["report.json"] == exporters()["json"].render(report)
