"""NetworkIndex: one measured snapshot, indexed once, from which any node is viewed in milliseconds."""

from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import UNKNOWN_SAT, GraphSnapshot, PolicyColumns
from daznode.domain.ids import NodeId, ShortChannelId, block_height_of
from daznode.domain.measures import (
    HistoryMeasures,
    NodeMeasures,
    NodeScoreCard,
    NodeScores,
    ScoreWeights,
)
from daznode.domain.node_state import ChannelPolicy
from daznode.domain.node_view import NodeView, PeerPrice, PublicChannel
from daznode.domain.units import Msat, Ppm
from daznode.graph.fees import ChannelMarkets, MarketIndex
from daznode.graph.gain import CandidateIndex, best_new_peers
from daznode.graph.scores import ScoreCards

RANKED: Final = (
    "betweenness",
    "fee_betweenness",
    "harmonic",
    "eigenvector",
    "fee_closeness",
    "capacity_sat",
    "peers",
    "channels",
    "fair_capacity_sat",
    "flow_beyond_peers_sat",
)
"""Measures by which nodes can be ranked; more is better in each."""

BLOCKS_PER_DAY: Final = 144
"""Bitcoin's target: one block in ten minutes."""

_PARTS: Final = ("overall", "centrality", "reliability", "performance")


class NetworkIndex:
    """A snapshot with measures, scores and the indexes that views need.

    Attributes:
        snapshot: The network.
        measures: Of every node.
        scores: Of every node.
    """

    def __init__(
        self,
        snapshot: GraphSnapshot,
        measures: NodeMeasures,
        history: HistoryMeasures | None,
        weights: ScoreWeights,
    ) -> None:
        """Score all nodes and build the indexes.

        Args:
            snapshot: The network.
            measures: Of the same snapshot.
            history: What earlier snapshots show; None without any.
            weights: Weights of the parts of the score.
        """
        self.snapshot: Final = snapshot
        self.measures: Final = measures
        self._cards = ScoreCards(snapshot, measures, history, weights)
        self.scores: Final[NodeScores] = self._cards.scores
        self._sorted: dict[str, NDArray[np.float64]] = {}
        newest_scid = int(snapshot.channels.scid[-1]) if snapshot.n_channels else 0
        self._tip_height = block_height_of(newest_scid)

    @cached_property
    def market(self) -> MarketIndex:
        """Every priced policy by the node it leads to; built when first asked for."""
        return MarketIndex(self.snapshot)

    @cached_property
    def candidates(self) -> CandidateIndex:
        """The best connected nodes with their distances; built when first asked for."""
        return CandidateIndex(self.snapshot, self.measures, self.scores)

    def column(self, metric: str) -> NDArray[np.float64]:
        """All nodes' values of a score part or of a measure in `RANKED`, as float64."""
        owner = self.scores if metric in _PARTS else self.measures
        values: NDArray[np.float64] = np.asarray(getattr(owner, metric), dtype=np.float64)
        return values

    def order(self, metric: str) -> NDArray[np.int64]:
        """Nodes of which a metric is known, by that metric, best first, ties in key order."""
        values = self.column(metric)
        known = np.flatnonzero(~np.isnan(values))
        return known[np.argsort(-values[known], kind="stable")]

    def card(self, index: int) -> NodeScoreCard:
        """Score of one node with its evidence."""
        return self._cards.of(index)

    def overall(self, index: int) -> float | None:
        """Overall score of one node; None if nothing is known."""
        value = float(self.scores.overall[index])
        return None if np.isnan(value) else value

    def capacity_sat(self, index: int) -> int:
        """Sum of a node's known channel capacities, sat."""
        return int(self.measures.capacity_sat[index])

    def rank(self, measure: str, index: int) -> int:
        """Place of a node by a measure in `RANKED`: one more than the nodes with a larger value."""
        if measure not in self._sorted:
            self._sorted[measure] = np.sort(self.column(measure))
        ordered = self._sorted[measure]
        value = self.column(measure)[index]
        return len(ordered) - int(np.searchsorted(ordered, value, side="right")) + 1

    def view(self, index: int) -> NodeView:
        """One node with everything a report says of it.

        Args:
            index: Position of the node in the snapshot.
        """
        measures = self.measures
        closeness = float(measures.closeness[index])
        return NodeView(
            origin=self.snapshot.origin,
            card=self.card(index),
            ranks={name: self.rank(name, index) for name in RANKED},
            mean_hops=1.0 / closeness if closeness > 0 else None,
            fee_reached=int(measures.fee_reached[index]),
            capacity_sat=self.capacity_sat(index),
            channels=self.channels_of(index),
            gains=best_new_peers(self.candidates, self.snapshot, measures, self.scores, index),
        )

    def percentile(self, measure: str, index: int) -> float:
        """Share of all nodes with a smaller value of a measure in `RANKED`, 0 to 100."""
        self.rank(measure, index)
        ordered = self._sorted[measure]
        below = int(np.searchsorted(ordered, self.column(measure)[index], side="left"))
        return 100.0 * below / len(ordered)

    def channels_of(self, index: int) -> tuple[PublicChannel, ...]:
        """The announced channels of one node as gossip shows them, by scid."""
        markets = self.market.channel_markets(index)
        return tuple(
            self._channel(int(row), index, _price(markets, place))
            for place, row in enumerate(markets.channel)
        )

    def _channel(self, row: int, index: int, price: PeerPrice | None) -> PublicChannel:
        snapshot, channels = self.snapshot, self.snapshot.channels
        side = 0 if int(channels.node1[row]) == index else 1
        peer = int(channels.node2[row] if side == 0 else channels.node1[row])
        capacity_sat = int(channels.capacity_sat[row])
        scid = int(channels.scid[row])
        updated_s = int(channels.policies.last_update[side, row])
        height = block_height_of(scid)
        return PublicChannel(
            scid=ShortChannelId(scid),
            peer_id=NodeId(snapshot.node_hex(peer)),
            peer_alias=snapshot.nodes.alias[peer],
            capacity_sat=None if capacity_sat == UNKNOWN_SAT else capacity_sat,
            local_policy=_policy(channels.policies, side, row),
            remote_policy=_policy(channels.policies, 1 - side, row),
            local_policy_at=datetime.fromtimestamp(updated_s, UTC) if updated_s > 0 else None,
            age_days=(self._tip_height - height) // BLOCKS_PER_DAY if height else None,
            price=price,
        )


