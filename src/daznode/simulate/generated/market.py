"""What the operators of a generated network put into channels and ask for: capacities and policies."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.gossip import UNKNOWN_MSAT, PolicyColumns
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DO_NOT_ROUTE_PPM: Final = 2**32 - 1
"""Largest fee of a channel update, set by operators who mean "not this way"."""

_DAY_SECONDS: Final = 86_400

# --- capacities: the 2025 core and the totals of its nodes (see docs/generated-network.md) --------

_MIDDLE_RATIO: Final = 0.262
_LARGE_RATIO: Final = 0.0146
"""Channels of 5 to 100 million sat and above 100 million, from the per-node counts of 2025-04-30
(22,262 and 1,302 channel ends) over 42,000 channels of that spring."""

_SMALL_MEDIAN_SAT: Final = 780_000.0
_SMALL_SPREAD: Final = 1.15
_SMALL_LEAST_SAT: Final = 20_000
_SMALL_MOST_SAT: Final = 4_999_999
"""Below 5 million: log-normal with a mean near the 0.8 to 1.5 million that the nodes' totals leave."""

_MIDDLE_ATOMS: Final = {
    10_000_000: 0.317,
    20_000_000: 0.054,
    6_000_000: 0.045,
    50_000_000: 0.040,
    15_000_000: 0.037,
    8_000_000: 0.036,
    16_777_215: 0.035,
    25_000_000: 0.026,
    100_000_000: 0.022,
    7_000_000: 0.020,
    12_000_000: 0.018,
    16_000_000: 0.016,
    30_000_000: 0.015,
    5_000_000: 0.012,
    9_000_000: 0.008,
}
_MIDDLE_REST_MEDIAN_SAT: Final = 12_000_000.0
_MIDDLE_REST_SPREAD: Final = 0.65
_LARGE_MEDIAN_SAT: Final = 215_000_000.0
_LARGE_SPREAD: Final = 0.70
_LARGE_MOST_SAT: Final = 1_000_000_000

_PURSE_PER_LOG_DEGREE: Final = 0.8
_WISH_SPREAD: Final = 0.35
"""Chosen so that about as many nodes hold the channels above 5 million sat, as densely, as in 2025."""

_CAPACITY_GRID: Final = np.array([1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10])
_ROUND_CAPACITY_RATIO: Final = 0.6

# --- fees: published figures of 2022 to 2026, since no dump of today is held -----------------------

_HABITS: Final = 5
_LND_DEFAULT, _CLN_DEFAULT, _FREE, _FLAT, _MANAGED = range(_HABITS)
_LEAF_HABITS: Final = (0.40, 0.08, 0.16, 0.20, 0.16)
_ROUTER_HABITS: Final = (0.10, 0.03, 0.10, 0.16, 0.61)

_MANAGED_MEDIAN_PPM: Final = 170.0
_OPERATOR_SPREAD: Final = 0.95
_END_SPREAD: Final = 1.05
_SINK_SPREAD: Final = 0.75
"""Together a log-normal of about 1.6: the spread that joins a median of 98 ppm with the share of
ends above 500 ppm; the sink term is what makes the way to some nodes dear for everybody."""

_HIGH_PPM: Final = (2_500, 3_000, 5_000, 6_000, 9_999, 10_000)
_HIGH_RATIO: Final = 0.03
_SENTINEL_RATIO: Final = 0.0004
_MOST_PPM: Final = 20_000
_ROUND_PPM_RATIO: Final = 0.45
_PPM_GRID: Final = np.array(
    (
        *(1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 150, 200, 250, 300, 350),
        *(400, 450, 500, 600, 700, 750, 800, 900, 999, 1_000, 1_200, 1_500, 2_000, 2_500),
        *(3_000, 5_000, 10_000),
    ),
    dtype=np.int64,
)
_BASES_MSAT: Final = ((0, 0.46), (1_000, 0.40), (1, 0.04), (100, 0.04), (500, 0.04), (2_000, 0.02))
_CLTV_DELTAS: Final = ((80, 0.54), (40, 0.18), (34, 0.11), (144, 0.11), (100, 0.03), (18, 0.03))
_HTLC_MINIMA_MSAT: Final = ((1_000, 0.78), (1, 0.14), (0, 0.03), (100_000, 0.04), (1_000_000, 0.01))
"""78 % at 1,000 msat and 5 % from 100,000: 62,798 policies of a mainnet graph of July 2026."""

