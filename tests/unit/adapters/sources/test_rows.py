"""Aliases fit for a terminal, kinds of addresses, and integers of any spelling."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daznode.adapters.sources.rows import (
    BadField,
    RowCollector,
    address_kind,
    clean_alias,
    flag,
    integer,
)
from daznode.domain.gossip import AddressKind


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("  blanks  ", "blanks"),
        ("tab\tand\x00nul\x1b[31m", "tabandnul[31m"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u200bb\ufeffc\u2028d\ud800e", "abcde"),
        ("GGT🚀👩\u200d🚀", "GGT🚀👩\u200d🚀"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("x" * 40, "x" * 32),
        ("x" * 31 + " y", "x" * 31),
        ("", ""),
    ],
)
def test_alias_is_cleaned(raw: str, clean: str) -> None:
    assert clean_alias(raw) == clean


@given(st.text(st.characters(codec=None), max_size=60))
def test_cleaning_twice_changes_nothing_and_leaves_no_controls(text: str) -> None:
    clean = clean_alias(text)
    assert clean_alias(clean) == clean
    assert len(clean) <= 32
    assert all(unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"} for c in clean)
    clean.encode()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("1.2.3.4:9735", AddressKind.IPV4),
        ("[2001:db8::1]:9735", AddressKind.IPV6),
        ("2001:db8::1", AddressKind.IPV6),
        ("ABCDEF.Onion:9735", AddressKind.TOR),
        ("abc.onion", AddressKind.TOR),
        ("node.example.com:9735", AddressKind.DNS),
        ("0500", AddressKind.NONE),
        ("/run/socket", AddressKind.NONE),
        ("", AddressKind.NONE),
    ],
)
def test_kind_of_address(address: str, kind: AddressKind) -> None:
    assert address_kind(address) == kind


def test_integers_are_taken_as_numbers_or_in_quotes_and_clamped() -> None:
    record = {"a": 5, "b": "-7", "c": None, "d": "99999999999999999999", "e": -(10**30)}
    assert [integer(record, name) for name in "abcdef"] == [5, -7, 0, 2**63 - 1, -(2**63), 0]
    for bad in (True, 1.0, "", " 5", "5 ", "+5", "05", "1e3", "٣", "0x5", [], {}, "9" * 21):
        with pytest.raises(BadField):
            integer({"a": bad}, "a")


def test_flags_are_true_or_false_only() -> None:
    assert flag({"a": True}, "a")
    assert not flag({"a": None}, "a")
    for bad in (0, 1, "true", []):
        with pytest.raises(BadField):
            flag({"a": bad}, "a")


def test_keys_are_interned_in_either_case() -> None:
    collector = RowCollector()
    key = "02" + "ab" * 32
    assert collector.key(key) == collector.key(key.upper()) == 0
    assert collector.key("03" + "ab" * 32) == 1
    for bad in (key[:-1], key + "00", "0 " * 33, "zz" * 33, None, 5, key[:-2] + " a"):
        with pytest.raises(BadField):
            collector.key(bad)
    assert collector.rows().keys[0].tobytes().hex() == key
