"""Parquet tables that are not what they should be are refused, each in one line."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.builders import a_snapshot, same_columns, some_measures

from daznode.adapters.store.columns import (
    channels_from_parquet,
    channels_to_parquet,
    column_types,
    measures_from_parquet,
    measures_to_parquet,
    nodes_from_parquet,
    nodes_to_parquet,
)
from daznode.domain.errors import StoreCorrupt
from daznode.domain.gossip import PolicyColumns
from daznode.domain.measures import NodeMeasures

SNAPSHOT = a_snapshot()


def changed(data, name, column):
    """A table with one column replaced, or left out."""
    table = pq.read_table(pa.BufferReader(data))
    place = table.schema.get_field_index(name)
    table = table.remove_column(place)
    if column is not None:
        table = table.add_column(place, name, [column])
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def test_dtypes_are_those_that_the_domain_names():
    assert column_types(PolicyColumns)["is_disabled"] == np.bool_
    assert column_types(PolicyColumns)["fee_ppm"] == np.int64
    assert column_types(NodeMeasures)["harmonic"] == np.float64
    assert "snapshot_id" not in column_types(NodeMeasures)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("node_id", None),
        ("node_id", pa.array([b"short"] * 6)),
        ("node_id", pa.array([None] * 6, pa.binary(33))),
        ("alias", None),
        ("alias", pa.array(["x", None, "x", "x", "x", "x"])),
        ("alias", pa.array([1, 2, 3, 4, 5, 6])),
        ("last_update", pa.array([1.5] * 6)),
        ("last_update", pa.array([1, 2, 3, None, 5, 6])),
        ("address_kinds", pa.array([1] * 6, pa.int64())),
    ],
)
def test_a_wrong_column_of_nodes_is_refused(name, column):
    data = changed(nodes_to_parquet(SNAPSHOT.nodes), name, column)
    with pytest.raises(StoreCorrupt, match=r"^nodes\.parquet: cannot be read: ") as told:
        nodes_from_parquet(data, "nodes.parquet")
    assert name in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("scid", None),
        ("scid", pa.array(range(8), pa.int64())),
        ("policy2_fee_ppm", None),
        ("policy1_is_present", pa.array([1] * 8)),
        ("policy1_is_present", pa.array([True, None] * 4)),
    ],
)
def test_a_wrong_column_of_channels_is_refused(name, column):
    data = changed(channels_to_parquet(SNAPSHOT.channels), name, column)
    with pytest.raises(StoreCorrupt, match="cannot be read") as told:
        channels_from_parquet(data, 6, "channels.parquet")
    assert name in str(told.value)


@pytest.mark.parametrize(
    ("name", "column", "said"),
    [
        ("scid", pa.array([5] * 8, pa.uint64()), "ascending order of their ids"),
        ("node2", pa.array([6] * 8, pa.int32()), "does not join two of the 6 nodes"),
        ("node1", pa.array([-1] * 8, pa.int32()), "does not join two of the 6 nodes"),
        ("node1", pa.array([5] * 8, pa.int32()), "lower key first"),
    ],
)
def test_channels_that_kernels_could_trip_over_are_refused(name, column, said):
    data = changed(channels_to_parquet(SNAPSHOT.channels), name, column)
    with pytest.raises(StoreCorrupt, match=said):
        channels_from_parquet(data, 6, "channels.parquet")


def test_nodes_out_of_order_are_refused():
    keys = [bytes(key) for key in SNAPSHOT.nodes.node_id[[1, 0, 2, 3, 4, 5]]]
    data = changed(nodes_to_parquet(SNAPSHOT.nodes), "node_id", pa.array(keys, pa.binary(33)))
    with pytest.raises(StoreCorrupt, match="ascending order of their keys"):
        nodes_from_parquet(data, "nodes.parquet")


def test_measures_without_a_column_or_their_names_are_refused():
    measures = some_measures(SNAPSHOT)
    good = measures_to_parquet(measures)
    assert same_columns(measures_from_parquet(good, "m"), measures)
    with pytest.raises(StoreCorrupt, match="m: cannot be read"):
        measures_from_parquet(changed(good, "harmonic", None), "m")
    table = pq.read_table(pa.BufferReader(good)).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    with pytest.raises(StoreCorrupt, match="snapshot_id"):
        measures_from_parquet(bytes(sink.getvalue()), "m")