_SMALL_HTLC_RATIO: Final = 0.13
"""Ends whose largest HTLC is below half the capacity, same graph; the rest is at 0.99."""
_UNSTATED_MAXIMUM_RATIO: Final = 0.004

_DISCOUNT_NODE_RATIO: Final = 0.17
_DISCOUNT_END_RATIO: Final = 0.85
_SURCHARGE_RATIO: Final = 0.03
_DISCOUNT_MEDIAN_PPM: Final = 200.0
_DISCOUNT_SPREAD: Final = 1.35
_DISCOUNT_MOST_PPM: Final = 18_800
"""Inbound fees on 7.6 % of ends, 97 % of them discounts, median 200 and tail 2,000 ppm: same graph."""

_INBOUND_BASE_RATIO: Final = 0.05

_OFFLINE_RATIO: Final = 0.07
_DISABLED_RATIO: Final = 0.05
_MISSING_RATIO: Final = 0.012
_FORGOTTEN_RATIO: Final = 0.25
"""Disabled ends that nobody has announced again for more than two weeks."""


@dataclass(frozen=True, slots=True)
class Operators:
    """What kind of operator runs each node; every array has shape (n_nodes,).

    Attributes:
        purse: How large its channels are, relative.
        habit: How it sets fees: default of LND, default of CLN, free, flat, managed.
        level_ppm: Its usual fee, millionths.
        sink: How much more flows to it than from it, a standard score.
        base_fee_msat: Its flat fee, msat.
        cltv_delta: Blocks.
        htlc_minimum_msat: msat.
        gives_discounts: Whether it sets inbound fees.
        is_offline: Whether its peers have disabled their side.
    """

    purse: FloatArray
    habit: IntArray
    level_ppm: FloatArray
    sink: FloatArray
    base_fee_msat: IntArray
    cltv_delta: IntArray
    htlc_minimum_msat: IntArray
    gives_discounts: BoolArray
    is_offline: BoolArray


def _one_of(table: tuple[tuple[int, float], ...], count: int, rng: np.random.Generator) -> IntArray:
    values, weights = np.array([row[0] for row in table]), np.array([row[1] for row in table])
    return np.asarray(rng.choice(values, count, p=weights / weights.sum()), dtype=np.int64)


def _nearest(values: FloatArray, grid: NDArray[np.generic]) -> IntArray:
    """The grid value next to each value, by ratio."""
    steps = np.log(grid.astype(np.float64))
    places = np.searchsorted((steps[1:] + steps[:-1]) / 2, np.log(np.maximum(values, 1e-9)))
    return np.asarray(grid[places], dtype=np.int64)


def draw_operators(degree: IntArray, rng: np.random.Generator) -> Operators:
    """Draw who runs each node.

    Args:
        degree: Channels of each node, shape (n_nodes,).
        rng: Source of chance.
    """
    count = len(degree)
    is_leaf = degree <= 1
    cuts = np.where(
        is_leaf[:, None],
        np.cumsum(_LEAF_HABITS)[None, :-1],
        np.cumsum(_ROUTER_HABITS)[None, :-1],
    )
    habit = (rng.random(count)[:, None] > cuts).sum(axis=1).astype(np.int64)
    base_fee_msat = _one_of(_BASES_MSAT, count, rng)
    base_fee_msat[habit == _LND_DEFAULT] = 1_000
    base_fee_msat[habit == _CLN_DEFAULT] = 1_000
    base_fee_msat[habit == _FREE] = 0
    return Operators(
        purse=rng.normal(size=count) + _PURSE_PER_LOG_DEGREE * np.log(np.maximum(degree, 1)),
        habit=habit,
        level_ppm=_MANAGED_MEDIAN_PPM * np.exp(_OPERATOR_SPREAD * rng.normal(size=count)),
        sink=rng.normal(size=count),
        base_fee_msat=base_fee_msat,
        cltv_delta=_one_of(_CLTV_DELTAS, count, rng),
        htlc_minimum_msat=_one_of(_HTLC_MINIMA_MSAT, count, rng),
        gives_discounts=(habit == _MANAGED) & (rng.random(count) < _DISCOUNT_NODE_RATIO),
        is_offline=rng.random(count) < np.where(is_leaf, 1.6, 0.5) * _OFFLINE_RATIO,
    )


