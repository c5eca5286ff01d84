"""The simulated node's beginnings: its peers, its channels and what it asks for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter
from daznode.domain.gossip import (
    AddressKind,
    ChannelColumns,
    GraphSnapshot,
    NodeColumns,
    PolicyColumns,
)
from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, Ppm, Sat
from daznode.simulate.generated import names
from daznode.simulate.generated.chain import height_at, moment_of
from daznode.simulate.generated.topology import joined, new_scids, sealed
from daznode.simulate.world.kinds import MOST_HTLC_RATIO, PEER_KINDS, PeerKind

PLAYER_ALIAS: Final = "Quiet Estuary ⚡"
FEWEST_NODES: Final = 100

_OLDEST_DAYS: Final = 900
_YOUNGEST_DAYS: Final = 40
_CLTV_DELTA: Final = 80
_HTLC_MINIMUM_MSAT: Final = Msat(1_000)
_PRICE_SPREAD: Final = 0.15
_USUAL_PPM: Final = 100
_LEAST_PPM: Final = 15
_CHOICES: Final = 3
_ROUND_SAT: Final = 500_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer and the channel with it, at the beginning.

    Attributes:
        kind: What kind of peer it is.
        node_id: Its key.
        scid: Short channel id.
        capacity_sat: Funding amount, sat.
        local_msat: The node's balance, msat.
        policy: What the node asks.
        opened_at: Moment of the funding block, UTC.
        leaves_at: Moment from which the peer stays offline, UTC; None if it stays.
        remote_policy: What the peer asks, as in one of its other channels.
    """

    kind: PeerKind
    node_id: NodeId
    scid: ShortChannelId
    capacity_sat: Sat
    local_msat: Msat
    policy: ChannelPolicy
    opened_at: datetime
    leaves_at: datetime | None
    remote_policy: ChannelPolicy


class _Market:
    """What a snapshot tells about its nodes: sizes, and prices on the way to them."""

    def __init__(self, snapshot: GraphSnapshot) -> None:
        channels, policies = snapshot.channels, snapshot.channels.policies
        ends = np.stack([channels.node1, channels.node2]).astype(np.int64)
        self.policies = policies
        self.fee_ppm = policies.fee_ppm.ravel()
        self._usable = (policies.is_present & ~policies.is_disabled).ravel()
        nodes = np.arange(snapshot.n_nodes + 1)
        self._by_owner = np.argsort(ends.ravel(), kind="stable")
        self._of_owner = np.searchsorted(ends.ravel()[self._by_owner], nodes)
        self._by_target = np.argsort(ends[::-1].ravel(), kind="stable")
        self._of_target = np.searchsorted(ends[::-1].ravel()[self._by_target], nodes)
        self.size = _ranks(np.diff(self._of_owner).astype(np.float64))
        owners = ends.ravel()[self._usable]
        self.has_own_end = np.bincount(owners, minlength=snapshot.n_nodes) > 0
        prices = [self.price_ppm(node) for node in range(snapshot.n_nodes)]
        self.dearness = np.array([-1.0 if price is None else price for price in prices])

    def own_ends(self, node: int) -> NDArray[np.int64]:
        """Ends that a node has announced and not disabled."""
        ends = self._by_owner[self._of_owner[node] : self._of_owner[node + 1]]
        return np.asarray(ends[self._usable[ends]], dtype=np.int64)

    def price_ppm(self, node: int) -> float | None:
        """Median of what others ask on their way to a node; None if nobody offers one."""
        ends = self._by_target[self._of_target[node] : self._of_target[node + 1]]
        asked = self.fee_ppm[ends[self._usable[ends]]]
        asked = asked[asked < PPM_ONE]
        return float(np.median(asked)) if len(asked) else None


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(order / max(len(values) - 1, 1), dtype=np.float64)


