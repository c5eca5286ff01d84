"""Rows as stated to a snapshot: judged, counted where dropped, sorted, hashed."""

from collections import Counter
from dataclasses import dataclass, fields
from typing import Final

import coincurve
import numpy as np
from numpy.typing import NDArray

from daznode.adapters.sources.rows import Field, GraphRows
from daznode.domain.gossip import (
    UNKNOWN_MSAT,
    UNKNOWN_SAT,
    ChannelColumns,
    NodeColumns,
    PolicyColumns,
)
from daznode.domain.ids import KEY_BYTES
from daznode.domain.progress import Progress
from daznode.domain.units import MAX_SUPPLY_SAT

MAX_SAT: Final = int(MAX_SUPPLY_SAT)
"""All bitcoin there will ever be, in satoshi: no channel holds more."""

MAX_MSAT: Final = MAX_SAT * 1000
"""The same in millisatoshi: no HTLC limit beyond it means anything."""

UNCONFIRMED_HEIGHT: Final = 16_000_000
"""First block height of the aliases that LND gives to channels without a confirmed funding.

Such channels are private: no announcement can name them (BOLT 2, `option_scid_alias`).
"""

_MAX_U32: Final = 2**32 - 1
_MAX_U16: Final = 2**16 - 1
_INT32: Final = (-(2**31), 2**31 - 1)
_CURVE_CHUNK: Final = 4096

# Accepted ranges of a policy's integers, with the reason a policy outside them is dropped for.
_POLICY_RANGES: Final = (
    (Field.BASE_FEE_MSAT, 0, _MAX_U32, "policy-fee-out-of-range"),
    (Field.FEE_PPM, 0, _MAX_U32, "policy-fee-out-of-range"),
    (Field.INBOUND_BASE_FEE_MSAT, *_INT32, "policy-fee-out-of-range"),
    (Field.INBOUND_FEE_PPM, *_INT32, "policy-fee-out-of-range"),
    (Field.CLTV_DELTA, 0, _MAX_U16, "policy-cltv-out-of-range"),
    (Field.HTLC_MINIMUM_MSAT, 0, MAX_MSAT, "policy-htlc-out-of-range"),
    (Field.HTLC_MAXIMUM_MSAT, 0, MAX_MSAT, "policy-htlc-out-of-range"),
    (Field.LAST_UPDATE, 0, _MAX_U32, "policy-timestamp-out-of-range"),
)


@dataclass(frozen=True, slots=True)
class Columns:
    """A graph in canonical columns.

    Attributes:
        nodes: Sorted by key.
        channels: Sorted by short channel id.
        skipped: What was dropped on the way, by reason.
    """

    nodes: NodeColumns
    channels: ChannelColumns
    skipped: Counter[str]


def build_columns(rows: GraphRows, progress: Progress) -> Columns:
    """Judge rows and bring what is left into canonical order.

    Records that cannot be true are dropped and counted: keys off the curve, channels of a node
    with itself, impossible ids and amounts, private channels. Of several records of one node or
    one channel the one with the newest moment stays; equal moments are settled by the content,
    so that the order of the records never matters. A policy with an impossible value is dropped
    and its channel kept.

    Args:
        rows: What the dump states.
        progress: Told of keys checked.

    Returns:
        Columns that hold the promises of `domain.gossip`; possibly without any channel.
    """
    skipped: Counter[str] = Counter()
    is_point = _curve_points(rows.keys, progress)
    rank, sorted_keys = _rank_keys(rows.keys)
    values, has_policy = _judge_policies(rows, skipped)
    kept = _judge_channels(rows, is_point, skipped)
    ends = rank[rows.channel_keys[kept]]
    is_swapped = ends[:, 0] > ends[:, 1]
    side = np.stack([is_swapped, ~is_swapped], axis=1).astype(np.intp)
    take = (kept[:, None], side)
    channels = _Channels(
        scid=rows.scid[kept],
        ends=np.sort(ends, axis=1),
        capacity_sat=rows.capacity_sat[kept],
        has_policy=has_policy[take],
        is_disabled=rows.is_disabled[take] & has_policy[take],
        values=np.where(has_policy[take][:, :, None], values[take], 0),
    )
    channels = channels.take(_newest_of_each(channels, skipped))
    nodes, positions = _nodes(rows, rank, sorted_keys, is_point, channels.ends, skipped)
    return Columns(nodes, channels.columns(positions), skipped)