def capacity_values(count: int, rng: np.random.Generator) -> IntArray:
    """Funding amounts of `count` channels, in no order: three sizes, each with its round numbers.

    Returns:
        Amounts, shape (count,), int64, sat, 20,000 to 10 BTC.
    """
    chance = rng.random(count)
    values = np.exp(np.log(_SMALL_MEDIAN_SAT) + _SMALL_SPREAD * rng.normal(size=count))
    scale = 10.0 ** np.floor(np.log10(values))
    rounded = _nearest(values / scale * 1_000, _CAPACITY_GRID * 1_000) * scale / 1_000
    values = np.where(rng.random(count) < _ROUND_CAPACITY_RATIO, rounded, values)
    values = np.clip(values, _SMALL_LEAST_SAT, _SMALL_MOST_SAT)

    atoms = np.array(list(_MIDDLE_ATOMS))
    weights = np.array(list(_MIDDLE_ATOMS.values()))
    middle = np.exp(np.log(_MIDDLE_REST_MEDIAN_SAT) + _MIDDLE_REST_SPREAD * rng.normal(size=count))
    middle = np.clip(middle, 5_000_001, 99_999_999)
    is_atom = rng.random(count) < weights.sum()
    middle = np.where(is_atom, rng.choice(atoms, count, p=weights / weights.sum()), middle)
    is_middle = chance < _MIDDLE_RATIO
    values[is_middle] = middle[is_middle]

    large = np.exp(np.log(_LARGE_MEDIAN_SAT) + _LARGE_SPREAD * rng.normal(size=count))
    is_large = chance > 1.0 - _LARGE_RATIO
    values[is_large] = np.clip(large, 100_000_001, _LARGE_MOST_SAT)[is_large]
    return np.asarray(values, dtype=np.int64)


def draw_capacities(
    operators: Operators, node1: IntArray, node2: IntArray, rng: np.random.Generator
) -> IntArray:
    """Funding amounts: the network's distribution, a channel is as large as its poorer side can make it.

    Args:
        operators: Who runs the nodes.
        node1: One side of each channel, shape (n_channels,).
        node2: The other side.
        rng: Source of chance.

    Returns:
        Amounts, shape (n_channels,), int64, sat.
    """
    count = len(node1)
    amounts = np.sort(capacity_values(count, rng))
    poorer = np.minimum(operators.purse[node1], operators.purse[node2])
    wish = poorer + _WISH_SPREAD * rng.normal(size=count)
    capacity_sat = np.empty(count, dtype=np.int64)
    capacity_sat[np.argsort(wish, kind="stable")] = amounts
    return capacity_sat


def _fees_ppm(
    operators: Operators, owner: IntArray, peer: IntArray, rng: np.random.Generator
) -> IntArray:
    shape = owner.shape
    drawn = operators.level_ppm[owner] * np.exp(
        _END_SPREAD * rng.normal(size=shape) + _SINK_SPREAD * operators.sink[peer]
    )
    drawn = np.clip(drawn, 1.0, _MOST_PPM)
    is_round = rng.random(shape) < _ROUND_PPM_RATIO
    ppm = np.where(is_round, _nearest(drawn, _PPM_GRID), drawn.astype(np.int64))
    high = rng.choice(np.array(_HIGH_PPM), shape)
    ppm = np.where(rng.random(shape) < _HIGH_RATIO, high, ppm)
    habit = operators.habit[owner]
    ppm = np.where(habit == _FLAT, _nearest(operators.level_ppm[owner], _PPM_GRID), ppm)
    ppm = np.where(habit == _FREE, 0, ppm)
    ppm = np.where(habit == _LND_DEFAULT, 1, ppm)
    ppm = np.where(habit == _CLN_DEFAULT, 10, ppm)
    ppm = np.where(rng.random(shape) < _SENTINEL_RATIO, DO_NOT_ROUTE_PPM, ppm)
    return np.asarray(ppm, dtype=np.int64)


def _inbound_ppm(
    operators: Operators, owner: IntArray, fee_ppm: IntArray, rng: np.random.Generator
) -> IntArray:
    shape = owner.shape
    size = np.exp(np.log(_DISCOUNT_MEDIAN_PPM) + _DISCOUNT_SPREAD * rng.normal(size=shape))
    size = np.clip(np.round(size / 10.0) * 10.0, 5, _DISCOUNT_MOST_PPM).astype(np.int64)
    sign = np.where(rng.random(shape) < _SURCHARGE_RATIO, 1, -1)
    is_set = operators.gives_discounts[owner] & (rng.random(shape) < _DISCOUNT_END_RATIO)
    return np.where(is_set & (fee_ppm < PPM_ONE), sign * size, 0)