def settle(
    snapshot: GraphSnapshot, rng: np.random.Generator
) -> tuple[GraphSnapshot, NodeId, tuple[Peer, ...]]:
    """Put the node into a generated network.

    Args:
        snapshot: A generated network of at least 100 nodes; its moment is the node's beginning.
        rng: Source of chance.

    Returns:
        The network with the node and its announced channels, the node's key, and its peers in the
        order of `PEER_KINDS`.

    Raises:
        InvalidParameter: The network is too small for the node's peers.
    """
    if snapshot.n_nodes < FEWEST_NODES:
        message = f"nodes: {snapshot.n_nodes}; a simulated node takes {FEWEST_NODES} or more"
        raise InvalidParameter(message)
    market = _Market(snapshot)
    begins_at = snapshot.origin.observed_at
    node_id = NodeId(names.node_keys(1, rng)[0].tobytes().hex())
    taken: set[int] = set()
    chosen: list[tuple[PeerKind, int]] = []
    for kind in PEER_KINDS:
        for _ in range(kind.count):
            node = _chosen(kind, market, snapshot, taken, rng)
            taken.add(node)
            chosen.append((kind, node))
    ages = [_opened_at(kind, begins_at, rng) for kind, _ in chosen]
    heights = np.array([height_at(moment) for moment in ages])
    scids = new_scids(heights, snapshot.channels.scid, rng.spawn(1)[0])
    peers = tuple(
        _peer(snapshot, kind, node, market, ShortChannelId(int(scid)), rng)
        for (kind, node), scid in zip(chosen, scids, strict=True)
    )
    old = [peer for peer in peers if peer.opened_at < begins_at]
    nodes = _with_node(snapshot, node_id)
    place_of = {peer.scid: node for peer, (_, node) in zip(peers, chosen, strict=True)}
    places = [place_of[peer.scid] for peer in old]
    rows = announced(old, places, snapshot.n_nodes, int(begins_at.timestamp()))
    origin = snapshot.origin
    with_node = sealed(
        nodes,
        joined(snapshot.channels, rows),
        name=origin.name,
        observed_at=origin.observed_at,
        imported_at=origin.imported_at,
    )
    return with_node, node_id, peers


def _chosen(
    kind: PeerKind,
    market: _Market,
    snapshot: GraphSnapshot,
    taken: set[int],
    rng: np.random.Generator,
) -> int:
    """One of the nodes nearest to what the kind asks for."""
    is_announced = snapshot.nodes.address_kinds != AddressKind.NONE
    is_open = (market.dearness >= 0.0) & market.has_own_end & is_announced
    is_open[list(taken)] = False
    candidates = np.flatnonzero(is_open)
    if len(candidates) == 0:
        message = f"nodes: {snapshot.n_nodes}; none is left for a peer of kind {kind.name!r}"
        raise InvalidParameter(message)
    size = market.size[candidates]
    apart = np.maximum(kind.size[0] - size, 0.0) + np.maximum(size - kind.size[1], 0.0)
    pool = candidates[np.argsort(apart, kind="stable")[: max(_CHOICES, int((apart == 0).sum()))]]
    dearness = _ranks(market.dearness[pool])
    away = np.maximum(kind.dearness[0] - dearness, 0.0) + np.maximum(
        dearness - kind.dearness[1], 0.0
    )
    near = pool[away <= away.min()]
    return int(rng.choice(near))


def _opened_at(kind: PeerKind, begins_at: datetime, rng: np.random.Generator) -> datetime:
    if kind.opens_on_day is not None:
        moment = begins_at + timedelta(days=kind.opens_on_day)
    else:
        moment = begins_at - timedelta(days=int(rng.integers(_YOUNGEST_DAYS, _OLDEST_DAYS)))
    return moment_of(height_at(moment))


