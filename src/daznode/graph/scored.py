"""The table of the score: which measure counts, in which part, how much, in which direction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.measures import NodeMeasures

FloatArray = NDArray[np.float64]
Goodness = Callable[[FloatArray, NodeMeasures], FloatArray]

CENTRALITY: Final = "centrality"
RELIABILITY: Final = "reliability"
PERFORMANCE: Final = "performance"
PARTS: Final = (CENTRALITY, RELIABILITY, PERFORMANCE)

STALE_DAYS: Final = 14.0
"""A channel update older than two weeks may be pruned (BOLT 7, "Recommendation on Pruning Stale
Entries"), so a living node renews its policies sooner."""

SETTLED_DAYS: Final = 1 / 24
"""Younger than an hour, a policy may not have reached every sender: who still knows the old price
fails once before it pays the new one."""

PRIOR_CHANNELS: Final = 10
"""Imagined channels behind a share of disabled ones: as much evidence as a small router has."""

PRIOR_DISABLED: Final = 0.12
"""Share of them disabled: what a network of today shows (docs/generated-network.md); 0.25 in 2019."""


def _higher(values: FloatArray, _measures: NodeMeasures) -> FloatArray:
    return values


def _lower(values: FloatArray, _measures: NodeMeasures) -> FloatArray:
    return -values


def _steadiness(age_days: FloatArray, _measures: NodeMeasures) -> FloatArray:
    """1 from one hour to two weeks, down to 1/2 for a policy just set, below 1/2 for a stale one."""
    fresh = np.minimum(1.0, 0.5 + 0.5 * age_days / SETTLED_DAYS)
    stale = 0.5 * STALE_DAYS / np.maximum(age_days, STALE_DAYS)
    return np.where(age_days > STALE_DAYS, stale, fresh)


def _market_closeness(ratio: FloatArray, _measures: NodeMeasures) -> FloatArray:
    """Distance from the market's price in octaves, negated: half and double are as far."""
    with np.errstate(divide="ignore"):
        return -np.abs(np.log2(ratio))


def _lower_per_channel(values: FloatArray, measures: NodeMeasures) -> FloatArray:
    """A node with a thousand channels closes more than one with ten and is no less reliable."""
    return -values / np.maximum(measures.channels, 1)


def _lower_if_renewed(disabled_ratio: FloatArray, measures: NodeMeasures) -> FloatArray:
    """Share disabled, few channels counting as little evidence; all of it for stale policies.

    One offline peer among forty says less against a node than none among two says for another.
    So each node starts with `PRIOR_CHANNELS` imagined channels, `PRIOR_DISABLED` of them disabled
    (the mean of a beta prior updated with what is seen). Who no longer renews its policies no
    longer disables them either: it ranks as all disabled.
    """
    seen = np.maximum(measures.channels, 1)
    expected = (disabled_ratio * seen + PRIOR_DISABLED * PRIOR_CHANNELS) / (seen + PRIOR_CHANNELS)
    is_stale = measures.policy_age_days > STALE_DAYS
    return np.where(is_stale & ~np.isnan(disabled_ratio), -1.0, -expected)


def _share_of_others(fair_sat: FloatArray, measures: NodeMeasures) -> FloatArray:
    """Capacity reached in whole hundredths of what all other nodes hold.

    Its own capacity, which a node does not reach, must not count against a large one; and where
    all is cheap, nearly all nodes reach nearly all: the last thousandths must not rank them.
    """
    others_sat = int(measures.capacity_sat.sum()) - measures.capacity_sat
    return np.floor(100 * fair_sat / np.maximum(others_sat, 1))


@dataclass(frozen=True, slots=True)
class ScoredMeasure:
    """One row of the score: which column counts, where, how much and in which direction.

    Attributes:
        name: Column of `NodeMeasures` or `HistoryMeasures`.
        part: `centrality`, `reliability` or `performance`.
        weight: Share in its part while every measure of the part is known; 0 is shown, not scored.
        unit: Unit of the column, for people.
        unknown: Why a node that has channels may lack it.
        goodness: The column turned so that more is better; what is unknown stays NaN.
        is_historic: Whether it is a column of `HistoryMeasures`.
    """

    name: str
    part: str
    weight: float
    unit: str
    unknown: str = "not measured"
    goodness: Goodness = field(default=_higher)
    is_historic: bool = False


NO_CAPACITY: Final = "none of its channels states its capacity"
NO_HISTORY: Final = "needs two snapshots in which the node stands"

SCORED: Final = (
    ScoredMeasure("betweenness", CENTRALITY, 0.20, "pairs"),
    ScoredMeasure("fee_betweenness", CENTRALITY, 0.30, "pairs"),
    ScoredMeasure("harmonic", CENTRALITY, 0.20, "ratio"),
    ScoredMeasure("eigenvector", CENTRALITY, 0.10, "ratio"),
    ScoredMeasure("peers", CENTRALITY, 0.10, "peers"),
    ScoredMeasure("capacity_sat", CENTRALITY, 0.10, "sat", NO_CAPACITY),
    ScoredMeasure("closeness", CENTRALITY, 0.0, "1/hops"),
    ScoredMeasure("channels", CENTRALITY, 0.0, "channels"),
    ScoredMeasure("age_blocks", RELIABILITY, 0.25, "blocks"),
    ScoredMeasure(
        "disabled_ratio",
        RELIABILITY,
        0.20,
        "ratio",
        "it has announced no policy",
        _lower_if_renewed,
    ),
    ScoredMeasure(
        "policy_age_days", RELIABILITY, 0.25, "days", "it has no dated policy", _steadiness
    ),
    ScoredMeasure(
        "announced_ratio", RELIABILITY, 0.15, "ratio", NO_HISTORY, _higher, is_historic=True
    ),
    ScoredMeasure(
        "policy_changes_per_channel_day",
        RELIABILITY,
        0.05,
        "changes",
        "none of its policies stands in two successive snapshots",
        _lower,
        is_historic=True,
    ),
    ScoredMeasure(
        "closes_per_year",
        RELIABILITY,
        0.10,
        "channels",
        NO_HISTORY,
        _lower_per_channel,
        is_historic=True,
    ),
    ScoredMeasure("fair_capacity_sat", PERFORMANCE, 0.30, "sat", "not measured", _share_of_others),
    ScoredMeasure("flow_beyond_peers_sat", PERFORMANCE, 0.40, "sat", NO_CAPACITY),
    ScoredMeasure(
        "fee_to_market",
        PERFORMANCE,
        0.20,
        "ratio",
        "it has no price towards a peer that anybody else prices too",
        _market_closeness,
    ),
    ScoredMeasure(
        "policy_balance",
        PERFORMANCE,
        0.10,
        "ratio",
        "one of the two directions has no enabled policy over a known capacity",
    ),
    ScoredMeasure("fee_closeness", PERFORMANCE, 0.0, "nodes/sat"),
    ScoredMeasure("fee_reached", PERFORMANCE, 0.0, "nodes"),
)
"""Every measure of the score in the order of its evidence; reasons for the weights: docs/scores.md."""

SUMS_OF_CAPACITY: Final = frozenset({"capacity_sat", "flow_beyond_peers_sat"})
"""Figures that are sums of capacities: 0 in spite of channels means that none is stated."""
