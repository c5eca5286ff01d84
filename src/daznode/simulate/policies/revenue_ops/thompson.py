"""cl_revenue_ops's Thompson sampling: what it believes of one channel's best rate, and its draws."""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

PRIOR_MEAN: Final = 200.0
PRIOR_SD: Final = 100.0
FIRST_SD: Final = 150.0
WIDENING: Final = 1.275
"""Factor on the standard deviation without a fleet: 1.5 * 0.85."""

_LEAST_SD: Final = 10.0
_MOST_OBSERVATIONS: Final = 200
_HALF_LIFE_HOURS: Final = 168.0
_LEAST_WEIGHT: Final = 0.01
_FULL_HOURS: Final = 6.0
_FULL_RATE: Final = 100.0
_LEAST_TOTAL: Final = 0.1
_FEWEST: Final = 3
_BUCKET_CUTS: Final = (0.15, 0.35, 0.65, 0.85)
_CONTEXT_SHRINK: Final = 0.95
_CONTEXT_STEP: Final = 0.1
_SURPRISE_SD: Final = 2.5
_RECENT: Final = 10


def observation_weight(hours: float, rate_sat_per_hour: float) -> float:
    """Weight of an observation when it is made, by its length and its income."""
    by_time = min(1.0, hours / _FULL_HOURS)
    return max(_LEAST_WEIGHT, by_time * min(1.0, (rate_sat_per_hour + 1) / _FULL_RATE))


def bucket_of(spendable_ratio: float) -> int:
    """Which of five buckets a balance is in: cut at 15, 35, 65 and 85 %."""
    return sum(spendable_ratio >= cut for cut in _BUCKET_CUTS)


@dataclass(slots=True)
class Context:
    """Belief for one bucket of balances.

    Attributes:
        mean: Mean of the best rate, ppm.
        sd: Its standard deviation, ppm.
        seen: Observations.
    """

    mean: float = PRIOR_MEAN
    sd: float = PRIOR_SD
    seen: int = 0

    def learn(self, fee_ppm: float, rate_sat_per_hour: float) -> None:
        """Move towards a rate that earned, and grow surer whether or not it did."""
        share = min(1.0, rate_sat_per_hour / _FULL_RATE)
        self.mean += _CONTEXT_STEP * (1 + share) * share * (fee_ppm - self.mean)
        self.sd = max(_LEAST_SD, self.sd * _CONTEXT_SHRINK)
        self.seen += 1


@dataclass(slots=True)
class Belief:
    """Belief about one channel, kept as decaying sums so that a look costs the same after any time.

    Attributes:
        observations: Hour, weight when made, and rate tried, of the last 200.
        total: Sum of the weights now.
        first: Sum of weight times rate.
        second: Sum of weight times rate squared.
        at_hour: Hour that the sums stand for.
        contexts: Beliefs by bucket.
        recent: Last ten incomes, sat per hour.
    """

    observations: deque[tuple[float, float, float]] = field(default_factory=deque)
    total: float = 0.0
    first: float = 0.0
    second: float = 0.0
    at_hour: float = 0.0
    contexts: dict[int, Context] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def learn(self, at_hour: float, fee_ppm: float, rate: float, hours: float, bucket: int) -> None:
        """Take an observation; forget everything first if its income is out of all proportion.

        Args:
            at_hour: When, hours on any clock.
            fee_ppm: Rate that was asked.
            rate: Income, sat per hour.
            hours: For how long.
            bucket: See `bucket_of`.
        """
        if self._is_surprising(rate):
            self._forget()
        self.recent.append(rate)
        self._age(at_hour)
        weight = observation_weight(hours, rate) * min(2.0, (rate + 10) / 50)
        self._sum(weight, fee_ppm)
        self.observations.append((at_hour, weight, fee_ppm))
        if len(self.observations) > _MOST_OBSERVATIONS:
            then, old, fee = self.observations.popleft()
            self._sum(-old * _decay(at_hour - then), fee)
        self.contexts.setdefault(bucket, Context()).learn(fee_ppm, rate)

    def posterior(self) -> tuple[float, float]:
        """Mean and standard deviation of the best rate, ppm, over all balances."""
        if self.total <= _LEAST_TOTAL:
            return PRIOR_MEAN, PRIOR_SD
        prior = max(0.1, 1 / (1 + len(self.observations) / 10))
        mean = self.first / self.total
        variance = max(self.second / self.total - mean * mean, 0.0)
        sd = (1 - prior) * math.sqrt(variance) + prior * PRIOR_SD
        return (1 - prior) * mean + prior * PRIOR_MEAN, max(_LEAST_SD, sd)

    def draw(self, bucket: int, rng: np.random.Generator) -> float:
        """A rate to try, ppm; it may lie outside all bounds."""
        if len(self.observations) < _FEWEST:
            return float(rng.normal(PRIOR_MEAN, FIRST_SD * WIDENING))
        context = self.contexts.get(bucket)
        if context is not None and context.seen >= _FEWEST:
            mean, sd = context.mean, context.sd
        else:
            mean, sd = self.posterior()
        return float(rng.normal(mean, max(_LEAST_SD, sd * WIDENING)))

    def _is_surprising(self, rate: float) -> bool:
        if len(self.recent) < _RECENT:
            return False
        mean = sum(self.recent) / _RECENT
        variance = math.fsum([(past - mean) ** 2 for past in self.recent]) / _RECENT
        return variance > 0 and abs(rate - mean) > _SURPRISE_SD * math.sqrt(variance)

    def _forget(self) -> None:
        self.observations.clear()
        self.contexts.clear()
        self.recent.clear()
        self.total = self.first = self.second = 0.0

    def _age(self, at_hour: float) -> None:
        factor = _decay(at_hour - self.at_hour)
        self.total, self.first, self.second = (
            self.total * factor,
            self.first * factor,
            self.second * factor,
        )
        self.at_hour = at_hour

    def _sum(self, weight: float, fee_ppm: float) -> None:
        self.total += weight
        self.first += weight * fee_ppm
        self.second += weight * fee_ppm * fee_ppm


def _decay(hours: float) -> float:
    return float(0.5 ** (hours / _HALF_LIFE_HOURS))
