"""Who pays whom and when: the payments of a day that could pass the simulated node."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.domain.units import MSAT_PER_SAT, PPM_ONE
from daznode.simulate.kinds import PeerKind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DAY_SECONDS: Final = 86_400
_HOUR_SECONDS: Final = 3_600
_RHYTHM: Final = 0.4
_BUSIEST_HOUR: Final = 16.0
_WEEKDAYS: Final = (1.06, 1.04, 1.02, 1.04, 1.08, 0.92, 0.84)
"""Monday to Sunday, mean 1."""
_DAY_SPREAD: Final = 0.12
_PAIR_SPREAD: Final = 0.7
_DAILY_SPREAD: Final = 0.9

PURCHASE_MEAN_SAT: Final = 45_000
PURCHASE_SPREAD: Final = 1.6
TRANSFER_MEAN_SAT: Final = 230_000
TRANSFER_SPREAD: Final = 1.2
"""Log-normal amounts: River's mean of 44,700 sat (August 2023) for purchases, its mean of 223 USD
(November 2025) for the transfers of exchanges."""
_MOST_SAT: Final = 5_000_000
_LEAST_MSAT: Final = 1_000

FEE_LIMITS_PPM: Final = ((1_000, 0.2), (5_000, 0.4), (10_000, 0.3), (50_000, 0.1))
_LEAST_LIMIT_MSAT: Final = 5_000
_MOST_LIMIT_MSAT: Final = 2_000_000
"""What senders pay at most: the defaults of wallets and nodes from 0.1 % to LND's 5 %, never less
than 5 sat (Core Lightning) and never more than what a payment on chain costs."""

_HASTE_SPREAD: Final = 0.35
_REMEMBERING_RATIO: Final = 0.6


@dataclass(frozen=True, slots=True)
class Offers:
    """Payments of one day that could enter by one channel of the node and leave by another.

    Every array has shape (n_offers,).

    Attributes:
        second: Seconds into the day, ascending.
        entry: Place of the peer they come from.
        leaving: Place of the peer they go to.
        amount_msat: What is to be passed on, msat.
        limit_msat: Most that the sender pays for the way from peer to peer, msat.
        detour_ratio: How much dearer than another way the node may be, for this sender.
        remembers: Whether the sender has heard of recent failures.
        luck: Uniform draws that decide whether the payment succeeds behind the node.
        recall: Uniform draws that decide whether a recent failure keeps the sender away.
    """

    second: FloatArray
    entry: IntArray
    leaving: IntArray
    amount_msat: IntArray
    limit_msat: IntArray
    detour_ratio: FloatArray
    remembers: NDArray[np.bool_]
    luck: FloatArray
    recall: FloatArray


def demand(kinds: tuple[PeerKind, ...], rng: np.random.Generator) -> FloatArray:
    """How often payments go from each peer to each other one, relative, in the long run.

    What two peers have to do with each other is the same both ways: that more goes to one than
    comes from it follows from the kinds alone.

    Args:
        kinds: Kind of each peer.
        rng: Source of chance.

    Returns:
        Weights, shape (n_peers, n_peers), summing to 1, zero from a peer to itself.
    """
    count = len(kinds)
    source = np.array([kind.source for kind in kinds])
    sink = np.array([kind.sink for kind in kinds])
    drawn = rng.normal(size=(count, count))
    affinity = np.exp(_PAIR_SPREAD * (drawn + drawn.T) / np.sqrt(2.0))
    weights = np.outer(source, sink) * affinity
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def rhythm(second: FloatArray) -> FloatArray:
    """Payments per time over the day's mean: 1.4 in the afternoon, 0.6 in the early morning (UTC)."""
    hours = second / _HOUR_SECONDS - _BUSIEST_HOUR
    return np.asarray(1.0 + _RHYTHM * np.cos(2.0 * np.pi * hours / 24.0), dtype=np.float64)


def draw_offers(
    weights: FloatArray,
    kinds: tuple[PeerKind, ...],
    *,
    per_day: float,
    start_second: int,
    weekday: int,
    rng: np.random.Generator,
) -> Offers:
    """Draw the payments of a day.

    Args:
        weights: How often from whom to whom, shape (n_peers, n_peers), as `demand` gives.
        kinds: Kind of each peer.
        per_day: Mean number of payments a day.
        start_second: Second of the UTC day at which the node's day begins.
        weekday: 0 for Monday.
        rng: Source of chance.
    """
    today = weights * np.exp(_DAILY_SPREAD * rng.normal(size=weights.shape))
    mood = float(np.exp(_DAY_SPREAD * rng.normal()))
    count = int(rng.poisson(per_day * _WEEKDAYS[weekday] * mood))
    # Thinning: uniform moments are kept with the probability that the rhythm gives them.
    spare = int(count * (1.0 + _RHYTHM) * 1.2) + 20
    moments = rng.random(spare) * DAY_SECONDS
    clock = (moments + start_second) % DAY_SECONDS
    kept = moments[rng.random(spare) * (1.0 + _RHYTHM) < rhythm(clock)][:count]
    second = np.sort(kept)
    count = len(second)
    total = np.cumsum(today.ravel())
    pairs = np.searchsorted(total, rng.random(count) * total[-1], side="right")
    pairs = np.minimum(pairs, weights.size - 1)
    entry, leaving = np.divmod(pairs, weights.shape[1])
    large_ratio = np.array([kind.large_ratio for kind in kinds])[leaving]
    amount_msat = _amounts_msat(rng.random(count) < large_ratio, rng)
    limits = np.array([row[0] for row in FEE_LIMITS_PPM])
    shares = np.array([row[1] for row in FEE_LIMITS_PPM])
    limit_msat = amount_msat * rng.choice(limits, count, p=shares) // PPM_ONE
    return Offers(
        second=second,
        entry=entry.astype(np.int64),
        leaving=leaving.astype(np.int64),
        amount_msat=amount_msat,
        limit_msat=np.clip(limit_msat, _LEAST_LIMIT_MSAT, _MOST_LIMIT_MSAT),
        detour_ratio=np.exp(_HASTE_SPREAD * rng.normal(size=count)),
        remembers=rng.random(count) < _REMEMBERING_RATIO,
        luck=rng.random(count),
        recall=rng.random(count),
    )


def _amounts_msat(is_transfer: NDArray[np.bool_], rng: np.random.Generator) -> IntArray:
    mean = np.where(is_transfer, TRANSFER_MEAN_SAT, PURCHASE_MEAN_SAT).astype(np.float64)
    spread = np.where(is_transfer, TRANSFER_SPREAD, PURCHASE_SPREAD)
    drawn = np.exp(np.log(mean) - spread**2 / 2.0 + spread * rng.normal(size=len(mean)))
    amounts = (np.minimum(drawn, _MOST_SAT) * MSAT_PER_SAT).astype(np.int64)
    return np.maximum(amounts, _LEAST_MSAT)
