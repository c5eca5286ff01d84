"""Keys and short channel ids: every accepted spelling, and one clear line for the others."""

import pytest
from coincurve import PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import a_node_id

from daznode.domain.errors import InvalidNodeId, InvalidScid
from daznode.domain.ids import (
    block_height_of,
    format_scid,
    is_curve_point,
    pack_scid,
    parse_node_id,
    parse_scid,
)

GENERATOR = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"


def on_curve_by_library(key: bytes) -> bool:
    try:
        PublicKey(key)
    except ValueError:
        return False
    return True


@given(st.sampled_from([2, 3]), st.binary(min_size=32, max_size=32))
def test_curve_check_agrees_with_libsecp256k1(parity, x):
    key = bytes([parity]) + x
    assert is_curve_point(key) == on_curve_by_library(key)


@pytest.mark.parametrize(
    "key",
    [
        b"",
        bytes.fromhex(GENERATOR)[:-1],
        b"\x04" + bytes.fromhex(GENERATOR)[1:],
        b"\x02" + b"\xff" * 32,
        b"\x02" + b"\x00" * 32,
    ],
)
def test_no_curve_points(key):
    assert not is_curve_point(key)


def test_node_id_is_lowered_and_trimmed():
    assert parse_node_id(f"  {GENERATOR.upper()}\n") == GENERATOR


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 characters"),
        (GENERATOR[:-2], "64 characters"),
        ("zz" + GENERATOR[2:], "66 hex characters"),
        ("02" + "00" * 32, "not a point on secp256k1"),
        ("x" * 500, "500 characters"),
    ],
)
def test_bad_node_id(text, said):
    with pytest.raises(InvalidNodeId, match=said) as caught:
        parse_node_id(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@given(st.integers(1, 2**255))
def test_every_real_key_is_accepted(secret):
    assert parse_node_id(a_node_id.__wrapped__(secret))


@given(st.integers(0, 2**24 - 1), st.integers(0, 2**24 - 1), st.integers(0, 2**16 - 1))
def test_scid_round_trip(block, tx, output):
    scid = pack_scid(block, tx, output)
    assert parse_scid(format_scid(scid)) == scid
    assert parse_scid(f"{block}:{tx}:{output}") == scid
    assert parse_scid(str(scid)) == scid
    assert block_height_of(scid) == block


def test_scid_of_the_specification():
    assert format_scid(539_268 << 40 | 845 << 16 | 1) == "539268x845x1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "814x12",
        "16777216x0x0",
        "1x16777216x0",
        "1x1x65536",
        "-5",
        "18446744073709551616",
        "٣x1x1",
    ],
)
def test_bad_scid(text):
    with pytest.raises(InvalidScid):
        parse_scid(text)