def _price(markets: ChannelMarkets, place: int) -> PeerPrice | None:
    if markets.n_competitors[place] == 0 or markets.p50_ppm[place] < 0:
        return None
    standing = float(markets.standing[place])
    return PeerPrice(
        p25_ppm=int(markets.p25_ppm[place]),
        p50_ppm=int(markets.p50_ppm[place]),
        p75_ppm=int(markets.p75_ppm[place]),
        n_competitors=int(markets.n_competitors[place]),
        standing=None if np.isnan(standing) else standing,
    )


def _policy(policies: PolicyColumns, side: int, row: int) -> ChannelPolicy | None:
    if not policies.is_present[side, row]:
        return None
    return ChannelPolicy(
        base_fee_msat=Msat(int(policies.base_fee_msat[side, row])),
        fee_ppm=Ppm(int(policies.fee_ppm[side, row])),
        inbound_base_fee_msat=Msat(int(policies.inbound_base_fee_msat[side, row])),
        inbound_fee_ppm=Ppm(int(policies.inbound_fee_ppm[side, row])),
        cltv_delta=int(policies.cltv_delta[side, row]),
        htlc_minimum_msat=Msat(int(policies.htlc_minimum_msat[side, row])),
        htlc_maximum_msat=Msat(int(policies.htlc_maximum_msat[side, row])),
        is_disabled=bool(policies.is_disabled[side, row]),
    )
