"""Signatures of probes: read back as they were written, by whoever has the same site, and by nobody else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tables import for_every

from scanner.model.nonce import MAGIC, SIZE, Signer

OURS = Signer("Harbor Dental", "main-office")
THEIRS = Signer("Harbor Dental", "branch")
nonces = st.integers(0, 0xFFFF).map("{:04x}".format)
ports = st.integers(0, 0xFFFF)


@given(nonces, ports)
def test_a_signature_is_read_back(nonce: str, port: int) -> None:
    assert 0 <= OURS.sequence(nonce, port) < 1 << 32
    assert OURS.read_sequence(OURS.sequence(nonce, port)) == (nonce, port)
    assert OURS.read_payload(OURS.payload(nonce, port) + b"more") == (nonce, port)


@given(nonces, ports)
def test_another_site_signs_otherwise(nonce: str, port: int) -> None:
    assert THEIRS.read_payload(OURS.payload(nonce, port)) is None


def test_another_site_masks_the_port_otherwise() -> None:
    assert any(THEIRS.read_sequence(OURS.sequence(f"{n:04x}", 443))[1] != 443 for n in range(4))


@given(st.binary(max_size=64))
def test_other_data_are_not_ours(data: bytes) -> None:
    assert OURS.read_payload(data) is None or data.startswith(MAGIC)


@for_every("place", range(SIZE))
def test_a_changed_byte_is_noticed(place: int) -> None:
    data = bytearray(OURS.payload("beef", 443))
    data[place] ^= 1
    assert OURS.read_payload(bytes(data)) is None
