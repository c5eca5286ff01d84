"""Rows judged one by one: what cannot be true is dropped, counted and named."""

import numpy as np
import pytest
from tests.builders import a_node_id, a_scid
from tests.dumps import (
    SECONDS,
    a_dump,
    a_node,
    a_policy,
    an_edge,
    read,
)

from daznode.domain.gossip import GraphSnapshot


def node_number(snapshot: GraphSnapshot, number: int) -> int:
    index = snapshot.index_of(a_node_id(number))
    assert index is not None
    return index


def test_columns_keep_the_promises_of_the_domain() -> None:
    snapshot = read(a_dump(9))
    keys = [snapshot.node_hex(index) for index in range(snapshot.n_nodes)]
    assert keys == sorted(keys)
    assert np.all(np.diff(snapshot.channels.scid.astype(np.int64)) > 0)
    assert np.all(snapshot.channels.node1 < snapshot.channels.node2)
    assert snapshot.nodes.node_id.shape == (9, 33)
    for number in range(1, 9):
        at = snapshot.channels.scid.tolist().index(a_scid(number))
        ends = {keys[snapshot.channels.node1[at]], keys[snapshot.channels.node2[at]]}
        assert ends == {a_node_id(number), a_node_id(number + 1)}


def test_nodes_known_by_their_channels_only_are_added() -> None:
    snapshot = read({"nodes": [a_node(1)], "edges": [an_edge(1, 1, 2)]})
    second = node_number(snapshot, 2)
    assert snapshot.n_nodes == 2
    assert snapshot.nodes.last_update[second] == 0
    assert snapshot.nodes.alias[second] == ""


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"channel_id": "0"}, "channel-scid-invalid"),
        ({"channel_id": "x"}, "channel-scid-invalid"),
        ({"channel_id": str(2**64)}, "channel-scid-invalid"),
        ({"channel_id": None}, "channel-scid-invalid"),
        ({"channel_id": 10**400}, "channel-scid-invalid"),
        ({"node1_pub": "02" + "00" * 32}, "channel-key-not-on-curve"),
        ({"node1_pub": "02ab"}, "channel-key-invalid"),
        ({"node2_pub": 7}, "channel-key-invalid"),
        ({"node2_pub": " " + a_node_id(2)[1:]}, "channel-key-invalid"),
        ({"capacity": "-1"}, "channel-capacity-out-of-range"),
        ({"capacity": "2100000000000001"}, "channel-capacity-out-of-range"),
        ({"capacity": "9" * 20}, "channel-capacity-out-of-range"),
        ({"capacity": 1.5}, "channel-wrong-type"),
        ({"capacity": True}, "channel-wrong-type"),
        ({"capacity": "1e3"}, "channel-wrong-type"),
        ({"last_update": []}, "channel-wrong-type"),
        ({"channel_id": str(16_000_001 << 40)}, "channel-unannounced"),
        ({"node1_policy": "free"}, "policy-wrong-type"),
        ({"node1_policy": {}}, "policy-empty"),
        ({"node1_policy": a_policy(disabled=1)}, "policy-wrong-type"),
        ({"node1_policy": a_policy(fee_base_msat="abc")}, "policy-wrong-type"),
        ({"node1_policy": a_policy(fee_base_msat=str(2**32))}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(fee_rate_milli_msat="-1")}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(inbound_fee_base_msat=2**31)}, "policy-fee-out-of-range"),
        ({"node1_policy": a_policy(time_lock_delta=65_536)}, "policy-cltv-out-of-range"),
        ({"node1_policy": a_policy(min_htlc="-5")}, "policy-htlc-out-of-range"),
        ({"node1_policy": a_policy(max_htlc_msat=str(2**64 - 1))}, "policy-htlc-out-of-range"),
        ({"node1_policy": a_policy(last_update=2**32)}, "policy-timestamp-out-of-range"),
    ],
)
def test_bad_channel_is_skipped_and_bad_policy_dropped(
    fields: dict[str, object], reason: str
) -> None:
    chain = [an_edge(number, number, number + 1) for number in range(1, 6)]
    chain[2] |= fields
    snapshot = read(a_dump(6, *chain))
    assert snapshot.origin.skipped == ((reason, 1),)
    if reason.startswith("channel-"):
        assert snapshot.n_channels == 4
    else:
        assert snapshot.n_channels == 5
        assert snapshot.channels.policies.is_present.sum() == 9


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"pub_key": "zz" * 33}, "node-key-invalid"),
        ({"pub_key": "05" + "11" * 32}, "node-key-not-on-curve"),
        ({"alias": 5}, "node-wrong-type"),
        ({"addresses": {}}, "node-wrong-type"),
        ({"addresses": [{"network": "tcp"}]}, "node-wrong-type"),
        ({"last_update": "soon"}, "node-wrong-type"),
        ({"last_update": -1}, "node-timestamp-out-of-range"),
        ({"last_update": 2**32}, "node-timestamp-out-of-range"),
    ],
)
def test_bad_node_is_skipped_and_known_by_its_channels(
    fields: dict[str, object], reason: str
) -> None:
    dump = a_dump(6)
    dump["nodes"][2] |= fields
    snapshot = read(dump)
    assert snapshot.origin.skipped == ((reason, 1),)
    assert snapshot.n_nodes == 6
    assert snapshot.nodes.last_update[node_number(snapshot, 3)] == 0


def test_channel_of_a_node_with_itself_is_skipped() -> None:
    snapshot = read(a_dump(3, an_edge(1), an_edge(2, 2, 3), an_edge(3, 2, 2)))
    assert snapshot.origin.skipped == (("channel-with-itself", 1),)


def test_newest_of_duplicates_stays_in_either_order() -> None:
    newer = a_policy(last_update=SECONDS - 10, fee_rate_milli_msat="77")
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(1, node1_policy=newer, node2_policy=newer)]
    for order in (edges, edges[::-1]):
        snapshot = read(a_dump(3, *order))
        assert snapshot.n_channels == 2
        assert snapshot.origin.skipped == (("channel-duplicate", 1),)
        assert snapshot.channels.policies.fee_ppm[:, 0].tolist() == [77, 77]


def test_conflicting_duplicates_of_one_moment_do_not_depend_on_their_order() -> None:
    edges = [an_edge(1), an_edge(2, 2, 3), an_edge(1, 1, 3, capacity="5")]
    nodes = [a_node(1), a_node(2), a_node(1, alias="other"), a_node(3), a_node(4)]
    hashes = {
        read({"nodes": some_nodes, "edges": some_edges}).origin.content_sha256
        for some_nodes in (nodes, nodes[::-1])
        for some_edges in (edges, edges[::-1])
    }
    assert len(hashes) == 1
