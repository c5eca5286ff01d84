"""Answers about the current network: scores, rankings, fee market, figures."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.accounts import Caller
from daznode.domain.answers import (
    SUCCESS,
    NetworkStatsAnswer,
    NodeScore,
    NodeScoreAnswer,
    NodeScoresAnswer,
    RankedNode,
    RankingsAnswer,
    channel_score_answer,
    fee_market_answer,
    node_score,
    paginated,
)
from daznode.domain.errors import (
    InvalidParameter,
    NodeNotFound,
    SnapshotNotFound,
    StoreCorrupt,
)
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.ids import NodeId, ShortChannelId, format_scid
from daznode.domain.measures import ScoreWeights
from daznode.graph.diff import diff_snapshots
from daznode.graph.parallel import Crew
from daznode.graph.stats import network_stats
from daznode.ports.accounts import ProfileStore
from daznode.ports.compute import Compute
from daznode.ports.store import SnapshotStore
from daznode.usecases import score_channel
from daznode.usecases.cached_answers import Answer, CachedAnswers, Encode, tagged
from daznode.usecases.current_network import CurrentNetwork, OpenedNetwork
from daznode.usecases.score_node import MOST_RANKED, RANKING_METRICS

KEPT_SECONDS: Final = 24 * 3600.0
"""Answers name the edition of the network in their key, so age alone never makes them wrong."""

MOST_SCORES: Final = 1_000
DEFAULT_RANKED: Final = 50
DEFAULT_METRIC: Final = "overall"
_WARM_METRICS: Final = ("overall", "centrality", "reliability", "performance")


@dataclass(frozen=True, slots=True)
class QueryNetwork:
    """The trip from a question about the network to the bytes of its answer."""

    current: CurrentNetwork
    snapshots: SnapshotStore
    answers: CachedAnswers
    compute: Compute
    encode: Encode
    weights: ScoreWeights
    profiles: ProfileStore

    async def score(self, node_id: NodeId) -> Answer:
        """The scores of one node with their evidence.

        Raises:
            NodeNotFound: The network does not know it.
            DataUnavailable: No network is open.
        """
        network = self.current.network()

        async def make() -> bytes:
            answer = NodeScoreAnswer(
                SUCCESS, network.ref, self._score(network, place_of(network, node_id))
            )
            return self.encode(answer)

        return await self.answers.get_or_make(f"score:{network.key}:{node_id}", KEPT_SECONDS, make)

    async def scores(self, node_ids: Sequence[NodeId]) -> Answer:
        """The scores of up to 1,000 nodes; unknown ones are listed as such.

        Raises:
            InvalidParameter: Too many, or none.
            DataUnavailable: No network is open.
        """
        if not 1 <= len(node_ids) <= MOST_SCORES:
            message = f"{len(node_ids):,} keys: expected 1 to {MOST_SCORES:,}"
            raise InvalidParameter(message)
        network = self.current.network()
        wanted = tuple(dict.fromkeys(node_ids))

        def work(_: object) -> bytes:
            places = [(key, network.index.snapshot.index_of(key)) for key in wanted]
            answer = NodeScoresAnswer(
                status=SUCCESS,
                snapshot=network.ref,
                scores=tuple(self._score(network, at) for _, at in places if at is not None),
                unknown=tuple(key for key, at in places if at is None),
            )
            return self.encode(answer)

        return tagged(await self.compute.run(work))

    async def rankings(
        self, metric: str = DEFAULT_METRIC, page: int = 1, limit: int = DEFAULT_RANKED
    ) -> Answer:
        """A page of the nodes ranked by a metric.

        Args:
            metric: One of `RANKING_METRICS`.
            page: From 1.
            limit: Nodes a page, 1 to 1,000.

        Raises:
            InvalidParameter: Unknown metric, or a number out of range.
            DataUnavailable: No network is open.
        """
        if metric not in RANKING_METRICS:
            message = (
                f"metric {metric!r:.60}: not known; expected one of {', '.join(RANKING_METRICS)}"
            )
            raise InvalidParameter(message)
        if page < 1 or not 1 <= limit <= MOST_RANKED:
            message = (
                f"page {page}, limit {limit}: expected a page from 1 and 1 to {MOST_RANKED:,} nodes"
            )
            raise InvalidParameter(message)
        return await self._rankings(self.current.network(), metric, page, limit)

    async def fee_market(self, node_id: NodeId) -> Answer:
        """What the network charges towards and from a node.

        Raises:
            NodeNotFound: The network does not know it.
            DataUnavailable: No network is open.
        """
        network = self.current.network()

        def work() -> bytes:
            market = network.index.market.fee_market(place_of(network, node_id))
            return self.encode(fee_market_answer(network.ref, market))

        return await self._kept(f"market:{network.key}:{node_id}", work)

    async def channel_score(
        self, caller: Caller, scid: ShortChannelId, node_id: NodeId | None = None
    ) -> Answer:
        """The heuristics of a channel and their composite, on public data.

        Args:
            caller: Who asks.
            scid: The channel.
            node_id: The end from which to see it; None for the node in the caller's profile if it
                is one, else for the end with the lower key.

        Raises:
            ChannelNotFound: The network does not know it.
            InvalidParameter: The node is no end of it.
            DataUnavailable: No network is open.
        """
        network = self.current.network()
        seen_from = node_id or await self._own_end(network, caller, scid)

        def work() -> bytes:
            score = score_channel.score(network.index, scid, seen_from, Crew(threads=1))
            return self.encode(channel_score_answer(network.ref, score))

        key = f"channel:{network.key}:{format_scid(scid)}:{seen_from or ''}"
        return await self._kept(key, work)

    async def stats(self) -> Answer:
        """The network in figures, and what has changed since the day before.

        Raises:
            DataUnavailable: No network is open.
        """
        return await self._stats(self.current.network())

    async def warm(self, network: OpenedNetwork) -> None:
        """Make the answers that everybody asks for, before the network takes its place."""
        for metric in _WARM_METRICS:
            await self._rankings(network, metric, 1, DEFAULT_RANKED)
        await self._stats(network)

    async def _own_end(
        self, network: OpenedNetwork, caller: Caller, scid: ShortChannelId
    ) -> NodeId | None:
        """The node in the caller's profile, if it is an end of a channel."""
        snapshot = network.index.snapshot
        row = snapshot.channel_index(scid)
        profile = await self.profiles.profile(caller.user_id)
        if row is None or profile is None or profile.lightning_pubkey is None:
            return None
        key = profile.lightning_pubkey
        return key if snapshot.index_of(key) in snapshot.channel_ends(row) else None

    async def _rankings(self, network: OpenedNetwork, metric: str, page: int, limit: int) -> Answer:
        return await self._kept(
            f"rankings:{network.key}:{metric}:{page}:{limit}",
            lambda: self.encode(_ranked(network, metric, page, limit)),
        )

    async def _stats(self, network: OpenedNetwork) -> Answer:
        before = network.before
        older_id = "" if before is None else before.origin.snapshot_id

        async def make() -> bytes:
            older = None
            if before is not None:
                # One that cannot be read is missing, and no reason to say nothing of the newest.
                with suppress(StoreCorrupt, SnapshotNotFound):
                    older = await self.snapshots.get(older_id)
            return await self.compute.run(lambda _: self.encode(_figures(network, older)))

        return await self.answers.get_or_make(f"stats:{network.key}:{older_id}", KEPT_SECONDS, make)

    async def _kept(self, key: str, work: Callable[[], bytes]) -> Answer:
        """An answer that is made in a thread."""

        async def make() -> bytes:
            return await self.compute.run(lambda _: work())

        return await self.answers.get_or_make(key, KEPT_SECONDS, make)

    def _score(self, network: OpenedNetwork, place: int) -> NodeScore:
        weights = (self.weights.centrality, self.weights.reliability, self.weights.performance)
        return node_score(network.index.card(place), weights)


