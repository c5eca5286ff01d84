"""Records one by one: a bad one is left out and counted, too many refuse the dump."""

import pytest
from tests.dumps import (
    a_dump,
    a_node,
    a_policy,
    an_edge,
    as_bytes,
    read,
)

from daznode.domain.errors import InvalidDump


def test_records_of_another_type_are_skipped() -> None:
    dump = a_dump(6)
    dump["nodes"] += [5, "x"]
    dump["edges"] += [None, [1]]
    assert read(dump).origin.skipped == (("channel-wrong-type", 2), ("node-wrong-type", 2))


def test_repeated_field_of_a_record_is_ambiguous() -> None:
    text = as_bytes(a_dump(5))
    twice = text.replace(b'"capacity": "1000000"', b'"capacity": "1", "capacity": "2"', 1)
    assert read(twice).origin.skipped == (("channel-repeated-field", 1),)
    twice = text.replace(b'"min_htlc": "1000"', b'"min_htlc": "1", "min_htlc": "2"', 1)
    assert read(twice).origin.skipped == (("policy-repeated-field", 1),)
    twice = text.replace(b'"alias": "node 1"', b'"alias": "a", "alias": "b"', 1)
    assert read(twice).origin.skipped == (("node-repeated-field", 1),)


def test_repeated_unread_field_does_no_harm() -> None:
    text = as_bytes(a_dump(5)).replace(b'"color": ', b'"color": "a", "color": ', 1)
    assert read(text).origin.skipped == ()


def test_text_of_one_record_that_is_no_utf8_spoils_that_record_only() -> None:
    text = as_bytes(a_dump(5)).replace(b"node 3", b"node \xff3")
    snapshot = read(text)
    assert snapshot.origin.skipped == (("node-not-utf8", 1),)
    assert snapshot.n_nodes == 5


def test_lone_surrogate_leaves_the_alias() -> None:
    text = as_bytes(a_dump(5)).replace(b"node 3", b"node \\ud8003")
    snapshot = read(text)
    assert "node 3" in snapshot.nodes.alias
    assert snapshot.origin.skipped == ()


def test_dump_mostly_unusable_is_refused_with_the_commonest_reason() -> None:
    edges = [an_edge(number, number, number + 1, capacity="-1") for number in range(1, 6)]
    edges[0] = an_edge(1)
    with pytest.raises(InvalidDump, match=r"mostly channel-capacity-out-of-range \(4\)"):
        read(a_dump(6, *edges))
    policy = a_policy(time_lock_delta="?")
    with pytest.raises(InvalidDump, match=r"policies cannot be used, mostly policy-wrong-type"):
        read(a_dump(2, an_edge(1, node1_policy=policy, node2_policy=policy)))
    nodes = [a_node(number, pub_key="02") for number in range(1, 4)]
    with pytest.raises(InvalidDump, match=r"mostly node-key-invalid \(3\)"):
        read({"nodes": nodes, "edges": [an_edge(1)]})


def test_half_unusable_is_still_read() -> None:
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(3, capacity="-1"), an_edge(4, capacity="-1")]
    assert read(a_dump(3, *edges)).n_channels == 2
