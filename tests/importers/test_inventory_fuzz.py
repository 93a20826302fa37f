"""Whatever a file holds, an inventory is read or refused in one sentence."""

from __future__ import annotations

import re
import time

import pytest
from fuzz import fuzz
from hypothesis import given
from hypothesis import strategies as st
from importers.test_inventory_formats import SAMPLES

from scanner.errors import BadInput
from scanner.importers.inventory import MOST_ITEMS, Hints, formats

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def check(raw: bytes) -> None:
    for each in formats().values():
        each.recognises(raw[:65536])
        found, said = None, ""
        try:
            found = each.read(raw, "f", Hints(client="Harbor"))
        except BadInput as refused:
            said = str(refused)
        if found is None:
            assert said.startswith("f")
            continue
        for machine in found.machines:
            assert machine.items or machine.os
            for item in machine.items:
                assert item.name
                assert not any(map(CONTROL.search, (item.name, item.version, item.vendor, item.distro, item.source)))


@fuzz(60)
@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    check(raw)


@fuzz(120)
@given(st.sampled_from(SAMPLES), st.data())
def test_samples_that_were_damaged(sample: tuple[str, str, str, list[str]], data: st.DataObject) -> None:
    text = sample[1]
    start = data.draw(st.integers(0, len(text)))
    end = min(len(text), start + data.draw(st.integers(0, 40)))
    piece = data.draw(
        st.text(max_size=12) | st.sampled_from(["[", "{", '"', "\0", "\u202e", "1e999", "null", ",", "\n"])
    )
    changed = text[:start] + piece + text[end:]
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16"]))
    check(changed.encode(encoding, "surrogatepass")[: data.draw(st.integers(0, len(changed) * 3))])


def test_half_a_million_rows_take_seconds() -> None:
    rows = "".join(f"PC{n % 500},10.0.{n % 250}.5,Program {n // 500},{n % 7}.1,Vendor\n" for n in range(400_000))
    raw = ("Device,IP,Software,Version,Publisher\n" + rows).encode()
    began = time.process_time()
    found = formats()["rmm-csv"].read(raw, "f", Hints())
    assert time.process_time() - began < 15
    assert sum(len(each.items) for each in found.machines) == 400_000


def test_too_much_of_one_machine_is_counted() -> None:
    raw = "Software,Version\n" + "".join(f"p{n},1\n" for n in range(MOST_ITEMS + 7))
    found = formats()["rmm-csv"].read(raw.encode(), "f", Hints())
    assert (len(found.machines[0].items), found.bads.count) == (MOST_ITEMS, 7)


DEEP = {
    "powershell-json": '{"DisplayName": ' + "[" * 200_000,
    "cyclonedx-json": '{"bomFormat": "CycloneDX", "components": [{"name": "a", "components": ' + "[" * 200_000,
    "cyclonedx-xml": '<bom xmlns="http://cyclonedx.org/x">' + "<component>" * 100_000,
    "osquery-json": '{"programs": ' + '{"a":' * 200_000,
    "rmm-csv": 'Software,Version\n"' + "x" * 3_000_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_nests_and_endless_cells_are_refused_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(BadInput):
        formats()[name].read(DEEP[name].encode(), "f", Hints())
    assert time.process_time() - began < 5