@dataclass(frozen=True, slots=True)
class _Channels:
    """Kept channels, the lower key first; `ends` are ranks among all keys."""

    scid: NDArray[np.uint64]
    ends: NDArray[np.int64]
    capacity_sat: NDArray[np.int64]
    has_policy: NDArray[np.bool_]
    is_disabled: NDArray[np.bool_]
    values: NDArray[np.int64]

    def take(self, index: NDArray[np.intp]) -> "_Channels":
        """The channels at some positions, in that order."""
        return _Channels(*(getattr(self, item.name)[index] for item in fields(self)))

    def columns(self, positions: NDArray[np.int64]) -> ChannelColumns:
        """The domain's columns, given the node index of each key's rank."""

        def field(which: Field) -> NDArray[np.int64]:
            return np.ascontiguousarray(self.values[:, :, which].T)

        maximum = field(Field.HTLC_MAXIMUM_MSAT)
        maximum[maximum == 0] = UNKNOWN_MSAT
        policies = PolicyColumns(
            is_present=np.ascontiguousarray(self.has_policy.T),
            is_disabled=np.ascontiguousarray(self.is_disabled.T),
            base_fee_msat=field(Field.BASE_FEE_MSAT),
            fee_ppm=field(Field.FEE_PPM),
            inbound_base_fee_msat=field(Field.INBOUND_BASE_FEE_MSAT),
            inbound_fee_ppm=field(Field.INBOUND_FEE_PPM),
            cltv_delta=field(Field.CLTV_DELTA),
            htlc_minimum_msat=field(Field.HTLC_MINIMUM_MSAT),
            htlc_maximum_msat=maximum,
            last_update=field(Field.LAST_UPDATE),
        )
        ends = positions[self.ends].astype(np.int32)
        return ChannelColumns(
            scid=self.scid,
            node1=np.ascontiguousarray(ends[:, 0]),
            node2=np.ascontiguousarray(ends[:, 1]),
            capacity_sat=np.where(self.capacity_sat == 0, UNKNOWN_SAT, self.capacity_sat),
            policies=policies,
        )


def _curve_points(keys: NDArray[np.uint8], progress: Progress) -> NDArray[np.bool_]:
    """Whether each key is a point of secp256k1, by libsecp256k1's own parser."""
    packed = keys.tobytes()
    is_point = np.ones(len(keys), np.bool_)
    for start in range(0, len(keys), _CURVE_CHUNK):
        progress("checking keys", start, len(keys))
        for index in range(start, min(start + _CURVE_CHUNK, len(keys))):
            try:
                coincurve.PublicKey(packed[index * KEY_BYTES : (index + 1) * KEY_BYTES])
            except ValueError:
                is_point[index] = False
    progress("checking keys", len(keys), len(keys))
    return is_point


