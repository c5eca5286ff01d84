"""Answers about the network as integrators get them: each names the snapshot that it rests on."""

from dataclasses import dataclass
from datetime import datetime

from daznode.domain.channel_score import ChannelScore, HeuristicScore
from daznode.domain.ids import format_scid
from daznode.domain.measures import (
    FeeMarket,
    MarketSide,
    MeasureEvidence,
    NetworkStats,
    NodeScoreCard,
    SnapshotDiff,
)
from daznode.domain.provenance import Reality
from daznode.domain.report import Recommendation, Scope


@dataclass(frozen=True, slots=True)
class SnapshotRef:
    """The network snapshot that an answer rests on.

    Attributes:
        snapshot_id: Its name.
        observed_at: Moment it describes, UTC.
        reality: Whether it shows the real network or a made one.
    """

    snapshot_id: str
    observed_at: datetime
    reality: Reality


@dataclass(frozen=True, slots=True)
class Pagination:
    """Which page of how many.

    Attributes:
        page: From 1.
        limit: Entries a page.
        total: Entries in all.
        pages: Pages in all; 0 without entries.
    """

    page: int
    limit: int
    total: int
    pages: int


def paginated(page: int, limit: int, total: int) -> Pagination:
    """The pagination of a list of `total` entries."""
    return Pagination(page, limit, total, -(-total // limit))


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One score of a node.

    Attributes:
        score: 0 to 100; None if nothing is known.
        percentile: Place among all nodes: share of those below and half of those equal, 0 to 100.
            Scores are made as percentiles, so it is the same figure. None if nothing is known.
        weight: Share in the overall score, in [0, 1]; 1 for the overall score itself.
        evidence: The measures behind it; the overall score rests on the three parts.
    """

    score: float | None
    percentile: float | None
    weight: float
    evidence: tuple[MeasureEvidence, ...]


@dataclass(frozen=True, slots=True)
class NodeScore:
    """The scores of one node.

    Attributes:
        node_id: Key, 66 hex characters.
        alias: Announced name, possibly empty.
        rank: Place by overall score, 1 is best; ties share the better place.
        n_nodes: Nodes in the snapshot.
        overall: Weighted from the three parts.
        centrality: Where the node stands in the network.
        reliability: How steadily it stands there.
        performance: What it offers to a payment, and at what price.
    """

    node_id: str
    alias: str
    rank: int
    n_nodes: int
    overall: ScorePart
    centrality: ScorePart
    reliability: ScorePart
    performance: ScorePart


@dataclass(frozen=True, slots=True)
class NodeScoreAnswer:
    """The scores of one node.

    Attributes:
        status: `success`.
        snapshot: What they rest on.
        score: The scores.
    """

    status: str
    snapshot: SnapshotRef
    score: NodeScore


@dataclass(frozen=True, slots=True)
class NodeScoresAnswer:
    """The scores of several nodes.

    Attributes:
        status: `success`.
        snapshot: What they rest on.
        scores: In the order of the keys asked for, each once.
        unknown: Keys that are not in the snapshot, in the order asked for.
    """

    status: str
    snapshot: SnapshotRef
    scores: tuple[NodeScore, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RankedNode:
    """One line of a ranking.

    Attributes:
        place: 1 is best; ties share the better place.
        node_id: Key, 66 hex characters.
        alias: Announced name, possibly empty.
        value: The figure that is ranked, in the unit of its metric.
        overall: Overall score, 0 to 100; None if nothing is known.
        centrality: Score, 0 to 100; None if nothing is known.
        reliability: Score, 0 to 100; None if nothing is known.
        performance: Score, 0 to 100; None if nothing is known.
        capacity_sats: Sum of the known capacities of its channels, sat.
        channels: Channels, parallel ones counted each.
        peers: Distinct peers.
    """

    place: int
    node_id: str
    alias: str
    value: float
    overall: float | None
    centrality: float | None
    reliability: float | None
    performance: float | None
    capacity_sats: int
    channels: int
    peers: int


@dataclass(frozen=True, slots=True)
class RankingsAnswer:
    """A page of a ranking.

    Attributes:
        status: `success`.
        snapshot: What it rests on.
        metric: What is ranked; more is better.
        rankings: Best first, ties in the order of keys.
        pagination: Which page of how many.
    """

    status: str
    snapshot: SnapshotRef
    metric: str
    rankings: tuple[RankedNode, ...]
    pagination: Pagination


@dataclass(frozen=True, slots=True)
class RecommendationsAnswer:
    """What to change on a node, and why.

    Attributes:
        status: `success`.
        snapshot: What it rests on.
        node_id: Key, 66 hex characters.
        alias: Announced name, possibly empty.
        scope: Public data alone, or the node's own, which only its proven operator sees.
        is_stale: Whether the snapshot is too old to advise on; then there is no advice.
        language: Language of the texts.
        recommendations: Most valuable first.
    """

    status: str
    snapshot: SnapshotRef
    node_id: str
    alias: str
    scope: Scope
    is_stale: bool
    language: str
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class FeeMarketAnswer:
    """What the network charges towards and from a node.

    Attributes:
        status: `success`.
        snapshot: What it rests on.
        node_id: Key, 66 hex characters.
        alias: Announced name, possibly empty.
        towards: What peers charge to send to the node.
        outward: What the node charges to send to its peers.
        network: The same over all enabled policies of the network, for comparison.
    """

    status: str
    snapshot: SnapshotRef
    node_id: str
    alias: str
    towards: MarketSide
    outward: MarketSide
    network: MarketSide


@dataclass(frozen=True, slots=True)
class NetworkStatsAnswer:
    """The network in figures.

    Attributes:
        status: `success`.
        snapshot: What they rest on.
        stats: The figures.
        changes: Against the snapshot of the day before; None where none is stored.
    """

    status: str
    snapshot: SnapshotRef
    stats: NetworkStats
    changes: SnapshotDiff | None


@dataclass(frozen=True, slots=True)
class ChannelScoreAnswer:
    """The scores of one channel from one of its ends.

    Attributes:
        status: `success`.
        snapshot: What they rest on.
        scid: Short channel id: `814x12x1`.
        node_id: The end from which it is seen.
        peer_id: The other end.
        peer_alias: Its announced name, possibly empty.
        composite: Weighted sum of what is known, in [0, 1]; None if nothing is.
        confidence: How much of what should be known is, in [0, 1].
        heuristics: All eight, with their evidence.
        decision: What follows from the scores; None while no decisions are made.
        decision_reason: Why there is no decision; None if there is one.
    """

    status: str
    snapshot: SnapshotRef
    scid: str
    node_id: str
    peer_id: str
    peer_alias: str
    composite: float | None
    confidence: float
    heuristics: tuple[HeuristicScore, ...]
    decision: str | None
    decision_reason: str | None


SUCCESS = "success"
"""The `status` of an answer."""


NO_DECISION = "this version scores channels and does not decide about them"


def channel_score_answer(snapshot: SnapshotRef, score: ChannelScore) -> ChannelScoreAnswer:
    """The scores of a channel with the snapshot that they rest on."""
    return ChannelScoreAnswer(
        status=SUCCESS,
        snapshot=snapshot,
        scid=format_scid(score.scid),
        node_id=score.node_id,
        peer_id=score.peer_id,
        peer_alias=score.peer_alias,
        composite=score.composite,
        confidence=score.confidence,
        heuristics=score.heuristics,
        decision=None,
        decision_reason=NO_DECISION,
    )


def fee_market_answer(snapshot: SnapshotRef, market: FeeMarket) -> FeeMarketAnswer:
    """A fee market with the snapshot that it rests on."""
    return FeeMarketAnswer(
        status=SUCCESS,
        snapshot=snapshot,
        node_id=market.node_id,
        alias=market.alias,
        towards=market.towards,
        outward=market.outward,
        network=market.network,
    )


def node_score(card: NodeScoreCard, weights: tuple[float, float, float]) -> NodeScore:
    """A score card by parts.

    Args:
        card: The card.
        weights: Of centrality, reliability and performance in the overall score.
    """
    parts: dict[str, ScorePart] = {}
    for name, weight in zip(("centrality", "reliability", "performance"), weights, strict=True):
        score: float | None = getattr(card, name)
        evidence = tuple(one for one in card.evidence if one.part == name)
        parts[name] = ScorePart(score, score, weight, evidence)
    return NodeScore(
        node_id=card.node_id,
        alias=card.alias,
        rank=card.rank,
        n_nodes=card.n_nodes,
        overall=ScorePart(card.overall, card.overall, 1.0, _parts_as_evidence(parts)),
        **parts,
    )


def _parts_as_evidence(parts: dict[str, ScorePart]) -> tuple[MeasureEvidence, ...]:
    known = sum(part.weight for part in parts.values() if part.score is not None)
    return tuple(
        MeasureEvidence(
            name=name,
            part="overall",
            value=part.score,
            unit="score",
            percentile=part.percentile,
            weight=part.weight / known if part.score is not None and known else 0.0,
            reason=None if part.score is not None else "none of its measures is known",
        )
        for name, part in parts.items()
    )