def place_of(network: OpenedNetwork, node_id: NodeId) -> int:
    """Place of a node in the snapshot.

    Raises:
        NodeNotFound: The network does not know it.
    """
    place = network.index.snapshot.index_of(node_id)
    if place is None:
        message = (
            f"node {node_id}: not in snapshot {network.ref.snapshot_id}; "
            "a node without public channels is not in the graph"
        )
        raise NodeNotFound(message)
    return place


def _ranked(network: OpenedNetwork, metric: str, page: int, limit: int) -> RankingsAnswer:
    values = network.index.column(metric)
    order = network.orders.get(metric)
    if order is None:
        order = network.orders[metric] = network.index.order(metric)
    ascending = values[order[::-1]]
    shown = order[(page - 1) * limit : page * limit]
    above = len(order) - np.searchsorted(ascending, values[shown], side="right")
    return RankingsAnswer(
        status=SUCCESS,
        snapshot=network.ref,
        metric=metric,
        rankings=tuple(
            _line(network, int(at), int(higher) + 1, float(values[at]))
            for at, higher in zip(shown, above, strict=True)
        ),
        pagination=paginated(page, limit, len(order)),
    )


def _line(network: OpenedNetwork, at: int, place: int, value: float) -> RankedNode:
    index, measures = network.index, network.index.measures
    return RankedNode(
        place=place,
        node_id=index.snapshot.node_hex(at),
        alias=index.snapshot.nodes.alias[at],
        value=value,
        overall=_known(index.scores.overall, at),
        centrality=_known(index.scores.centrality, at),
        reliability=_known(index.scores.reliability, at),
        performance=_known(index.scores.performance, at),
        capacity_sats=index.capacity_sat(at),
        channels=int(measures.channels[at]),
        peers=int(measures.peers[at]),
    )


def _known(column: NDArray[np.float64], at: int) -> float | None:
    value = float(column[at])
    return None if np.isnan(value) else value


def _figures(network: OpenedNetwork, older: GraphSnapshot | None) -> NetworkStatsAnswer:
    snapshot = network.index.snapshot
    return NetworkStatsAnswer(
        status=SUCCESS,
        snapshot=network.ref,
        stats=network_stats(snapshot),
        changes=None if older is None else diff_snapshots(older, snapshot),
    )