def htlc_maxima_msat(capacity_sat: IntArray, rng: np.random.Generator) -> IntArray:
    """Largest HTLCs of both sides, shape (2, n_channels), msat: 0.99 of the capacity, or chosen less."""
    shape = (2, len(capacity_sat))
    ratio = np.where(rng.random(shape) < _SMALL_HTLC_RATIO, 0.05 + 0.45 * rng.random(shape), 0.99)
    whole_sat = np.maximum((capacity_sat * ratio).astype(np.int64), 1)
    is_unstated = rng.random(shape) < _UNSTATED_MAXIMUM_RATIO
    return np.where(is_unstated, UNKNOWN_MSAT, whole_sat * MSAT_PER_SAT)


def update_times(
    opened_seconds: IntArray, is_disabled: BoolArray, now_seconds: int, rng: np.random.Generator
) -> IntArray:
    """When policies were last announced: mostly within days, long ago for some that are disabled.

    Args:
        opened_seconds: Unix time of each funding block, shape (n_channels,).
        is_disabled: Shape (2, n_channels).
        now_seconds: Unix time of the snapshot.
        rng: Source of chance.

    Returns:
        Unix seconds, shape (2, n_channels), after the funding and not after the snapshot.
    """
    # LND announces an unchanged policy again before it is two weeks old (BOLT 7 prunes it then).
    age_days = np.minimum(rng.exponential(2.5, is_disabled.shape), 13.5)
    is_old = is_disabled & (rng.random(is_disabled.shape) < _FORGOTTEN_RATIO)
    age_days = np.where(is_old, 14.0 + 45.0 * rng.random(is_disabled.shape), age_days)
    seconds = now_seconds - (age_days * _DAY_SECONDS).astype(np.int64)
    return np.minimum(np.maximum(seconds, opened_seconds), now_seconds)


def only_present(policies: PolicyColumns) -> PolicyColumns:
    """The policies with the values that `PolicyColumns` demands where none was announced."""
    absent = ~policies.is_present
    values = {}
    for name in PolicyColumns.__slots__:
        column = getattr(policies, name).copy()
        column[absent] = UNKNOWN_MSAT if name == "htlc_maximum_msat" else 0
        values[name] = column
    return PolicyColumns(**values)


def draw_policies(
    operators: Operators, ends: IntArray, capacity_sat: IntArray, rng: np.random.Generator
) -> PolicyColumns:
    """What both sides of every channel ask for; `last_update` is left at 0.

    Args:
        operators: Who runs the nodes.
        ends: Node of side 1 and of side 2 of each channel, shape (2, n_channels).
        capacity_sat: Funding amounts, shape (n_channels,), sat.
        rng: Source of chance.
    """
    owner, peer = ends, ends[::-1]
    shape = ends.shape
    fee_ppm = _fees_ppm(operators, owner, peer, rng)
    maxima_msat = htlc_maxima_msat(capacity_sat, rng)
    minima_msat = operators.htlc_minimum_msat[owner]
    is_disabled = operators.is_offline[peer] | (rng.random(shape) < _DISABLED_RATIO)
    inbound_ppm = _inbound_ppm(operators, owner, fee_ppm, rng)
    has_inbound_base = (inbound_ppm != 0) & (rng.random(shape) < _INBOUND_BASE_RATIO)
    return PolicyColumns(
        is_present=rng.random(shape) >= _MISSING_RATIO,
        is_disabled=is_disabled,
        base_fee_msat=operators.base_fee_msat[owner],
        fee_ppm=fee_ppm,
        inbound_base_fee_msat=np.where(has_inbound_base, -1_000, 0).astype(np.int64),
        inbound_fee_ppm=inbound_ppm.astype(np.int64),
        cltv_delta=operators.cltv_delta[owner],
        htlc_minimum_msat=np.where(maxima_msat > minima_msat, minima_msat, 1),
        htlc_maximum_msat=maxima_msat,
        last_update=np.zeros(shape, dtype=np.int64),
    )
