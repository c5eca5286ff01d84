"""Snapshots as columns: their hash and the search for a node."""

from dataclasses import fields, replace

import numpy as np
import pytest
from tests.builders import a_snapshot, some_nodes

from daznode.domain.gossip import ChannelColumns, NodeColumns, PolicyColumns, content_sha256

SNAPSHOT = a_snapshot(6)
HASH = content_sha256(SNAPSHOT.nodes, SNAPSHOT.channels)


def changed(column):
    """The column with its last value moved by one step."""
    if isinstance(column, tuple):
        return (*column[:-1], column[-1] + "x")
    other = column.copy()
    last = tuple(size - 1 for size in other.shape)
    other[last] = not other[last] if other.dtype == np.bool_ else other[last] + 1
    return other


def test_equal_columns_have_equal_hashes():
    again = a_snapshot(6)
    assert content_sha256(again.nodes, again.channels) == HASH
    assert len(HASH) == 64


@pytest.mark.parametrize("name", [field.name for field in fields(NodeColumns)])
def test_every_node_column_is_hashed(name):
    nodes = replace(SNAPSHOT.nodes, **{name: changed(getattr(SNAPSHOT.nodes, name))})
    assert content_sha256(nodes, SNAPSHOT.channels) != HASH


@pytest.mark.parametrize(
    "name", [field.name for field in fields(ChannelColumns) if field.name != "policies"]
)
def test_every_channel_column_is_hashed(name):
    channels = replace(SNAPSHOT.channels, **{name: changed(getattr(SNAPSHOT.channels, name))})
    assert content_sha256(SNAPSHOT.nodes, channels) != HASH


@pytest.mark.parametrize("name", [field.name for field in fields(PolicyColumns)])
def test_every_policy_column_is_hashed(name):
    policies = SNAPSHOT.channels.policies
    policies = replace(policies, **{name: changed(getattr(policies, name))})
    assert content_sha256(SNAPSHOT.nodes, replace(SNAPSHOT.channels, policies=policies)) != HASH


def test_the_memory_layout_and_byte_order_do_not_matter():
    nodes = replace(
        SNAPSHOT.nodes,
        node_id=np.asfortranarray(SNAPSHOT.nodes.node_id),
        last_update=SNAPSHOT.nodes.last_update.astype(">i8"),
    )
    channels = replace(SNAPSHOT.channels, capacity_sat=SNAPSHOT.channels.capacity_sat[::-1][::-1])
    assert content_sha256(nodes, channels) == HASH


def test_a_letter_cannot_wander_from_one_alias_to_the_next():
    one = replace(SNAPSHOT.nodes, alias=("ab", "c", "", "", "", ""))
    other = replace(SNAPSHOT.nodes, alias=("a", "bc", "", "", "", ""))
    assert content_sha256(one, SNAPSHOT.channels) != content_sha256(other, SNAPSHOT.channels)


def test_an_alias_that_is_no_text_can_be_hashed():
    nodes = replace(SNAPSHOT.nodes, alias=("\ud800", *SNAPSHOT.nodes.alias[1:]))
    assert content_sha256(nodes, SNAPSHOT.channels) != HASH


@pytest.mark.parametrize("n_nodes", [2, 3, 6, 7])
def test_every_node_is_found_and_no_other(n_nodes):
    snapshot = a_snapshot(n_nodes)
    for index in range(n_nodes):
        assert snapshot.index_of(snapshot.node_hex(index)) == index
    known = {row.tobytes() for row in snapshot.nodes.node_id}
    strangers = [row for row in some_nodes(20).node_id if row.tobytes() not in known]
    for row in strangers:
        assert snapshot.index_of(row.tobytes().hex()) is None