def _peer(
    snapshot: GraphSnapshot,
    kind: PeerKind,
    node: int,
    market: _Market,
    scid: ShortChannelId,
    rng: np.random.Generator,
) -> Peer:
    low, high = kind.capacity_sats
    drawn_sat = int(rng.integers(low, high + 1))
    capacity_sat = Sat(max(low, drawn_sat // _ROUND_SAT * _ROUND_SAT))
    local_ratio = rng.uniform(*kind.local_ratio)
    begins_at = snapshot.origin.observed_at
    leaves = kind.leaves_on_day
    return Peer(
        kind=kind,
        node_id=NodeId(snapshot.node_hex(node)),
        scid=scid,
        capacity_sat=capacity_sat,
        local_msat=Msat(int(capacity_sat * local_ratio) * MSAT_PER_SAT),
        policy=_own_policy(kind, market.price_ppm(node), capacity_sat, rng),
        opened_at=moment_of(scid >> 40),
        leaves_at=None if leaves is None else begins_at + timedelta(days=leaves),
        remote_policy=_their_policy(kind, market, node, capacity_sat, rng),
    )


def _own_policy(
    kind: PeerKind, price_ppm: float | None, capacity_sat: Sat, rng: np.random.Generator
) -> ChannelPolicy:
    spread = float(np.exp(_PRICE_SPREAD * rng.normal()))
    asked = (price_ppm or _USUAL_PPM) * kind.price_ratio * spread
    fee_ppm = max(_LEAST_PPM, round(asked)) if kind.fee_ppm is None else kind.fee_ppm
    return ChannelPolicy(
        base_fee_msat=Msat(kind.base_fee_msat),
        fee_ppm=Ppm(fee_ppm),
        inbound_base_fee_msat=Msat(0),
        inbound_fee_ppm=Ppm(-int(fee_ppm * kind.discount_ratio)),
        cltv_delta=_CLTV_DELTA,
        htlc_minimum_msat=_HTLC_MINIMUM_MSAT,
        htlc_maximum_msat=Msat(int(capacity_sat * kind.htlc_ratio) * MSAT_PER_SAT),
        is_disabled=False,
    )


def _their_policy(
    kind: PeerKind, market: _Market, node: int, capacity_sat: Sat, rng: np.random.Generator
) -> ChannelPolicy:
    end = int(rng.choice(market.own_ends(node)))
    policies = market.policies
    elsewhere_ppm = int(policies.fee_ppm.ravel()[end])
    return ChannelPolicy(
        base_fee_msat=Msat(int(policies.base_fee_msat.ravel()[end])),
        fee_ppm=Ppm(elsewhere_ppm if kind.their_ppm is None else kind.their_ppm),
        inbound_base_fee_msat=Msat(int(policies.inbound_base_fee_msat.ravel()[end])),
        inbound_fee_ppm=Ppm(int(policies.inbound_fee_ppm.ravel()[end])),
        cltv_delta=int(policies.cltv_delta.ravel()[end]),
        htlc_minimum_msat=_HTLC_MINIMUM_MSAT,
        htlc_maximum_msat=Msat(int(capacity_sat * MOST_HTLC_RATIO) * MSAT_PER_SAT),
        is_disabled=False,
    )


def _with_node(snapshot: GraphSnapshot, node_id: NodeId) -> NodeColumns:
    """The nodes and, after them, the simulated one."""
    nodes = snapshot.nodes
    key = np.frombuffer(bytes.fromhex(node_id), dtype=np.uint8)
    kinds = AddressKind.IPV4 | AddressKind.TOR
    now = int(snapshot.origin.observed_at.timestamp())
    return NodeColumns(
        node_id=np.concatenate([nodes.node_id, key[None, :]]),
        alias=(*nodes.alias, PLAYER_ALIAS),
        last_update=np.append(nodes.last_update, now),
        address_kinds=np.append(nodes.address_kinds, np.uint8(kinds)),
    )


def announced(
    peers: Sequence[Peer], places: Sequence[int], own_place: int, now_seconds: int
) -> ChannelColumns:
    """The public rows of some of the node's channels, the node as `node1`.

    Args:
        peers: Peers whose channels are announced.
        places: Index of each peer in the nodes.
        own_place: Index of the node.
        now_seconds: Unix time of the announcement.
    """
    sides = [[peer.policy for peer in peers], [peer.remote_policy for peer in peers]]
    shape = (2, len(peers))

    def column(name: str) -> NDArray[np.int64]:
        return np.array([[getattr(policy, name) for policy in side] for side in sides], np.int64)

    stated = {
        name: column(name)
        for name in PolicyColumns.__slots__
        if name not in {"is_present", "is_disabled", "last_update"}
    }
    policies = PolicyColumns(
        is_present=np.ones(shape, dtype=np.bool_),
        is_disabled=np.zeros(shape, dtype=np.bool_),
        last_update=np.full(shape, now_seconds, dtype=np.int64),
        **stated,
    )
    return ChannelColumns(
        scid=np.array([peer.scid for peer in peers], dtype=np.uint64),
        node1=np.full(len(peers), own_place, dtype=np.int32),
        node2=np.array(places, dtype=np.int32),
        capacity_sat=np.array([peer.capacity_sat for peer in peers], dtype=np.int64),
        policies=policies,
    )
