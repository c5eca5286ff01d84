"""Snapshot and measure columns to Parquet bytes and back, checked on the way in.

Nodes and channels are one table each, Zstandard-compressed. Node keys are fixed-size binary of 33
bytes; a channel's two policies are columns `policy1_...` (set by `node1`) and `policy2_...`. Arrays
read back are of their own memory and writable, as those of an import: compiled kernels then know
one kind of array.
"""

from dataclasses import fields
from typing import Any, Final, get_args, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from daznode.domain.errors import StoreCorrupt
from daznode.domain.gossip import ChannelColumns, NodeColumns, PolicyColumns
from daznode.domain.ids import KEY_BYTES
from daznode.domain.measures import NodeMeasures

_COMPRESSION: Final = "zstd"
_SIDES: Final = ("policy1_", "policy2_")
_KEYS_AS_TEXT: Final = np.dtype(f"S{KEY_BYTES}")
_BROKEN: Final = (pa.ArrowException, OSError, KeyError, ValueError, TypeError, OverflowError)


def column_types(kind: type) -> dict[str, np.dtype[Any]]:
    """Array fields of a column class and their dtypes, in order."""
    types = {}
    for name, hint in get_type_hints(kind).items():
        if getattr(hint, "__origin__", None) is np.ndarray:
            (scalar,) = get_args(get_args(hint)[1])
            types[name] = np.dtype(scalar)
    return types


_CHANNEL_TYPES: Final = column_types(ChannelColumns)
_POLICY_TYPES: Final = column_types(PolicyColumns)
_MEASURE_TYPES: Final = column_types(NodeMeasures)


def nodes_to_parquet(nodes: NodeColumns) -> bytes:
    """The table of nodes."""
    keys = np.ascontiguousarray(nodes.node_id)
    return _to_parquet(
        {
            "node_id": pa.Array.from_buffers(
                pa.binary(KEY_BYTES), len(keys), [None, pa.py_buffer(keys)]
            ),
            "alias": pa.array(nodes.alias, pa.string()),
            "last_update": nodes.last_update,
            "address_kinds": nodes.address_kinds,
        }
    )


def channels_to_parquet(channels: ChannelColumns) -> bytes:
    """The table of channels."""
    columns: dict[str, Any] = {name: getattr(channels, name) for name in _CHANNEL_TYPES}
    for row, prefix in enumerate(_SIDES):
        for name in _POLICY_TYPES:
            columns[prefix + name] = getattr(channels.policies, name)[row]
    return _to_parquet(columns)


def measures_to_parquet(measures: NodeMeasures) -> bytes:
    """The table of measures, with checksums of its pages."""
    columns = {name: getattr(measures, name) for name in _MEASURE_TYPES}
    about = {
        field.name: str(getattr(measures, field.name))
        for field in fields(NodeMeasures)
        if field.name not in columns
    }
    return _to_parquet(columns, about)


def nodes_from_parquet(data: bytes, where: str) -> NodeColumns:
    """The nodes of a table.

    Raises:
        StoreCorrupt: It is no table of nodes, or they are out of order.
    """
    try:
        table = pq.read_table(pa.BufferReader(data), use_threads=False)
        nodes = NodeColumns(
            node_id=_keys(table.column("node_id")),
            alias=_texts(table, "alias"),
            last_update=_values(table, "last_update", np.dtype(np.int64)).copy(),
            address_kinds=_values(table, "address_kinds", np.dtype(np.uint8)).copy(),
        )
    except _BROKEN as error:
        raise _corrupt(where, error) from error
    _check_nodes(nodes, where)
    return nodes


