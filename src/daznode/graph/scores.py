"""Node scores: every measure as a network percentile, three weighted parts, one place among all."""

import hashlib
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.errors import InvalidParameter, InvariantBroken
from daznode.domain.gossip import GraphSnapshot
from daznode.domain.measures import (
    HistoryMeasures,
    MeasureEvidence,
    NodeMeasures,
    NodeScoreCard,
    NodeScores,
    ScoreWeights,
)
from daznode.graph.scored import (
    CENTRALITY,
    PARTS,
    PERFORMANCE,
    RELIABILITY,
    SCORED,
    SUMS_OF_CAPACITY,
    ScoredMeasure,
)

FloatArray = NDArray[np.float64]

_WEIGHT_TOLERANCE: Final = 1e-9
_NOISE_BITS: Final = 22
"""Mantissa bits dropped before ranking: 2^-30, about 1e-9 relative. The order in which a sum of
path shares was added must not decide who stands above whom."""


def score_nodes(
    measures: NodeMeasures, history: HistoryMeasures | None, weights: ScoreWeights
) -> NodeScores:
    """Score all nodes of a snapshot.

    Each known measure becomes the node's percentile among the nodes for which it is known; a part
    is the percentile of the weighted mean of these, `overall` that of the weighted mean of the
    parts. What is not known is left out and the remaining weights are scaled up. A node without
    channels has a place by centrality only.

    Args:
        measures: Of all nodes.
        history: Of the same nodes in the same order; None with a single snapshot.
        weights: Of the three parts.

    Returns:
        The scores; nodes about which nothing is known come last and share that place.

    Raises:
        InvalidParameter: Weights that are negative or do not sum to 1.
    """
    return _scores_of(_percentiles(measures, history), measures, weights)


def score_card(
    snapshot: GraphSnapshot,
    measures: NodeMeasures,
    scores: NodeScores,
    history: HistoryMeasures | None,
    weights: ScoreWeights,
    index: int,
) -> NodeScoreCard:
    """The score of one node with every measure behind it; for many nodes build `ScoreCards` once.

    Raises:
        InvalidParameter: Weights that are negative or do not sum to 1.
        InvariantBroken: The scores are not those of these measures and weights.
    """
    cards = ScoreCards(snapshot, measures, history, weights)
    if scores.params_hash != cards.scores.params_hash or scores.snapshot_id != measures.snapshot_id:
        message = (
            f"scores {scores.snapshot_id}/{scores.params_hash} do not belong to measures "
            f"{measures.snapshot_id}/{cards.scores.params_hash}"
        )
        raise InvariantBroken(message)
    return cards.of(index)


class ScoreCards:
    """Score cards of all nodes of one snapshot: percentiles are ranked once, cards read off."""

    def __init__(
        self,
        snapshot: GraphSnapshot,
        measures: NodeMeasures,
        history: HistoryMeasures | None,
        weights: ScoreWeights,
    ) -> None:
        """Rank every measure.

        Args:
            snapshot: The network measured.
            measures: Of all its nodes.
            history: Of the same nodes; None with a single snapshot.
            weights: Of the three parts.

        Raises:
            InvalidParameter: Weights that are negative or do not sum to 1.
        """
        self._snapshot = snapshot
        self._measures = measures
        self._history = history
        self._percentiles = _percentiles(measures, history)
        self.scores = _scores_of(self._percentiles, measures, weights)

    def of(self, index: int) -> NodeScoreCard:
        """The card of the node at a place of the snapshot."""
        scores = self.scores
        known = {
            part: math.fsum(
                row.weight
                for row in SCORED
                if row.part == part and not math.isnan(self._percentiles[row.name][index])
            )
            for part in PARTS
        }
        return NodeScoreCard(
            node_id=self._snapshot.node_hex(index),
            alias=self._snapshot.nodes.alias[index],
            snapshot_id=scores.snapshot_id,
            n_nodes=self._snapshot.n_nodes,
            rank=int(scores.rank[index]),
            overall=_or_none(scores.overall[index]),
            centrality=_or_none(scores.centrality[index]),
            reliability=_or_none(scores.reliability[index]),
            performance=_or_none(scores.performance[index]),
            evidence=tuple(self._evidence(row, index, known[row.part]) for row in SCORED),
        )

    def _evidence(self, row: ScoredMeasure, index: int, known_weight: float) -> MeasureEvidence:
        percentile = _or_none(self._percentiles[row.name][index])
        column = _column(row, self._measures, self._history)
        value = None if column is None else column[index].item()
        if value is not None and (math.isnan(value) or value < 0):
            value = None
        is_weighed = percentile is not None and known_weight > 0
        return MeasureEvidence(
            name=row.name,
            part=row.part,
            value=value,
            unit=row.unit,
            percentile=percentile,
            weight=row.weight / known_weight if is_weighed else 0.0,
            reason=None if percentile is not None else self._reason(row, index, value),
        )

    def _reason(self, row: ScoredMeasure, index: int, value: float | None) -> str:
        if row.part != CENTRALITY and self._measures.channels[index] == 0:
            return "it has no channel"
        if row.is_historic and (self._history is None or self._history.n_snapshots < 2):  # noqa: PLR2004
            return "there is one snapshot only; history begins with the second"
        if row.name in SUMS_OF_CAPACITY and self._measures.capacity_sat[index] == 0:
            return row.unknown
        return row.unknown if value is None else "no other node to compare it with"