def _rank_keys(keys: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Place of each key among all in byte order, and the keys in that order."""
    words = np.ascontiguousarray(keys[:, 1:]).view(">u8").reshape(len(keys), 4)
    order = np.lexsort((*(words[:, column] for column in range(3, -1, -1)), keys[:, 0]))
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys))
    return rank, keys[order]


def _judge_policies(
    rows: GraphRows, skipped: Counter[str]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Policy integers with their moments completed, and which policies stay.

    Dumps of LND before 0.7 state one moment for the channel only; it then stands for both sides.
    """
    values = rows.policy_values.copy()
    moments = values[:, :, Field.LAST_UPDATE]
    values[:, :, Field.LAST_UPDATE] = np.where(moments == 0, rows.channel_update[:, None], moments)
    has_policy = rows.has_policy.copy()
    for which, low, high, reason in _POLICY_RANGES:
        column = values[:, :, which]
        _drop(has_policy, (column < low) | (column > high), reason, skipped)
    return values, has_policy


def _judge_channels(
    rows: GraphRows, is_point: NDArray[np.bool_], skipped: Counter[str]
) -> NDArray[np.intp]:
    """Positions of the channels that can be true."""
    is_kept = np.ones(len(rows.scid), np.bool_)
    keys = rows.channel_keys
    _drop(is_kept, rows.scid == 0, "channel-scid-invalid", skipped)
    _drop(is_kept, rows.scid >> 40 >= UNCONFIRMED_HEIGHT, "channel-unannounced", skipped)
    is_on_curve: NDArray[np.bool_] = is_point[keys[:, 0]] & is_point[keys[:, 1]]
    _drop(is_kept, ~is_on_curve, "channel-key-not-on-curve", skipped)
    is_loop: NDArray[np.bool_] = keys[:, 0] == keys[:, 1]
    _drop(is_kept, is_loop, "channel-with-itself", skipped)
    is_absurd = (rows.capacity_sat < 0) | (rows.capacity_sat > MAX_SAT)
    _drop(is_kept, is_absurd, "channel-capacity-out-of-range", skipped)
    return np.flatnonzero(is_kept)


def _drop(
    is_kept: NDArray[np.bool_], is_bad: NDArray[np.bool_], reason: str, skipped: Counter[str]
) -> None:
    """Take the bad ones out of the kept ones and count them under one reason."""
    n_dropped = int(np.count_nonzero(is_kept & is_bad))
    if n_dropped:
        skipped[reason] += n_dropped
        is_kept &= ~is_bad


def _newest_of_each(channels: _Channels, skipped: Counter[str]) -> NDArray[np.intp]:
    """Positions by ascending id, the newest record of each id."""
    newest = channels.values[:, :, Field.LAST_UPDATE].max(axis=1, initial=0)
    order: NDArray[np.intp] = np.lexsort((newest, channels.scid))
    scid = channels.scid[order]
    is_last = np.append(scid[1:] != scid[:-1], True) if len(scid) else np.zeros(0, np.bool_)
    n_repeated = int(np.count_nonzero(~is_last))
    if not n_repeated:
        return order
    skipped["channel-duplicate"] += n_repeated
    best: NDArray[np.intp] = order[is_last]
    # Equal moments are rare enough to compare whole records one by one.
    place = {int(channels.scid[index]): at for at, index in enumerate(best)}
    for index in order[~is_last]:
        at = place[int(channels.scid[index])]
        rival = best[at]
        if newest[index] == newest[rival] and _whole(channels, index) > _whole(channels, rival):
            best[at] = index
    return best


def _whole(channels: _Channels, index: int) -> tuple[bytes, ...]:
    """A channel's whole content in an order that is the same in every dump."""
    return tuple(getattr(channels, item.name)[index].tobytes() for item in fields(channels))


def _nodes(
    rows: GraphRows,
    rank: NDArray[np.int64],
    sorted_keys: NDArray[np.uint8],
    is_point: NDArray[np.bool_],
    ends: NDArray[np.int64],
    skipped: Counter[str],
) -> tuple[NodeColumns, NDArray[np.int64]]:
    """Node columns of announced and connected nodes, and the index of each key's rank in them."""
    is_kept = np.ones(len(rows.node_key), np.bool_)
    _drop(is_kept, ~is_point[rows.node_key], "node-key-not-on-curve", skipped)
    is_absurd = (rows.node_update < 0) | (rows.node_update > _MAX_U32)
    _drop(is_kept, is_absurd, "node-timestamp-out-of-range", skipped)
    record_of = np.full(len(sorted_keys), -1, np.int64)
    for record in np.flatnonzero(is_kept).tolist():
        place = int(rank[rows.node_key[record]])
        rival = int(record_of[place])
        if rival >= 0:
            skipped["node-duplicate"] += 1
            if _announcement(rows, record) <= _announcement(rows, rival):
                continue
        record_of[place] = record
    is_used = record_of >= 0
    is_used[ends.ravel()] = True
    positions = np.cumsum(is_used) - 1
    chosen = record_of[is_used]
    is_known = chosen >= 0
    # Position -1 reads the last record, or nothing at all: the mask then makes it 0.
    stated = rows.node_update[chosen] if len(rows.node_key) else np.zeros(len(chosen), np.int64)
    kinds = rows.address_kinds[chosen] if len(rows.node_key) else np.zeros(len(chosen), np.uint8)
    nodes = NodeColumns(
        node_id=sorted_keys[is_used],
        alias=tuple(rows.alias[record] if record >= 0 else "" for record in chosen.tolist()),
        last_update=np.where(is_known, stated, np.int64(0)),
        address_kinds=np.where(is_known, kinds, np.uint8(0)),
    )
    return nodes, positions


def _announcement(rows: GraphRows, record: int) -> tuple[int, str, int]:
    return (int(rows.node_update[record]), rows.alias[record], int(rows.address_kinds[record]))