def channels_from_parquet(data: bytes, n_nodes: int, where: str) -> ChannelColumns:
    """The channels of a table.

    Args:
        data: The table.
        n_nodes: Nodes of the snapshot; no channel may point beyond.
        where: What is being read, for the message.

    Raises:
        StoreCorrupt: It is no table of channels, they are out of order, or point at no node.
    """
    try:
        table = pq.read_table(pa.BufferReader(data), use_threads=False)
        policies = {}
        for name, dtype in _POLICY_TYPES.items():
            both = np.empty((len(_SIDES), table.num_rows), dtype=dtype)
            for row, prefix in enumerate(_SIDES):
                both[row] = _values(table, prefix + name, dtype)
            policies[name] = both
        channels = ChannelColumns(
            **{name: _values(table, name, dtype).copy() for name, dtype in _CHANNEL_TYPES.items()},
            policies=PolicyColumns(**policies),
        )
    except _BROKEN as error:
        raise _corrupt(where, error) from error
    _check_channels(channels, n_nodes, where)
    return channels


def measures_from_parquet(data: bytes, where: str) -> NodeMeasures:
    """The measures of a table.

    Raises:
        StoreCorrupt: It is no table of measures, or one of another version of the program.
    """
    try:
        table = pq.read_table(
            pa.BufferReader(data), use_threads=False, page_checksum_verification=True
        )
        about = table.schema.metadata or {}
        return NodeMeasures(
            snapshot_id=about[b"snapshot_id"].decode(),
            params_hash=about[b"params_hash"].decode(),
            amount_msat=int(about[b"amount_msat"]),
            **{name: _values(table, name, dtype).copy() for name, dtype in _MEASURE_TYPES.items()},
        )
    except _BROKEN as error:
        raise _corrupt(where, error) from error


def _to_parquet(columns: dict[str, Any], about: dict[str, str] | None = None) -> bytes:
    table = pa.table(columns)
    if about is not None:
        table = table.replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression=_COMPRESSION, write_page_checksum=about is not None)
    return bytes(sink.getvalue())


def _values(table: Any, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:  # noqa: ANN401
    """A column as an array, perhaps of memory that is not to be written or kept."""
    column = table.column(name)
    if column.null_count:
        message = f"column {name} has empty places"
        raise ValueError(message)
    values = column.to_numpy()
    if values.dtype != dtype:
        message = f"column {name} is {values.dtype}, expected {dtype}"
        raise TypeError(message)
    return np.asarray(values)


def _texts(table: Any, name: str) -> tuple[str, ...]:  # noqa: ANN401
    column = table.column(name)
    if column.type != pa.string() or column.null_count:
        message = f"column {name} is {column.type} or has empty places, expected texts"
        raise TypeError(message)
    return tuple(column.to_pylist())


def _keys(column: Any) -> NDArray[np.uint8]:  # noqa: ANN401
    array = column.combine_chunks()
    if array.type != pa.binary(KEY_BYTES) or array.null_count:
        message = f"column node_id is {array.type}, expected {KEY_BYTES} bytes each"
        raise TypeError(message)
    n_keys = len(array)
    if n_keys == 0:
        return np.empty((0, KEY_BYTES), dtype=np.uint8)
    start = array.offset * KEY_BYTES
    flat = np.frombuffer(array.buffers()[1], dtype=np.uint8)[start : start + n_keys * KEY_BYTES]
    return flat.reshape(n_keys, KEY_BYTES).copy()


def _check_nodes(nodes: NodeColumns, where: str) -> None:
    keys = np.ascontiguousarray(nodes.node_id).view(_KEYS_AS_TEXT).ravel()
    if not bool(np.all(keys[:-1] < keys[1:])):
        message = f"{where}: nodes are not in ascending order of their keys"
        raise StoreCorrupt(message)


def _check_channels(channels: ChannelColumns, n_nodes: int, where: str) -> None:
    if not bool(np.all(channels.scid[:-1] < channels.scid[1:])):
        message = f"{where}: channels are not in ascending order of their ids"
        raise StoreCorrupt(message)
    ordered = (channels.node1 >= 0) & (channels.node1 < channels.node2)
    if not bool(np.all(ordered & (channels.node2 < n_nodes))):
        message = f"{where}: a channel does not join two of the {n_nodes} nodes, lower key first"
        raise StoreCorrupt(message)


def _corrupt(where: str, error: Exception) -> StoreCorrupt:
    reason = " ".join(str(error).split())
    message = f"{where}: cannot be read: {type(error).__name__}: {reason}"
    return StoreCorrupt(message)
