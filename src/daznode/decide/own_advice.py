"""Advice that needs the node's own data: prices and balances against what was asked and earned."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from daznode.decide.params import AdviceParams
from daznode.domain.finding import Advice, Clue
from daznode.domain.ids import format_scid
from daznode.domain.ledger import ChannelLedger
from daznode.domain.node_state import OwnChannel
from daznode.domain.node_view import DayStatus, OwnDay, PeerPrice
from daznode.domain.report import Priority
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE

_NODE: Final = "node"
_NETWORK: Final = "network_snapshot"
_MONTH_DAYS: Final = 30
_WEEK_DAYS: Final = 7
_FORTNIGHT_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class _Line:
    """One channel with everything the rules look at."""

    channel: OwnChannel
    week: ChannelLedger
    fortnight: ChannelLedger
    local_ratio: float
    fee_ppm: int
    price: PeerPrice | None
    age_days: int

    @property
    def scid(self) -> str:
        return format_scid(self.channel.scid)

    @property
    def peer(self) -> str:
        return self.channel.peer_name


def _lines(status: DayStatus, own: OwnDay, params: AdviceParams) -> list[_Line]:
    prices = {
        channel.scid: channel.price
        for channel in (status.now.channels if status.now else ())
        if channel.price is not None and channel.price.n_competitors >= params.least_competitors
    }
    lines = []
    for channel in own.observation.channels:
        if channel.local_policy is None:
            continue
        opened = channel.opened_at
        lines.append(
            _Line(
                channel=channel,
                week=own.week.of(channel.scid),
                fortnight=own.fortnight.of(channel.scid),
                local_ratio=channel.local_ratio or 0.0,
                fee_ppm=channel.local_policy.fee_ppm,
                price=prices.get(channel.scid),
                age_days=(own.observation.observed_at - opened).days if opened else 0,
            )
        )
    return lines


def _figures(line: _Line, **more: float | str) -> dict[str, int | float | str]:
    return {"peer": line.peer, "scid": line.scid, "fee_ppm": line.fee_ppm, **more}


def _highest_ppm(line: _Line, params: AdviceParams) -> int:
    """The highest fee that one step may reach, ppm."""
    stepped_ppm = int(line.fee_ppm * (1.0 + params.raise_step_ratio))
    return max(stepped_ppm, line.fee_ppm + params.least_step_ppm)


def _raise_gain_msat(line: _Line, new_ppm: int) -> int:
    """What the week's volume would have brought more at another price, in 30 days, msat.

    The base fee does not change, so only the difference of the proportional part counts.
    """
    difference_ppm = new_ppm - line.fee_ppm
    return line.week.volume_out_msat * difference_ppm * _MONTH_DAYS // (_WEEK_DAYS * PPM_ONE)


def _market_clue(line: _Line) -> tuple[Clue, ...]:
    if line.price is None:
        return ()
    return (
        Clue("market_p50_ppm", line.price.p50_ppm, _NETWORK),
        Clue("competitors_count", line.price.n_competitors, _NETWORK),
    )


def raise_fee(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels that sell out: more was asked of them than they could carry.

    Where demand exceeds supply by a factor d, a fee up to d times higher still sells the whole
    supply if demand falls no faster than the price rises; the step limit and the market's upper
    quartile bound it further.
    """
    own = status.own
    if own is None:
        return
    for line in _lines(status, own, params):
        week = line.week
        if (
            line.local_ratio >= params.drained_ratio
            or week.refused < params.refused_forwards
            or week.volume_out_msat == 0
        ):
            continue
        asked_msat = week.volume_out_msat + week.refused_msat
        demand_ppm = line.fee_ppm * asked_msat // week.volume_out_msat
        new_ppm = min(_highest_ppm(line, params), max(demand_ppm, params.least_step_ppm))
        if line.price is not None:
            new_ppm = min(new_ppm, max(line.price.p75_ppm, line.fee_ppm))
        gain_msat = _raise_gain_msat(line, new_ppm)
        if gain_msat < params.least_gain_msat:
            continue
        yield Advice(
            "raise_fee",
            Priority.MEDIUM,
            "fees",
            0.0,
            _figures(line, new_ppm=new_ppm, refused_count=week.refused),
            (line.scid,),
            gain_msat,
            "demand_exceeds_supply",
            (
                Clue("local_ratio", line.local_ratio, _NODE),
                Clue("sold_week_sats", week.volume_out_msat // MSAT_PER_SAT, _NODE),
                Clue("refused_week_sats", week.refused_msat // MSAT_PER_SAT, _NODE),
                Clue("revenue_week_msat", week.revenue_msat, _NODE),
                *_market_clue(line),
            ),
        )


def refill(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Empty channels whose refused forwards would have paid for the refill at our usual cost."""
    own = status.own
    if own is None or own.fortnight.rebalanced_msat == 0:
        return
    cost_ppm = own.fortnight.rebalance_cost_msat * PPM_ONE // own.fortnight.rebalanced_msat
    for line in _lines(status, own, params):
        sums = line.fortnight
        if line.local_ratio >= params.drained_ratio or sums.refused < params.refused_forwards:
            continue
        cost_msat = sums.refused_msat * cost_ppm // PPM_ONE
        gain_msat = (sums.missed_fees_msat - cost_msat) * _MONTH_DAYS // _FORTNIGHT_DAYS
        if gain_msat < params.least_gain_msat:
            continue
        capacity_sats = int(line.channel.capacity_sat)
        wanted_sats = min(sums.refused_msat // MSAT_PER_SAT, capacity_sats // 2)
        yield Advice(
            "refill",
            Priority.MEDIUM,
            "liquidity",
            0.0,
            _figures(line, amount_sats=wanted_sats, limit_ppm=cost_ppm),
            (line.scid,),
            gain_msat,
            "missed_less_refill",
            (
                Clue("local_ratio", line.local_ratio, _NODE),
                Clue("refused_fortnight_count", sums.refused, _NODE),
                Clue("missed_fortnight_msat", sums.missed_fees_msat, _NODE),
                Clue("refill_cost_ppm", cost_ppm, _NODE),
            ),
        )


def cut_fee(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Full channels that sold nothing at a price above their market."""
    own = status.own
    if own is None:
        return
    lines = _lines(status, own, params)
    turnovers = [
        line.fortnight.volume_out_msat / (line.channel.capacity_sat * MSAT_PER_SAT)
        for line in lines
        if line.fortnight.volume_out_msat > 0
    ]
    for line in lines:
        price = line.price
        if (
            line.local_ratio <= params.full_ratio
            or line.age_days < params.young_days
            or not line.channel.is_active
            or price is None
            or line.fee_ppm <= price.p50_ppm
            or line.fortnight.volume_out_msat > 0
        ):
            continue
        new_ppm = max(price.p50_ppm, int(line.fee_ppm * (1.0 - params.cut_step_ratio)))
        gain_msat = None
        if turnovers:
            volume_sats = int(median(turnovers) * line.channel.capacity_sat)
            sold_sats = volume_sats * _MONTH_DAYS // _FORTNIGHT_DAYS
            gain_msat = sold_sats * new_ppm * MSAT_PER_SAT // PPM_ONE
            if gain_msat < params.least_gain_msat:
                continue
        yield Advice(
            "cut_fee",
            Priority.MEDIUM,
            "fees",
            2.0,
            _figures(line, new_ppm=new_ppm, p50_ppm=price.p50_ppm),
            (line.scid,),
            gain_msat,
            "median_turnover" if gain_msat is not None else "no_history",
            (
                Clue("local_ratio", line.local_ratio, _NODE),
                Clue("forwards_fortnight_count", line.fortnight.forwards_out, _NODE),
                *_market_clue(line),
            ),
        )


def stop_refilling(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels whose refills cost more than they earned."""
    own = status.own
    if own is None:
        return
    for line in _lines(status, own, params):
        week = line.week
        loss_msat = week.rebalance_cost_msat - week.revenue_msat
        gain_msat = loss_msat * _MONTH_DAYS // _WEEK_DAYS
        if loss_msat <= 0 or gain_msat < params.least_gain_msat:
            continue
        amount_sats = week.rebalanced_in_msat // MSAT_PER_SAT
        cost_ppm = week.rebalance_cost_msat * PPM_ONE // max(1, week.rebalanced_in_msat)
        yield Advice(
            "stop_refilling",
            Priority.MEDIUM,
            "liquidity",
            0.0,
            _figures(
                line,
                cost_msat=week.rebalance_cost_msat,
                revenue_msat=week.revenue_msat,
                refill_ppm=cost_ppm,
            ),
            (line.scid,),
            gain_msat,
            "cost_less_revenue",
            (
                Clue("refill_cost_ppm", cost_ppm, _NODE),
                Clue("refilled_week_sats", amount_sats, _NODE),
                Clue("refill_cost_week_msat", week.rebalance_cost_msat, _NODE),
                Clue("revenue_week_msat", week.revenue_msat, _NODE),
            ),
        )


def raise_cheap_fee(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Selling channels priced below the lower quartile of their market."""
    own = status.own
    if own is None:
        return
    for line in _lines(status, own, params):
        week, price = line.week, line.price
        if (
            price is None
            or line.fee_ppm >= price.p25_ppm
            or week.revenue_msat <= 0
            or line.local_ratio > params.full_ratio
        ):
            continue
        new_ppm = min(_highest_ppm(line, params), price.p25_ppm)
        gain_msat = _raise_gain_msat(line, new_ppm)
        if gain_msat < params.least_gain_msat:
            continue
        yield Advice(
            "raise_cheap_fee",
            Priority.MEDIUM,
            "fees",
            0.0,
            _figures(line, new_ppm=new_ppm, p25_ppm=price.p25_ppm),
            (line.scid,),
            gain_msat,
            "same_volume",
            (
                Clue("market_p25_ppm", price.p25_ppm, _NETWORK),
                Clue("competitors_count", price.n_competitors, _NETWORK),
                Clue("sold_week_sats", week.volume_out_msat // MSAT_PER_SAT, _NODE),
                Clue("revenue_week_msat", week.revenue_msat, _NODE),
            ),
        )


def wake_peer(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Offline peers behind channels that earned something before."""
    own = status.own
    if own is None:
        return
    for line in _lines(status, own, params):
        if line.channel.is_active:
            continue
        earned_msat = line.fortnight.revenue_msat + line.fortnight.assisted_msat
        has_earned = earned_msat > 0
        yield Advice(
            "wake_peer",
            Priority.MEDIUM,
            "channels",
            3.0,
            _figures(line, capacity_sats=int(line.channel.capacity_sat)),
            (line.scid,),
            earned_msat * _MONTH_DAYS // _FORTNIGHT_DAYS if has_earned else None,
            "earned_before" if has_earned else "no_history",
            (
                Clue("capacity_sats", int(line.channel.capacity_sat), _NODE),
                Clue("earned_fortnight_msat", earned_msat, _NODE),
            ),
        )


def free_capital(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Old channels through which nothing passed for a fortnight."""
    own = status.own
    if own is None:
        return
    dead = [
        line
        for line in _lines(status, own, params)
        if line.age_days >= params.dead_days
        and line.fortnight.is_idle
        and line.fortnight.refused == 0
        and line.local_ratio <= params.full_ratio
    ]
    if not dead:
        return
    biggest = max(dead, key=lambda line: line.channel.capacity_sat)
    local_sats = sum(line.channel.local_msat for line in dead) // MSAT_PER_SAT
    yield Advice(
        "free_capital",
        Priority.LOW,
        "channels",
        1.5,
        {"peer": biggest.peer, "channels_count": len(dead), "local_sats": local_sats},
        tuple(line.scid for line in dead),
        None,
        "capital_only",
        (
            Clue("idle_days", _FORTNIGHT_DAYS, _NODE),
            Clue("bound_sats", sum(int(line.channel.capacity_sat) for line in dead), _NODE),
        ),
    )


OWN_ADVISERS: Final = (
    raise_fee,
    refill,
    cut_fee,
    stop_refilling,
    raise_cheap_fee,
    wake_peer,
    free_capital,
)
