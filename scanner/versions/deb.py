"""Debian package versions, `epoch:upstream-revision`, in the order of dpkg (deb-version(7)).

In each part runs of digits compare as numbers, and other runs letter by letter: `~` sorts before everything, even the
end; then letters; then the rest. So `1.0~rc1` < `1.0` < `1.0+b1`, and a backport (`~bpo11+1`) is below its release.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from scanner.versions import Order, Scheme
from scanner.versions.ordering import NUMBER, order

_FORM = re.compile(
    rf"(?:(?P<epoch>{NUMBER}):|(?![^:]*:))"
    r"(?:(?P<upstream>[0-9][A-Za-z0-9.+~:-]*)-(?P<revision>[A-Za-z0-9+.~]+)|(?P<native>[0-9][A-Za-z0-9.+~:]*))"
)
"""Up to the first colon it is the epoch, whatever follows; only behind it can the upstream version have colons."""
_RUNS = re.compile(r"([^0-9]*)([0-9]*)")


def _weight(char: str) -> int:
    """Of a character that is no digit; the end of a run weighs 0."""
    if char == "~":
        return -1
    return ord(char) if char.isalpha() else ord(char) + 256


def _order_part(left: str, right: str) -> Order:
    for (text, number), (other_text, other_number) in zip_longest(
        _RUNS.findall(left), _RUNS.findall(right), fillvalue=("", "")
    ):
        for char, other_char in zip_longest(text, other_text):
            weights = tuple(0 if each is None else _weight(each) for each in (char, other_char))
            if weights[0] != weights[1]:
                return order(*weights)
        digits, other_digits = number.lstrip("0"), other_number.lstrip("0")
        if digits != other_digits:
            return order((len(digits), digits), (len(other_digits), other_digits))
    return 0


def compare_deb(left: str, right: str, *, epochs: bool) -> Order | None:
    """With or without regard to the epochs. None where either is no version: one begins with a digit."""
    first, second = _FORM.fullmatch(left.strip()), _FORM.fullmatch(right.strip())
    if first is None or second is None:
        return None
    if epochs and int(first["epoch"] or 0) != int(second["epoch"] or 0):
        return order(int(first["epoch"] or 0), int(second["epoch"] or 0))
    # A version without a revision counts as one with the revision 0, as dpkg has it.
    upstream, other = first["upstream"] or first["native"], second["upstream"] or second["native"]
    return _order_part(upstream, other) or _order_part(first["revision"] or "0", second["revision"] or "0")


def _compare(left: str, right: str) -> Order | None:
    return compare_deb(left, right, epochs=True)


SCHEME = Scheme(
    title="Debian package",
    compare=_compare,
    truths=(
        ("1:9.2p1-2+deb12u7", "1:9.2p1-2+deb12u2", 1),
        ("1:9.2p1-2+deb12u10", "1:9.2p1-2+deb12u9", 1),
        ("1:8.4p1-5~bpo11+1", "1:8.4p1-5", -1),
        ("1.0~rc1-1", "1.0-1", -1),
        ("1:1.0-1", "2.0-1", 1),
        ("2.4.57-2", "2.4.57-2+deb12u1", -1),
        ("1.0", "1.0-0", 0),
        ("1.0", "1.0-0ubuntu1", -1),
        ("0:1.0-1", "1.0-1", 0),
        ("1.0a", "1.0+", -1),
        ("1.01", "1.1", 0),
        ("2.0-1-1", "2.0-1", 1),
        ("unknown", "1.0-1", None),
        ("1.0-", "1.0-1", None),
    ),
)
