"""Who pays whom, when, how much and at what price at most: drawn before anything happens."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from daznode.simulate.payments.network import FloatArray, IntArray, PaymentNetwork

DAY_SECONDS: Final = 86_400
MILLISECONDS: Final = 1_000
DAY_MS: Final = DAY_SECONDS * MILLISECONDS

COLD, WARM, UNIFORM = 0, 1, 2
"""Kinds of senders: LND that remembers nothing, LND with a shared memory, and one who takes
balances to be anywhere (Core Lightning's and LDK's prior)."""

ROUTER, BUYER, MERCHANT, EXCHANGE = range(4)
"""What a node is to those who pay: nobody's end, a wallet or its provider, a shop, an exchange."""

FEE_LIMITS: Final = ((1_000, 0.2), (5_000, 0.4), (10_000, 0.3), (50_000, 0.1))
"""Most that senders pay, ppm, and how many of them: wallets' and nodes' defaults from 0.1 % to 5 %."""
LEAST_LIMIT_MSAT: Final = 5_000
MOST_LIMIT_MSAT: Final = 2_000_000
"""Never less than 5 sat (Core Lightning's `xpay`), never more than a payment on chain costs."""

_FLOWS: Final = (
    (BUYER, MERCHANT, 0.40),
    (BUYER, EXCHANGE, 0.15),
    (EXCHANGE, BUYER, 0.20),
    (EXCHANGE, EXCHANGE, 0.05),
    (MERCHANT, EXCHANGE, 0.05),
    (BUYER, BUYER, 0.15),
)
"""Who pays whom, as shares of all payments: purchases, deposits, withdrawals, settlements between
exchanges, takings of shops, and people among themselves. Chosen, not measured: no source counts
them; `docs/calibration.md` says what it changes."""

_LEAST_SHARE: Final = 1e-7


@dataclass(frozen=True, slots=True)
class DemandParams:
    """What people want to pay.

    Attributes:
        payments_per_day: Mean number of payments a day in the whole network.
        endpoint_power: Within its kind a node pays and is paid in proportion to its capacity to this
            power: 1 puts all demand at the hubs, 0 spreads it evenly; it is what decides success
            rates most.
        role_spread: Log spread of how much a node pays, and independently is paid, beyond that.
        merchant_ratio: Share of nodes that are shops.
        exchange_ratio: Share of nodes that are exchanges, the larger the likelier.
        router_ratio: Share of nodes that only route.
        retail_median_sat: Median purchase.
        retail_spread: Log spread of purchases.
        transfer_median_sat: Median of what comes from or goes to exchanges.
        transfer_spread: Log spread of that.
        most_sat: Largest payment.
        rhythm: How far the busiest hour is above the mean of a day, in [0, 1).
        warm_ratio: Share of senders that remember.
        uniform_ratio: Share of senders with a uniform prior.
        most_parts: Into how many parts senders split a payment at most, 1 to 16 (LND's default 16).
    """

    payments_per_day: float = 10_000.0
    endpoint_power: float = 0.5
    role_spread: float = 0.8
    merchant_ratio: float = 0.12
    exchange_ratio: float = 0.02
    router_ratio: float = 0.3
    retail_median_sat: int = 12_500
    retail_spread: float = 1.6
    transfer_median_sat: int = 112_000
    transfer_spread: float = 1.2
    most_sat: int = 5_000_000
    rhythm: float = 0.4
    warm_ratio: float = 0.5
    uniform_ratio: float = 0.25
    most_parts: int = 16