def network_percentiles(values: FloatArray) -> FloatArray:
    """Place of each value among the known ones.

    Args:
        values: Shape (n,), float64, NaN where unknown; more is better.

    Returns:
        100 * (known values below + half of the others equal) / (known values - 1), float64: 0 for
        a single worst, 100 for a single best; NaN where unknown or where only one is known.
    """
    percentiles = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < 2:  # noqa: PLR2004
        return percentiles
    order = known[np.argsort(values[known])]
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    places = starts + (sizes - 1) / 2
    percentiles[order] = np.repeat(100.0 * places / (len(ordered) - 1), sizes)
    return percentiles


def _without_noise(values: FloatArray) -> FloatArray:
    """Values rounded to 30 binary digits after the first; keeps their order, NaN and infinities."""
    bits = (values + 0.0).view(np.int64)
    rounded = (bits + (1 << (_NOISE_BITS - 1))) & ~((1 << _NOISE_BITS) - 1)
    return np.where(np.isnan(values), np.nan, rounded.view(np.float64))


def _column(
    row: ScoredMeasure, measures: NodeMeasures, history: HistoryMeasures | None
) -> NDArray[np.int64] | FloatArray | None:
    source = history if row.is_historic else measures
    if source is None:
        return None
    column: NDArray[np.int64] | FloatArray = getattr(source, row.name)
    if len(column) != len(measures.channels):
        message = f"{row.name}: {len(column)} values for {len(measures.channels)} nodes"
        raise InvariantBroken(message)
    return column


def _percentiles(measures: NodeMeasures, history: HistoryMeasures | None) -> dict[str, FloatArray]:
    """Percentile of every measure of `SCORED` by name, NaN where unknown."""
    without_channel = measures.channels == 0
    percentiles = {}
    for row in SCORED:
        column = _column(row, measures, history)
        if column is None:
            percentiles[row.name] = np.full(len(without_channel), np.nan)
            continue
        values = np.where(column < 0, np.nan, column)
        if row.name in SUMS_OF_CAPACITY:
            values[~without_channel & (measures.capacity_sat == 0)] = np.nan
        if row.part != CENTRALITY:
            values[without_channel] = np.nan
        goodness = row.goodness(values, measures)
        if column.dtype.kind == "f":
            goodness = _without_noise(goodness)
        percentiles[row.name] = network_percentiles(goodness)
    return percentiles


def _weighted_place(terms: list[tuple[float, FloatArray]]) -> FloatArray:
    """Percentile of the mean of the known terms; NaN where none with weight is known."""
    total = np.zeros(len(terms[0][1]))
    weight_known = np.zeros(len(total))
    for weight, values in terms:
        known = ~np.isnan(values)
        total += np.where(known, weight * values, 0.0)
        weight_known += np.where(known, weight, 0.0)
    mean = np.full(len(total), np.nan)
    np.divide(total, weight_known, out=mean, where=weight_known > 0)
    return network_percentiles(_without_noise(mean))


def _scores_of(
    percentiles: dict[str, FloatArray], measures: NodeMeasures, weights: ScoreWeights
) -> NodeScores:
    part_weights = _checked(weights)
    parts = {
        part: _weighted_place(
            [(row.weight, percentiles[row.name]) for row in SCORED if row.part == part]
        )
        for part in PARTS
    }
    overall = _weighted_place([(part_weights[part], parts[part]) for part in PARTS])
    known = overall[~np.isnan(overall)]
    rank = 1 + len(known) - np.searchsorted(np.sort(known), overall, side="right")
    rank[np.isnan(overall)] = len(known) + 1
    return NodeScores(
        snapshot_id=measures.snapshot_id,
        params_hash=_params_hash(measures, weights),
        overall=overall,
        centrality=parts[CENTRALITY],
        reliability=parts[RELIABILITY],
        performance=parts[PERFORMANCE],
        rank=rank.astype(np.int64),
    )


def _checked(weights: ScoreWeights) -> dict[str, float]:
    by_part = {part: float(getattr(weights, part)) for part in PARTS}
    shown = ", ".join(f"{part} {weight:g}" for part, weight in by_part.items())
    if not all(math.isfinite(weight) and weight >= 0 for weight in by_part.values()):
        message = f"score weights ({shown}): expected none below 0"
        raise InvalidParameter(message)
    if abs(sum(by_part.values()) - 1) > _WEIGHT_TOLERANCE:
        message = (
            f"score weights ({shown}): they sum to {sum(by_part.values()):g}; expected a sum of 1"
        )
        raise InvalidParameter(message)
    return by_part


def _params_hash(measures: NodeMeasures, weights: ScoreWeights) -> str:
    lines = [measures.params_hash, *(float(getattr(weights, part)).hex() for part in PARTS)]
    lines += [f"{row.part} {row.name} {row.weight.hex()}" for row in SCORED]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _or_none(value: np.float64) -> float | None:
    return None if math.isnan(value) else float(value)
