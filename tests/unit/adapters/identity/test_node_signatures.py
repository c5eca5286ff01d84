"""Signatures of nodes: real ones, our own of any key and text, and everything that is none."""

from contextlib import suppress

import pytest
from coincurve import PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from tests.signing import ALPHABET, raw_signature, signed, zbase32

from daznode.adapters.identity.node_signatures import SignedMessages
from daznode.domain.errors import InvalidSignature
from daznode.domain.ids import parse_node_id

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

MADE_BY_NODES = [
    (
        "is this compatible?",
        "rbgfioj114mh48d8egqx8o9qxqw4fmhe8jbeeabdioxnjk8z3t1ma1hu1fiswpakgucwwzwo6ofycffbsqusqdimugbh41n1g698hr9t",
        "02b80cabdf82638aac86948e4c06e82064f547768dcef977677b9ea931ea75bab5",
    ),
    (
        "hi",
        "rnrphcjswusbacjnmmmrynh9pqip7sy5cx695h6mfu64iac6qmcmsd8xnsyczwmpqp9shqkth3h4jmkgyqu5z47jfn1q7gpxtaqpx4xg",
        "02de60d194e1ca5947b59fe8e2efd6aadeabfb67f2e89e13ae1a799c1e08e4a43b",
    ),
    (
        "hi",
        "ry8bbsopmduhxy3dr5d9ekfeabdpimfx95kagdem7914wtca79jwamtbw4rxh69hg7n6x9ty8cqk33knbxaqftgxsfsaeprxkn1k48p3",
        "022b8ece90ee891cbcdac0c1cc6af46b73c47212d8defbce80265ac81a6b794931",
    ),
]
"""What LND nodes signed; Core Lightning checks its `checkmessage` with the same ones."""

keys = st.binary(min_size=32, max_size=32).filter(
    lambda raw: 0 < int.from_bytes(raw, "big") < ORDER
)


def signer(message: str, signature: str) -> str:
    return SignedMessages().signer_of(message, signature)


@pytest.mark.parametrize(("message", "signature", "node_id"), MADE_BY_NODES)
def test_signatures_that_nodes_made(message, signature, node_id):
    assert signer(message, signature) == node_id
    assert signer(message, f" {signature}\n") == node_id


@given(keys, st.text(max_size=200))
def test_the_key_that_signed_comes_back(raw, message):
    message = message.encode("utf-8", "replace").decode()
    key = PrivateKey(raw)
    node_id = signer(message, signed(key, message))
    assert node_id == key.public_key.format().hex()
    assert parse_node_id(node_id) == node_id


@given(
    keys,
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.text(st.characters(codec="utf-8"), max_size=40),
)
def test_another_text_is_not_signed_by_that_key(raw, message, other):
    key = PrivateKey(raw)
    if message == other:
        return
    with suppress(InvalidSignature):
        assert signer(other, signed(key, message)) != key.public_key.format().hex()


@given(keys, st.integers(0, 519))
def test_no_flipped_bit_leaves_the_key(raw, bit):
    key = PrivateKey(raw)
    flipped = int.from_bytes(raw_signature(key, "text"), "big") ^ 1 << bit
    with suppress(InvalidSignature):
        assert signer("text", zbase32(flipped.to_bytes(65, "big"))) != key.public_key.format().hex()


@given(st.text(max_size=130) | st.text(ALPHABET, min_size=104, max_size=104))
def test_any_text_is_a_key_or_one_line(text):
    try:
        said = parse_node_id(signer("text", text))
    except InvalidSignature as exc:
        said = str(exc)
    assert "\n" not in said
    assert len(said) < 300


KEY = PrivateKey(bytes(range(1, 33)))
RAW = raw_signature(KEY, "text")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (bytes([27]) + RAW[1:], "31 to 34"),
        (bytes([30]) + RAW[1:], "31 to 34"),
        (bytes([35]) + RAW[1:], "31 to 34"),
        (bytes([0]) + RAW[1:], "31 to 34"),
        (bytes([255]) + RAW[1:], "31 to 34"),
        (RAW[:1] + bytes(32) + RAW[33:], "no key"),
        (RAW[:33] + bytes(32), "no key"),
        (RAW[:1] + ORDER.to_bytes(32, "big") + RAW[33:], "no key"),
        (RAW[:33] + ORDER.to_bytes(32, "big"), "upper half"),
        # The r of recovery ids 2 and 3 is below the field prime minus the order.
        (bytes([33]) + b"\xff" * 15 + RAW[16:], "no key"),
        (RAW[:-1], "103 characters"),
        (RAW + b"\0", "106 characters"),
        (b"", "0 characters"),
    ],
)
def test_what_no_node_makes(raw, said):
    with pytest.raises(InvalidSignature, match=said):
        signer("text", zbase32(raw))


def test_the_second_spelling_of_a_signature_is_refused():
    s = ORDER - int.from_bytes(RAW[33:], "big")
    header = 31 + ((RAW[0] - 31) ^ 1)
    with pytest.raises(InvalidSignature, match="upper half"):
        signer("text", zbase32(bytes([header]) + RAW[1:33] + s.to_bytes(32, "big")))


@pytest.mark.parametrize("character", ["l", "v", "2", "0", "Y", "é", " ", "=", "𝐲"])
def test_characters_that_zbase32_has_not(character):
    text = signed(KEY, "text")
    with pytest.raises(InvalidSignature, match="character 5 is none of"):
        signer("text", text[:4] + character + text[5:])


def test_a_megabyte_is_refused_by_its_length():
    with pytest.raises(InvalidSignature, match="1,000,000 characters"):
        signer("text", "y" * 1_000_000)
