"""cl_revenue_ops's floors and ceiling: between which rates a draw may fall."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from daznode.domain.units import Ppm, Sat

MOST_PPM: Final = 5_000
LEAST_PPM: Final = 10

_FLOW_LIMIT: Final = 0.5
_OPEN_VBYTES: Final = 140
_CLOSE_VBYTES: Final = 200
_OPEN_RANGE_SAT: Final = (500, 50_000)
_CLOSE_RANGE_SAT: Final = (300, 50_000)
_SPREAD_MILLION_SAT: Final = 365
_CHAIN_LEAST_PPM: Final = 21
_MEMPOOL_FACTOR: Final = 3
_EMPTY_FLOORS: Final = ((0.10, 500), (0.25, 200))
_FULL_RATIO: Final = 0.80
_BUSY_FORWARDS: Final = 50
_FULL_LEAST_PPM: Final = 15
_FULL_SAT_PER_PPM: Final = 200_000
_FULL_BUSY_FACTORS: Final = ((20, 0.5), (10, 0.75))
_FULL_IDLE_FACTORS: Final = ((72, 1.5), (24, 1.25))
_REFILL_MARGIN: Final = 1.20
_FEWEST_REFILLS: Final = 3
_DEAR_PPM: Final = 500
_DEAR_IDLE_FACTORS: Final = ((168, 0.50), (72, 0.75))
_ABOVE_FLOOR_PPM: Final = 100
_GAP_PPM: Final = 10
_STOCK_FACTORS: Final = (
    (0.10, 3.0),
    (0.25, 2.0),
    (0.40, 1.25),
    (0.60, 1.0),
    (0.75, 0.85),
    (0.90, 0.7),
)
_FULL_STOCK_FACTOR: Final = 0.5
_LOSS_DIVISORS: Final = ((-0.50, 1.15), (-0.20, 1.10), (0.0, 1.05))


class FlowState(StrEnum):
    """Which way a channel's flow leans."""

    SOURCE = "source"
    SINK = "sink"
    BALANCED = "balanced"


_FLOW_FACTORS: Final = {
    FlowState.SOURCE: 1.25,
    FlowState.SINK: 0.80,
    FlowState.BALANCED: 1.0,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the bounds of one channel depend on.

    Attributes:
        fee_ppm: Rate it asks now.
        state: Which way it leans.
        spendable_ratio: Our share of its capacity, in [0, 1].
        capacity_sat: Its size.
        forwards_24h: Forwards that left by it in a day.
        idle_hours: Hours since the last one.
        refill_floor_ppm: See `refill_floor_ppm`; 0 if there is none.
        roi: What it earned over what its refills cost, less one.
    """

    fee_ppm: Ppm
    state: FlowState
    spendable_ratio: float
    capacity_sat: Sat
    forwards_24h: int
    idle_hours: float
    refill_floor_ppm: float
    roi: float


def state_of(net_ratio: float) -> FlowState:
    """State by smoothed outflow less inflow of a day, in capacities."""
    if net_ratio > _FLOW_LIMIT:
        return FlowState.SOURCE
    return FlowState.SINK if net_ratio < -_FLOW_LIMIT else FlowState.BALANCED


def chain_floor_ppm(feerate_sat_vb: float) -> float:
    """Rate that pays for opening and closing over 365 million sat, and for a full mempool.

    The tool takes a fifth more from peers that hold payments long; how long they do is not to be
    seen here.

    References:
        lightning-goats/cl_revenue_ops ccc9413, `modules/fee_controller.py`: 1, 7, 10, 30 and 100
        sat/vB give 21, 21, 30, 90 and 300 ppm.
    """
    opening = min(max(_OPEN_VBYTES * feerate_sat_vb, _OPEN_RANGE_SAT[0]), _OPEN_RANGE_SAT[1])
    closing = min(max(_CLOSE_VBYTES * feerate_sat_vb, _CLOSE_RANGE_SAT[0]), _CLOSE_RANGE_SAT[1])
    spread = max(float(_CHAIN_LEAST_PPM), (opening + closing) / _SPREAD_MILLION_SAT)
    return max(spread, _MEMPOOL_FACTOR * feerate_sat_vb)


def balance_floor_ppm(spendable_ratio: float) -> float:
    """500 ppm below a tenth of the capacity, 200 below a quarter, else none."""
    return float(next((ppm for below, ppm in _EMPTY_FLOORS if spendable_ratio < below), 0))


def idle_full_floor_ppm(
    spendable_ratio: float, capacity_sat: Sat, forwards_24h: int, idle_hours: float
) -> float:
    """Floor of a channel that is four fifths full and quiet; 0 if it is not."""
    if spendable_ratio < _FULL_RATIO or forwards_24h >= _BUSY_FORWARDS:
        return 0.0
    floor = max(float(_FULL_LEAST_PPM), capacity_sat / _FULL_SAT_PER_PPM)
    floor *= next((by for least, by in _FULL_BUSY_FACTORS if forwards_24h >= least), 1.0)
    return floor * next((by for hours, by in _FULL_IDLE_FACTORS if idle_hours >= hours), 1.0)


def refill_floor_ppm(state: FlowState, cost_msat: int, refilled_msat: int, refills: int) -> float:
    """1.2 times what a draining channel's refills of 30 days cost, ppm; 0 below three refills.

    The tool falls back on the average of the peer; a peer's channels are summed here already.
    """
    if state is not FlowState.SOURCE or refills < _FEWEST_REFILLS or refilled_msat <= 0:
        return 0.0
    return _REFILL_MARGIN * 1e6 * cost_msat / refilled_msat


def stock_factor(spendable_ratio: float) -> float:
    """What the floor is multiplied by for the stock of liquidity: 3 when empty, 0.5 when full."""
    return next((by for below, by in _STOCK_FACTORS if spendable_ratio < below), _FULL_STOCK_FACTOR)


def bounds_ppm(standing: Standing, feerate_sat_vb: float) -> tuple[float, float]:
    """Floor and ceiling of a channel's rate, ppm; the floor is below the ceiling.

    References:
        lightning-goats/cl_revenue_ops ccc9413, `modules/fee_controller.py`.
    """
    protective = max(
        balance_floor_ppm(standing.spendable_ratio),
        idle_full_floor_ppm(
            standing.spendable_ratio,
            standing.capacity_sat,
            standing.forwards_24h,
            standing.idle_hours,
        ),
        standing.refill_floor_ppm,
    )
    general = max(chain_floor_ppm(feerate_sat_vb), LEAST_PPM) * _FLOW_FACTORS[standing.state]
    floor = max(general, protective)
    ceiling = float(MOST_PPM)
    if standing.fee_ppm >= _DEAR_PPM:
        hours = standing.idle_hours
        ceiling *= next((by for least, by in _DEAR_IDLE_FACTORS if hours >= least), 1.0)
    ceiling = max(ceiling, protective + _ABOVE_FLOOR_PPM)
    floor *= stock_factor(standing.spendable_ratio)
    ceiling /= next((by for below, by in _LOSS_DIVISORS if standing.roi < below), 1.0)
    if floor >= ceiling:
        if protective > 0:
            ceiling = floor + _GAP_PPM
        else:
            floor = ceiling - _GAP_PPM
    return floor, ceiling
