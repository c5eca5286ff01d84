import pytest
from tests.builders import a_node_id, a_snapshot

from daznode.domain.errors import AmbiguousNode, InvalidNodeId, NodeNotFound
from daznode.graph.lookup import resolve_node

ALIASES = ("ACINQ", "acinq", "Bitrefill ⚡", "bitrefill.com", "Straße", "deadbeef", "", "02ab")


def network():
    pairs = [(0, 1), (1, 2), (1, 3), (3, 4)]
    return a_snapshot(8, pairs, nodes={"alias": ALIASES})


def test_a_key_is_found_in_either_case_and_with_blanks():
    snapshot = network()
    key = snapshot.node_hex(3)
    assert resolve_node(snapshot, f"  {key.upper()}\n") == 3


def test_a_key_that_is_not_there_is_named_with_the_snapshot():
    with pytest.raises(NodeNotFound, match=rf"{a_node_id(99)}: not in snapshot 2025.* 8 nodes"):
        resolve_node(network(), a_node_id(99))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ACINQ", 0),
        ("acinq", 1),
        ("bitrefill.COM", 3),
        ("STRASSE", 4),
        ("refill.", 3),
        ("⚡", None),
        ("ll ⚡", 2),
        ("deadbeef", 5),
        ("02ab", 7),
        (" 02ab ", 7),
    ],
)
def test_aliases_exactly_then_in_any_case_then_in_part(text: str, place: int | None):
    if place is None:
        with pytest.raises(NodeNotFound):
            resolve_node(network(), text)
    else:
        assert resolve_node(network(), text) == place


def test_an_alias_of_several_nodes_names_them_the_best_connected_first():
    snapshot = network()
    with pytest.raises(AmbiguousNode) as caught:
        resolve_node(snapshot, "AcInQ")
    assert caught.value.candidates == (snapshot.node_hex(1), snapshot.node_hex(0))
    message = str(caught.value)
    assert "\n" not in message
    assert f"{snapshot.node_hex(1)} ('acinq', 3 channels)" in message


def test_a_piece_of_several_aliases_is_ambiguous():
    with pytest.raises(AmbiguousNode, match="2 nodes"):
        resolve_node(network(), "refill")


def test_a_long_list_of_candidates_is_cut_in_the_message_only():
    snapshot = a_snapshot(9, [], nodes={"alias": ("same",) * 9})
    with pytest.raises(AmbiguousNode, match="and 4 more") as caught:
        resolve_node(snapshot, "same")
    assert len(caught.value.candidates) == 9


def test_a_name_with_a_slip_gets_a_hint():
    with pytest.raises(NodeNotFound, match=r"for example 'bitrefill\.com'"):
        resolve_node(network(), "bitrefil.com")


def test_a_name_like_no_other_gets_no_hint_and_one_line():
    with pytest.raises(NodeNotFound) as caught:
        resolve_node(network(), "zz\nzz")
    assert "for example" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["", "   ", a_node_id(1)[:-1], a_node_id(1) + "0", a_node_id(1)[:21], "02" * 16, "x" * 66],
)
def test_what_was_meant_as_a_key_is_told_what_a_key_is(text: str):
    with pytest.raises(InvalidNodeId, match="expected 66 hex characters"):
        resolve_node(network(), text)


def test_a_key_off_the_curve_is_refused():
    with pytest.raises(InvalidNodeId, match="not a point"):
        resolve_node(network(), "02" + "ff" * 32)


def test_two_letters_are_no_piece_of_a_name():
    with pytest.raises(NodeNotFound):
        resolve_node(network(), "fi")
