"""A day in the life of a generated network: channels open and close, fees change, nodes come and go."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import ChannelColumns, GraphSnapshot, NodeColumns, PolicyColumns
from daznode.domain.ids import NodeId
from daznode.simulate.generated import market
from daznode.simulate.generated.chain import BLOCKS_PER_DAY, height_at
from daznode.simulate.generated.topology import (
    CONFIRMATIONS,
    joined,
    new_nodes,
    new_scids,
    permuted,
    sealed,
    seconds_of_heights,
)

CLOSE_RATIO: Final = 0.005
OPEN_RATIO: Final = 0.005
CHANGE_RATIO: Final = 0.03
"""A day moves about 1 % of channels and 3 % of policies."""

_NEWCOMER_RATIO: Final = 0.0015
_NEWCOMER_CHANNELS: Final = 3
_FEE_SPREAD: Final = 0.35
_MOST_PPM: Final = 20_000
_DISABLE_RATIO: Final = 0.003
_ENABLE_RATIO: Final = 0.03
_REFRESH_RATIO: Final = 0.12
_REFRESH_DAYS: Final = 13
_ANNOUNCE_RATIO: Final = 0.2
_DAY_SECONDS: Final = 86_400
_FIRST_POLICY_SECONDS: Final = (3_600, 7_200)
_MOST_DAYS: Final = 366

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Day:
    """One day that ends at a moment."""

    ends_at: datetime

    @property
    def end(self) -> int:
        """Unix seconds."""
        return int(self.ends_at.timestamp())

    @property
    def start(self) -> int:
        """Unix seconds."""
        return self.end - _DAY_SECONDS

    def moments(self, shape: int | tuple[int, ...], rng: np.random.Generator) -> NDArray[np.int64]:
        return rng.integers(self.start + 1, self.end + 1, shape)


def evolve_network(
    snapshot: GraphSnapshot,
    rng: np.random.Generator,
    *,
    observed_at: datetime,
    imported_at: datetime,
    days: int = 1,
    protected: NodeId | None = None,
) -> GraphSnapshot:
    """Let a generated network live on.

    Each day about 0.5 % of the channels close and as many open, 3 % of the policies change, a few
    nodes arrive, those that lost their last channel leave, and the living announce themselves anew.

    Args:
        snapshot: Where it starts.
        rng: Source of chance.
        observed_at: Moment of the result, `days` after the start; nothing in it is younger.
        imported_at: Moment it is made.
        days: Days to live through, 1 to 366.
        protected: A node whose channels neither close nor open, and whose own policies stay.

    Returns:
        The network as it is then.

    Raises:
        InvalidParameter: `days` is out of range or `observed_at` is not later than the snapshot.
    """
    if not 1 <= days <= _MOST_DAYS:
        message = f"days: {days}; takes 1 to {_MOST_DAYS}"
        raise InvalidParameter(message)
    if observed_at <= snapshot.origin.observed_at:
        message = f"observed_at: {observed_at}; takes a moment after {snapshot.origin.observed_at}"
        raise InvalidParameter(message)
    keep = snapshot.index_of(protected) if protected is not None else None
    nodes, channels = snapshot.nodes, snapshot.channels
    for left in reversed(range(days)):
        window = _Day(observed_at - timedelta(days=left))
        channels = _closed(channels, keep, rng)
        channels = replace(channels, policies=_changed(channels, keep, window, rng))
        nodes, channels = _opened(nodes, channels, keep, window, rng)
        nodes = _announced(nodes, window, rng)
    nodes, channels = _without_lonely(nodes, channels, keep)
    return sealed(
        nodes,
        channels,
        name=f"{len(nodes.alias)} nodes, {len(channels.scid)} channels",
        observed_at=observed_at,
        imported_at=imported_at,
    )


def _touches(channels: ChannelColumns, node: int | None) -> Bools:
    if node is None:
        return np.zeros(len(channels.scid), dtype=np.bool_)
    return np.asarray((channels.node1 == node) | (channels.node2 == node), dtype=np.bool_)


def _rows(channels: ChannelColumns, kept: NDArray[np.int64]) -> ChannelColumns:
    return ChannelColumns(
        scid=channels.scid[kept],
        node1=channels.node1[kept],
        node2=channels.node2[kept],
        capacity_sat=channels.capacity_sat[kept],
        policies=permuted(channels.policies, kept),
    )


def _closed(channels: ChannelColumns, keep: int | None, rng: np.random.Generator) -> ChannelColumns:
    closes = (rng.random(len(channels.scid)) < CLOSE_RATIO) & ~_touches(channels, keep)
    return _rows(channels, np.flatnonzero(~closes))


def _changed(
    channels: ChannelColumns, keep: int | None, day: _Day, rng: np.random.Generator
) -> PolicyColumns:
    policies = channels.policies
    shape = policies.is_present.shape
    owners = np.stack([channels.node1, channels.node2])
    own = owners == keep if keep is not None else np.zeros(shape, dtype=np.bool_)
    free = policies.is_present & ~own
    changes = free & (rng.random(shape) < CHANGE_RATIO)
    ratio = np.exp(_FEE_SPREAD * rng.normal(size=shape))
    moved = np.clip(np.round(policies.fee_ppm * ratio), 0, _MOST_PPM).astype(np.int64)
    # A change is a change: where rounding gives the old fee, it goes up by one.
    moved = np.where(moved == policies.fee_ppm, policies.fee_ppm + 1, moved)
    is_usual = policies.fee_ppm < _MOST_PPM
    chance = rng.random(shape)
    disables = free & ~policies.is_disabled & (chance < _DISABLE_RATIO)
    enables = free & policies.is_disabled & (chance < _ENABLE_RATIO)
    is_due = day.end - policies.last_update > _REFRESH_DAYS * _DAY_SECONDS
    alive = policies.is_present & ~policies.is_disabled
    refreshed = alive & (is_due | (rng.random(shape) < _REFRESH_RATIO))
    touched = changes | disables | enables | refreshed
    return replace(
        policies,
        fee_ppm=np.where(changes & is_usual, moved, policies.fee_ppm),
        is_disabled=(policies.is_disabled | disables) & ~enables,
        last_update=np.where(touched, day.moments(shape, rng), policies.last_update),
    )


def _opened(
    nodes: NodeColumns,
    channels: ChannelColumns,
    keep: int | None,
    day: _Day,
    rng: np.random.Generator,
) -> tuple[NodeColumns, ChannelColumns]:
    """New channels between old nodes, and of new nodes to old ones."""
    count = len(nodes.alias)
    newcomers = int(rng.poisson(_NEWCOMER_RATIO * count))
    degree = np.bincount(channels.node1, minlength=count) + np.bincount(
        channels.node2, minlength=count
    )
    if keep is not None:
        degree[keep] = 0
    own = rng.integers(1, _NEWCOMER_CHANNELS + 1, newcomers)
    of_new = np.repeat(np.arange(count, count + newcomers), own)
    if degree.sum() == 0:
        return nodes, channels
    of_old = rng.choice(count, int(rng.poisson(OPEN_RATIO * len(channels.scid))), p=_shares(degree))
    openers = np.concatenate([of_new, of_old]).astype(np.int64)
    accepters = rng.choice(count, len(openers), p=_shares(degree)).astype(np.int64)
    good = openers != accepters
    ends = np.stack([openers[good], accepters[good]])
    grown = _appended(nodes, new_nodes(own, day.end, rng))
    fresh = _fresh_channels(channels, count + newcomers, ends, day, rng)
    return grown, joined(channels, fresh)


def _shares(degree: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(degree / degree.sum(), dtype=np.float64)


def _appended(first: NodeColumns, second: NodeColumns) -> NodeColumns:
    return NodeColumns(
        node_id=np.concatenate([first.node_id, second.node_id]),
        alias=first.alias + second.alias,
        last_update=np.concatenate([first.last_update, second.last_update]),
        address_kinds=np.concatenate([first.address_kinds, second.address_kinds]),
    )


def _fresh_channels(
    channels: ChannelColumns,
    n_nodes: int,
    ends: NDArray[np.int64],
    day: _Day,
    rng: np.random.Generator,
) -> ChannelColumns:
    """Channels funded today; who has channels already asks for the same again in the new one."""
    count = ends.shape[1]
    newest = height_at(day.ends_at)
    heights = np.maximum(newest - rng.integers(CONFIRMATIONS, BLOCKS_PER_DAY, count), 1)
    capacity_sat = market.capacity_values(count, rng)
    degree = np.bincount(channels.node1, minlength=n_nodes) + np.bincount(
        channels.node2, minlength=n_nodes
    )
    operators = market.draw_operators(degree, rng)
    drawn = market.draw_policies(operators, ends, capacity_sat, rng)
    policies = _as_before(drawn, channels, n_nodes, ends, rng)
    opened = seconds_of_heights(heights)
    updated = np.minimum(opened + rng.integers(*_FIRST_POLICY_SECONDS, ends.shape), day.end)
    return ChannelColumns(
        scid=new_scids(heights, channels.scid, rng),
        node1=ends[0].astype(np.int32),
        node2=ends[1].astype(np.int32),
        capacity_sat=capacity_sat,
        policies=market.only_present(replace(policies, last_update=updated)),
    )


def _as_before(
    drawn: PolicyColumns,
    channels: ChannelColumns,
    n_nodes: int,
    ends: NDArray[np.int64],
    rng: np.random.Generator,
) -> PolicyColumns:
    """The drawn policies, with the prices that each owner asks in one of its other channels."""
    owners = np.stack([channels.node1, channels.node2]).ravel()
    usable = np.flatnonzero(channels.policies.is_present.ravel())
    order = usable[np.argsort(owners[usable], kind="stable")]
    first = np.searchsorted(owners[order], np.arange(n_nodes + 1))
    counts = first[ends + 1] - first[ends]
    picked = first[ends] + (rng.random(ends.shape) * np.maximum(counts, 1)).astype(np.int64)
    known = counts > 0
    source = order[np.minimum(picked, len(order) - 1)]
    copied = {
        name: np.where(
            known, getattr(channels.policies, name).ravel()[source], getattr(drawn, name)
        )
        for name in ("base_fee_msat", "fee_ppm", "cltv_delta", "inbound_fee_ppm")
    }
    alive = np.zeros(ends.shape, dtype=np.bool_)
    return replace(drawn, **copied, is_disabled=alive, is_present=~alive)


def _announced(nodes: NodeColumns, day: _Day, rng: np.random.Generator) -> NodeColumns:
    speaks = (rng.random(len(nodes.alias)) < _ANNOUNCE_RATIO) & (nodes.last_update > 0)
    moments = day.moments(len(nodes.alias), rng)
    return replace(nodes, last_update=np.where(speaks, moments, nodes.last_update))


def _without_lonely(
    nodes: NodeColumns, channels: ChannelColumns, keep: int | None
) -> tuple[NodeColumns, ChannelColumns]:
    stays = np.zeros(len(nodes.alias), dtype=np.bool_)
    stays[channels.node1] = True
    stays[channels.node2] = True
    if keep is not None:
        stays[keep] = True
    place = np.cumsum(stays, dtype=np.int32) - np.int32(1)
    kept = NodeColumns(
        node_id=nodes.node_id[stays],
        alias=tuple(text for text, stay in zip(nodes.alias, stays, strict=True) if stay),
        last_update=nodes.last_update[stays],
        address_kinds=nodes.address_kinds[stays],
    )
    moved = replace(channels, node1=place[channels.node1], node2=place[channels.node2])
    return kept, moved
