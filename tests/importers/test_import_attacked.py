"""Files that were made to hurt: each is a sentence, or is read without what hurts, in bounded time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tables import for_every

from scanner.errors import BadInput
from scanner.files import read_text
from scanner.importers import importers
from scanner.importers.document import read_document
from scanner.importers.nmap_words import count_of

RUN = '<nmaprun scanner="nmap" args="nmap -p 22 10.77.2.0/28" start="1700000000" version="7.94">'
SCAN = '<scaninfo type="syn" protocol="tcp" numservices="1" services="22"/>'
END = '<runstats><finished time="1700000100" exit="success"/></runstats></nmaprun>'


def pieces(text: str) -> Iterator[bytes]:
    data = text.encode()
    yield from (data[first : first + 65536] for first in range(0, len(data), 65536))


def test_a_tag_that_does_not_end_is_given_up_early() -> None:
    """Expat begins it anew with each piece: 60 MB took over a minute."""
    start = time.process_time()
    found = importers()["nmap-xml"].read(pieces(f'{RUN}{SCAN}<host a="{">" * 60_000_000}"/>{END}'), "x.xml")
    with pytest.raises(BadInput, match="a tag of more than 8 MiB"):
        list(found.observations)
    assert time.process_time() - start < 15


def test_a_list_of_all_ports_a_thousand_times_is_no_list() -> None:
    ports = ",".join(["1-65535"] * 1000)
    extra = f'<extraports state="closed" count="9"><extrareasons reason="reset" count="9" proto="tcp" ports="{ports}"/>'
    host = f'<host><status state="up" reason="arp-response"/><address addr="10.77.2.2" addrtype="ipv4"/><ports>{extra}'
    found = importers()["nmap-xml"].read(pieces(f"{RUN}{SCAN}{host}</extraports></ports></host>{END}"), "x.xml")
    start = time.process_time()
    assert [type(each).__name__ for each in found.observations] == ["HostSeen"]
    assert time.process_time() - start < 2


@for_every(
    ("text", "good"),
    [
        ("22", True), ("0", True), ("1-65535", True), ("1,3-9,65535", True), ("1-65535,0", True),
        ("1-65535,0,1", False), ("", False), ("1,", False), ("1-", False), ("-1", False), ("65536", False),
        ("1-2-3", False), ("9" * 5000, False), ("١", False), ("9-1", False),
    ],
)  # fmt: skip
def test_a_list_of_ports_is_one(text: str, good: bool) -> None:
    assert bool(count_of(text)) == good


DEEP = {
    "lists": "[" * 100_000,
    "mappings": "{a: " * 50_000,
    "blocks in one line": "- " * 100_000 + "x",
    "keys in one line": "? " * 50_000,
    "whole": "a: " + "[" * 3_000 + "]" * 3_000,
    "behind quoted ends": "a: " + '["]",' * 3_000 + "]" * 3_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_yaml_nested_without_end_does_not_take_the_process_along(name: str) -> None:
    """The reader in C has no bound of its own: 100,000 brackets ended the process with a fault of memory."""
    with pytest.raises(BadInput, match=r"x\.yaml: nested too deeply to be a file of ours"):
        read_document(DEEP[name], dict[str, Any], "x.yaml")


def test_yaml_that_is_long_or_wide_and_not_deep_is_read() -> None:
    wide = "".join(f"k{number}: {{a: [x, y], b: {'z' * 30}}}\n" for number in range(3_000))
    assert len(read_document(wide, dict[str, Any], "x.yaml")) == 3_000
    assert read_document(f"a: {'x' * 100_000}\n", dict[str, str], "x.yaml") == {"a": "x" * 100_000}


def test_a_text_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BadInput, match="is no ordinary file"):
            read_text(path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadInput, match="larger than 64 MiB"):
        read_text(tmp_path / "huge")
    (tmp_path / "lines").write_bytes(b"a\r\nb\rc\n")
    assert read_text(tmp_path / "lines") == "a\nb\nc\n"
