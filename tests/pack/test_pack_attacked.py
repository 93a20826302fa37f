"""Packs that somebody altered with care: each is found out, or refused in a sentence, within bounds."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sample import sample_report

from scanner.errors import BadInput
from scanner.pack.archive import write_folder, zipped
from scanner.pack.check import check
from scanner.pack.keys import signing_key
from scanner.pack.make import gathered
from scanner.pack.manifest import MANIFEST, SIGNATURE, Digest, digest, manifest_of, signed, written

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FORGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FILES = {"report.html": b"<html>" * 500, "report.json": b"{}" * 3000, "inputs/site.yaml": b"client: x"}


def sealed(files: dict[str, bytes], key: Ed25519PrivateKey = KEY, manifest: bytes | None = None) -> dict[str, bytes]:
    text = written(manifest_of("Client", "main", "2026-11-20", files)) if manifest is None else manifest
    return {SIGNATURE: written(signed(text, key)), MANIFEST: text, **{name: files[name] for name in sorted(files)}}


PACK = sealed(FILES)
WHOLE = zipped(PACK)


@pytest.mark.parametrize("name", ["p.zip", "p.pack", "evidence", "report.docx"])
@pytest.mark.parametrize(
    "data",
    [b"junk" + WHOLE, b"J" * 500 + WHOLE, WHOLE + b"x", zipped({**PACK, "REPORT.html": b"evil"})],
    ids=["a few bytes before", "many bytes before", "a byte behind", "a twin in another case"],
)
def test_what_is_around_the_files_is_signed_too_whatever_the_zip_is_called(
    data: bytes, name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    assert check(tmp_path / name).troubles[0].startswith("the zip around the files: byte ")
    (tmp_path / name).write_bytes(WHOLE)
    assert check(tmp_path / name).troubles == ()


def test_a_file_added_to_a_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    path.write_bytes(zipped({**PACK, "\x1b[31mREPORT.html": b"evil"}))
    assert "\\x1b[31mREPORT.html was added: nobody signed it" in check(path).troubles


_DEEP = b"[" * 200_000
_NAMED = manifest_of("Client", "main", "2026-11-20", FILES)
MANIFESTS: dict[str, bytes] = {
    "no JSON": b"garbage",
    "a list": b"[1]",
    "too deep": b'{"schema":1,"client":"","site":"","generated":"","files":{"x":{"x":' + _DEEP,
    "of another time": written(msgspec.structs.replace(_NAMED, schema=2)),
    "one file twice": written(_NAMED).replace(b'"client"', b'"client": "Other",\n "client"'),
    "a name that leads out": written(msgspec.structs.replace(_NAMED, files={"../x": digest(b"x")})),
    "a name with a NUL": written(msgspec.structs.replace(_NAMED, files={"a\0b": digest(b"x")})),
    "a name longer than any zip has": written(msgspec.structs.replace(_NAMED, files={"n" * 70_000: digest(b"x")})),
    "a size below nothing": written(msgspec.structs.replace(_NAMED, files={"a": Digest(-5, "", ("",) * 3)})),
    "itself": written(msgspec.structs.replace(_NAMED, files={MANIFEST: digest(b"x")})),
}


@pytest.mark.parametrize("name", MANIFESTS)
@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_signed_manifest_that_is_none_is_a_sentence(name: str, form: str, tmp_path: Path) -> None:
    """Anybody can sign anything with a key of his own."""
    path, pack = tmp_path / f"p.{form}", sealed(FILES, FORGER, MANIFESTS[name])
    if form == "zip":
        path.write_bytes(zipped(pack))
    else:
        write_folder(path, pack)
    assert check(path).troubles == (f"{MANIFEST}: is signed, and no manifest as this fencewalk writes it",)


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_a_signature_nested_without_end_is_a_sentence(form: str, tmp_path: Path) -> None:
    deep = b'{"algorithm":"Ed25519","public_key":"","fingerprint":"","manifest":{"x":' + _DEEP
    path, pack = tmp_path / f"p.{form}", {**PACK, SIGNATURE: deep}
    if form == "zip":
        path.write_bytes(zipped(pack))
    else:
        write_folder(path, pack)
    assert check(path).troubles[0] == f"{SIGNATURE} was changed: it can no longer be read"


def test_many_changed_files_are_all_named_and_take_no_longer_than_a_few(tmp_path: Path) -> None:
    files = {f"f{number:03}": b"A" * 1024 for number in range(40)}
    path = tmp_path / "p.zip"
    path.write_bytes(zipped({**sealed(files), **dict.fromkeys(files, b"B" * 1024)}))
    start = time.process_time()
    assert len(check(path).troubles) == 40
    assert time.process_time() - start < 5, "each to the byte would take some 10 s"


def test_a_pack_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with path.open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(BadInput, match="is larger than a pack may be"):
        check(path)


def test_devices_and_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    for path in (tmp_path / "pipe.zip", Path("/dev/zero")):
        with pytest.raises(BadInput, match="neither a folder nor an ordinary file"):
            check(path)
        with pytest.raises(BadInput, match="is no ordinary file"):
            signing_key(path)
        with pytest.raises(BadInput, match="is no ordinary file"):
            _made(tmp_path, path)


def _made(folder: Path, capture: Path) -> object:
    (folder / "site.yaml").write_text("client: x\n")
    return gathered(sample_report(), folder / "site.yaml", folder / "none.yaml", (capture,))


def test_what_would_be_too_large_to_be_checked_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.pack.make.MOST_BYTES", 1000)
    (tmp_path / "c.pcap").write_bytes(b"x")
    with pytest.raises(BadInput, match="leave captures out"):
        _made(tmp_path, tmp_path / "c.pcap")


def _link(path: Path) -> None:
    (path / "report.html").unlink()
    (path / "report.html").symlink_to(path / "report.json")


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "an empty folder": (lambda path: (path / "empty").mkdir(), "empty/ was added"),
    "a name that is no text": (lambda path: Path(os.fsdecode(bytes(path) + b"/\xff\x1b")).touch(), "\\udcff\\x1b was"),
    "a twin in another case": (lambda path: (path / "REPORT.html").touch(), "REPORT.html was added"),
    "a file renamed": (lambda path: (path / "report.html").rename(path / "r.html"), "report.html is missing"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_each_change_of_a_folder_is_found(name: str, tmp_path: Path) -> None:
    change, said = FOLDERS[name]
    write_folder(tmp_path / "p", PACK)
    change(tmp_path / "p")
    assert said in check(tmp_path / "p").troubles[0]


def test_a_file_replaced_by_a_link_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "p", PACK)
    _link(tmp_path / "p")
    with pytest.raises(BadInput, match=r"report\.html is a link"):
        check(tmp_path / "p")


@contextlib.contextmanager
def _nobody() -> Iterator[None]:
    """Root may look into every folder, so look as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_may_not_be_looked_into_is_no_pack_that_holds() -> None:
    # Not in pytest's own folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        write_folder(Path(folder) / "p", PACK)
        for each in (Path(folder) / "p", *(Path(folder) / "p").rglob("*")):
            each.chmod(0o755)
        with _nobody():
            assert not check(Path(folder) / "p").troubles
        (Path(folder) / "p" / "more").mkdir(mode=0)
        with _nobody(), pytest.raises(BadInput, match="cannot be read"):
            check(Path(folder) / "p")


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO(WHOLE)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("report.html", b"evil")
    (tmp_path / "p.zip").write_bytes(out.getvalue())
    with pytest.raises(BadInput, match=r"report\.html is nothing that"):
        check(tmp_path / "p.zip")


def test_the_pack_of_another_client_says_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "p.zip").write_bytes(WHOLE)
    assert check(tmp_path / "p.zip").about.startswith("Client, main, 2026-11-20: ")