@dataclass(frozen=True, slots=True)
class Roles:
    """What each node is to those who pay; each array of shape (n_nodes,).

    Attributes:
        kind: `ROUTER`, `BUYER`, `MERCHANT` or `EXCHANGE`, int64.
        pays: How much it pays beside others of its kind, not negative.
        is_paid: How much it is paid beside others of its kind, not negative.
    """

    kind: IntArray
    pays: FloatArray
    is_paid: FloatArray

    @property
    def tilt(self) -> FloatArray:
        """How much more each node receives than it pays, as a standardised log, in [-2.5, 2.5]."""
        pays, is_paid = np.zeros(len(self.kind)), np.zeros(len(self.kind))
        for payer, payee, share in _FLOWS:
            pays += share * _shares(self.pays, self.kind == payer)
            is_paid += share * _shares(self.is_paid, self.kind == payee)
        log = np.log((is_paid + _LEAST_SHARE) / (pays + _LEAST_SHARE))
        return np.asarray(np.clip(log / max(float(log.std()), 1e-9), -2.5, 2.5), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Payments:
    """Payments in the order of their moments; each array has shape (n_payments,).

    Attributes:
        at_ms: Virtual moment, milliseconds from the beginning, int64.
        source: Who pays, int64.
        target: Who is paid, int64.
        amount_msat: How much is to arrive, int64, whole sat.
        limit_msat: Most that it may cost, int64.
        kind: `COLD`, `WARM` or `UNIFORM`, int64.
    """

    at_ms: IntArray
    source: IntArray
    target: IntArray
    amount_msat: IntArray
    limit_msat: IntArray
    kind: IntArray

    def __len__(self) -> int:
        """How many there are."""
        return len(self.at_ms)

    @property
    def columns(self) -> tuple[IntArray, ...]:
        """The arrays in the order in which the kernels take them."""
        return (self.at_ms, self.source, self.target, self.amount_msat, self.limit_msat, self.kind)


def draw_roles(network: PaymentNetwork, params: DemandParams, rng: np.random.Generator) -> Roles:
    """Draw who pays and who is paid; the same for every policy that is tried in the network."""
    n = network.n_nodes
    capacity = network.node_capacity_msat().astype(np.float64)
    kind = np.full(n, BUYER, np.int64)
    draw = rng.random(n)
    kind[draw < params.router_ratio + params.merchant_ratio] = MERCHANT
    kind[draw < params.router_ratio] = ROUTER
    n_exchanges = max(2, round(params.exchange_ratio * n))
    exchanges = rng.choice(n, n_exchanges, replace=False, p=capacity / capacity.sum())
    kind[exchanges] = EXCHANGE
    weight = capacity**params.endpoint_power
    return Roles(
        kind=kind,
        pays=weight * np.exp(params.role_spread * rng.normal(size=n)),
        is_paid=weight * np.exp(params.role_spread * rng.normal(size=n)),
    )


def draw_payments(
    params: DemandParams,
    roles: Roles,
    avoided: int,
    days: float,
    rng: np.random.Generator,
    *,
    after_peak_s: float = 0.0,
) -> Payments:
    """Draw all payments of a span of days.

    Moments follow a Poisson process whose rate swings by `rhythm` around its mean once a day,
    amounts one of two log-normals (in whole sat, so that no machine rounds them otherwise), limits
    `FEE_LIMITS`.

    Args:
        params: What people want.
        roles: Who pays and who is paid.
        avoided: A node that neither pays nor is paid: it is there to route; -1 for none.
        days: Length of the span.
        rng: Source of chance.
        after_peak_s: Seconds from a day's busiest moment to the beginning of the span.
    """
    count = int(rng.poisson(params.payments_per_day * days))
    at_s = _warped(np.sort(rng.random(count)) * days * DAY_SECONDS, params.rhythm, after_peak_s)
    flow = rng.choice(len(_FLOWS), count, p=[share for _, _, share in _FLOWS])
    source, target = np.zeros(count, np.int64), np.zeros(count, np.int64)
    pays, is_paid = roles.pays.copy(), roles.is_paid.copy()
    if avoided >= 0:
        pays[avoided] = is_paid[avoided] = 0.0
    for number, (payer, payee, _) in enumerate(_FLOWS):
        rows = np.flatnonzero(flow == number)
        source[rows] = _drawn(pays, roles.kind == payer, len(rows), rng)
        target[rows] = _drawn(is_paid, roles.kind == payee, len(rows), rng)
    of_exchange = np.array([EXCHANGE in (payer, payee) for payer, payee, _ in _FLOWS])[flow]
    z = rng.normal(size=count)
    amount_sat = np.where(
        of_exchange,
        params.transfer_median_sat * np.exp(params.transfer_spread * z),
        params.retail_median_sat * np.exp(params.retail_spread * z),
    )
    amount_msat = np.clip(np.round(amount_sat), 1, params.most_sat).astype(np.int64) * 1_000
    limits_ppm = rng.choice(
        np.array([ppm for ppm, _ in FEE_LIMITS]), count, p=[share for _, share in FEE_LIMITS]
    )
    limit_msat = np.clip(
        amount_msat * limits_ppm // 1_000_000, LEAST_LIMIT_MSAT, MOST_LIMIT_MSAT
    ).astype(np.int64)
    draw = rng.random(count)
    kind = np.where(
        draw < params.warm_ratio,
        WARM,
        np.where(draw < params.warm_ratio + params.uniform_ratio, UNIFORM, COLD),
    ).astype(np.int64)
    is_payment = source != target
    return Payments(
        at_ms=(at_s * MILLISECONDS).astype(np.int64)[is_payment],
        source=source[is_payment],
        target=target[is_payment],
        amount_msat=amount_msat[is_payment],
        limit_msat=limit_msat[is_payment],
        kind=kind[is_payment],
    )


def _shares(weights: FloatArray, members: NDArray[np.bool_]) -> FloatArray:
    """Shares of the members, which sum to 1; if none has weight, all nodes that have some alike."""
    chosen = np.where(members, weights, 0.0)
    if not chosen.any():
        chosen = np.where(weights > 0, 1.0, 0.0) if weights.any() else np.ones_like(weights)
    return np.asarray(chosen / float(chosen.sum()), dtype=np.float64)


def _drawn(
    weights: FloatArray, members: NDArray[np.bool_], count: int, rng: np.random.Generator
) -> IntArray:
    return rng.choice(len(weights), count, p=_shares(weights, members)).astype(np.int64)


def _warped(at_s: FloatArray, rhythm: float, after_peak_s: float) -> NDArray[np.float64]:
    """Moments moved so that their rate is `1 + rhythm * cos` of the time of day; order is kept."""
    turn = 2 * np.pi / DAY_SECONDS
    start = np.sin(turn * after_peak_s)
    moved = at_s - rhythm / turn * (np.sin(turn * (at_s + after_peak_s)) - start)
    return np.asarray(np.maximum(moved, 0.0), dtype=np.float64)
