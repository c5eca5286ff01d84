"""Intervals, tests and corrections for a few nodes with a few seeds each."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from daznode.domain.experiment import Interval

FloatArray = NDArray[np.float64]

CONFIDENCE: Final = 0.95
"""Share of repetitions in which an interval holds the truth."""

SIGNIFICANCE: Final = 0.05
"""Most chance of a claim where there is nothing."""

RESAMPLES: Final = 10_000
"""Draws of the bootstrap, and of the signs where they are not counted out."""

_MOST_EXACT: Final = 14
"""Up to here all 2^n signs are counted out: 16,384 of them."""

_FEWEST_STUDENTISED: Final = 6
"""Below it a resample often holds one node only, which has no spread to divide by."""

_MOST_QUANTILES: Final = 2.0
"""In Student's: wide enough for lopsided nodes, see the null test."""

_CELLS_AT_ONCE: Final = 1_000_000
_TIE: Final = 1e-9
"""Relative: sums of the same amounts in another order are still ties."""


def units_of(values: FloatArray) -> FloatArray:
    """What is drawn anew: nodes, or the seeds of the only node.

    With one node nothing can be said of others, so its seeds take the place of nodes and the answer
    holds for that node alone.

    Args:
        values: Shape (n_nodes, n_seeds).

    Returns:
        Shape (n_units, n_within).
    """
    return values.T if values.shape[0] == 1 else values


def mean_intervals(
    columns: FloatArray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[Interval, ...]:
    """95 % intervals of the mean over nodes, by a hierarchical studentised bootstrap.

    Each resample draws n nodes and, within each, its m seeds, both with replacement. Of it is taken
    t* = (mean* - mean) / se*, where se = s / sqrt(n) and s is the standard deviation of the node
    means; the interval is mean -+ q se, q the 95 % quantile of |t*| (Hall 1988, the symmetric
    percentile-t interval). Percentiles of mean* itself are too narrow for few nodes; dividing each
    resample by its own spread mends that, and also that the second draw counts the spread between
    seeds twice. `null_test.size_of_test` measures what is left. Below 6 nodes q is Student's with
    n - 1 degrees, and never more than twice that: where one node differs and the others hardly do,
    resamples without it have no spread, and q would tell of that division.

    Args:
        columns: Shape (n_columns, n_nodes, n_seeds); all columns share the draws.
        rng: Chance of the draws.
        resamples: How many.

    Returns:
        One interval per column. From a single node and seed it is infinite.
    """
    stacked = np.stack([units_of(column) for column in columns])
    n_columns, n, _ = stacked.shape
    means = stacked.mean(axis=(1, 2))
    if n == 1:
        return tuple(Interval(float(mean), -np.inf, np.inf) for mean in means)
    errors = stacked.mean(axis=2).std(axis=1, ddof=1) / np.sqrt(n)
    student = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    quantiles = np.full(n_columns, student)
    if n >= _FEWEST_STUDENTISED:
        drawn = np.quantile(
            _studentised(stacked, means, rng, resamples), CONFIDENCE, axis=1, method="higher"
        )
        quantiles = np.minimum(drawn, _MOST_QUANTILES * student)
    errors = np.where(errors > _rounding(stacked), errors, 0.0)
    return tuple(
        Interval(float(mean), float(mean - reach), float(mean + reach))
        for mean, reach in zip(means, quantiles * errors, strict=True)
    )


def _studentised(
    stacked: FloatArray, means: FloatArray, rng: np.random.Generator, resamples: int
) -> FloatArray:
    """|t*| of every resample, shape (n_columns, resamples); infinite where it has no spread."""
    n_columns, n, m = stacked.shape
    flat = stacked.reshape(n_columns, n * m)
    at_once = max(1, _CELLS_AT_ONCE // (n * m))
    found = np.empty((n_columns, resamples))
    rounding = _rounding(stacked)
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        nodes = rng.integers(0, n, (size, n, 1))
        cells = nodes * m + rng.integers(0, m, (size, n, m))
        for column in range(n_columns):
            drawn = flat[column].take(cells).mean(axis=2)
            away = np.abs(drawn.mean(axis=1) - means[column])
            error = drawn.std(axis=1, ddof=1) / np.sqrt(n)
            t = np.full(size, np.inf)
            np.divide(away, error, out=t, where=error > rounding[column])
            found[column, start : start + size] = t
    return found


def _rounding(stacked: FloatArray) -> FloatArray:
    """Spread that sums of equal values may leave behind and that is none, shape (n_columns,)."""
    largest: FloatArray = np.abs(stacked).max(axis=(1, 2)) * _TIE
    return largest


def sign_flip_p_value(differences: FloatArray, rng: np.random.Generator) -> float:
    """Two-sided sign-flip permutation test that the differences are symmetric about zero.

    Were two policies alike, each node's mean difference could as well have had the other sign. The
    p-value is the share of all signs whose sum is at least as far from zero as the one seen:
    counted out up to 14 nodes, else (1 + k) / (1 + N) from N = 10,000 drawn ones (Phipson and Smyth
    2010: with the one seen among them the test is never too eager). n nodes cannot give less than
    2 / 2^n.

    Args:
        differences: Paired, shape (n_nodes, n_seeds).
        rng: Chance of the signs that are drawn.

    Returns:
        In (0, 1].
    """
    unit_means = units_of(differences).mean(axis=1)
    n = unit_means.size
    if n <= _MOST_EXACT:
        bits = np.arange(2**n)[:, np.newaxis] >> np.arange(n) & 1
        added, of = 0, 2**n
    else:
        bits = rng.integers(0, 2, (RESAMPLES, n), dtype=np.int64)
        added, of = 1, RESAMPLES + 1
    signs = bits * 2.0 - 1.0
    seen = abs(float(unit_means.sum()))
    slack = _TIE * float(np.abs(unit_means).sum())
    as_far = int((np.abs(signs @ unit_means) >= seen - slack).sum())
    return (as_far + added) / of


def fewest_units(comparisons: int) -> int:
    """How many nodes (or, of a single node, seeds) it takes for any claim at all.

    n of them give no p-value below 2 / 2^n, and Holm's correction multiplies the smallest by the
    number of comparisons.

    Args:
        comparisons: Policies that are held against the base, from 1.

    Returns:
        The smallest n for which comparisons * 2 / 2^n is at most 5 %.
    """
    n = 1
    while comparisons * 2.0 / 2**n > SIGNIFICANCE:
        n += 1
    return n


def holm(p_values: FloatArray) -> FloatArray:
    """p-values corrected for being several, by Holm's step-down procedure (1979).

    The k-th smallest of n, counted from 0, is multiplied by n - k, and none may fall below a smaller
    one's. Those at most 5 % then hold together: the chance of even one false claim is at most 5 %.

    Args:
        p_values: Shape (n,).

    Returns:
        Shape (n,), same order, each at least what it was and at most 1.
    """
    order = np.argsort(p_values, kind="stable")
    factors = p_values.size - np.arange(p_values.size)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return corrected


def wilson(successes: int, trials: int) -> Interval:
    """A share and its 95 % score interval (Wilson 1927), which holds near 0 and 1 too.

    Args:
        successes: How often it happened.
        trials: Out of how many, at least 1.

    Returns:
        The share as mean, and the ends, all in [0, 1].
    """
    z = float(ndtri((1 + CONFIDENCE) / 2))
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    reach = z / scale * float(np.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))
