"""ADVISERS: the table of advice rules, and the function that runs and ranks them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from daznode.decide.own_advice import OWN_ADVISERS
from daznode.decide.params import AdviceParams
from daznode.decide.public_advice import PUBLIC_ADVISERS
from daznode.domain.finding import Advice
from daznode.domain.node_view import DayStatus
from daznode.domain.report import Priority

Adviser = Callable[[DayStatus, AdviceParams], Iterator[Advice]]

ADVISERS: Final[tuple[Adviser, ...]] = (*OWN_ADVISERS, *PUBLIC_ADVISERS)

RIVALS: Final = frozenset({"raise_fee", "raise_cheap_fee", "cut_fee", "refill"})
"""Rules that change the price or the balance of one channel."""

_HIGH_IMPACT: Final = 5.0
_MEDIUM_IMPACT: Final = 2.0
_MONTH_OF_WEEKS: Final = (30, 7)


def _monthly_revenue_msat(status: DayStatus) -> int:
    if status.own is None:
        return 0
    days, week = _MONTH_OF_WEEKS
    return status.own.week.revenue_msat * days // week


def _impact(advice: Advice, revenue_msat: int) -> float:
    """Gain over a month's revenue on a scale of 10, else the rule's own figure.

    The square root keeps small gains apart: all of the revenue is 10, a quarter 5, a hundredth 1.
    """
    if advice.gain_msat_month is None or revenue_msat == 0:
        return advice.impact_score
    return round(min(10.0, 10.0 * math.sqrt(advice.gain_msat_month / revenue_msat)), 1)


def _priority(impact_score: float) -> Priority:
    if impact_score >= _HIGH_IMPACT:
        return Priority.HIGH
    return Priority.MEDIUM if impact_score >= _MEDIUM_IMPACT else Priority.LOW


def _best_per_channel(advice: list[Advice]) -> list[Advice]:
    """One piece of advice per channel among those that pull against each other.

    A new price in one direction, one in the other and a refill are rivals: the better one stays.
    A channel that loses money by its refills is not proposed for another one.
    """
    losing = {one.channels for one in advice if one.rule == "stop_refilling"}
    best: dict[tuple[str, ...], Advice] = {}
    kept: list[Advice] = []
    for one in advice:
        if one.rule not in RIVALS:
            kept.append(one)
        elif one.rule != "refill" or one.channels not in losing:
            known = best.get(one.channels)
            if known is None or (known.gain_msat_month or 0) < (one.gain_msat_month or 0):
                best[one.channels] = one
    return kept + list(best.values())


def advise(status: DayStatus, params: AdviceParams) -> tuple[Advice, ...]:
    """Run every adviser over a day and keep the most valuable advice.

    Args:
        status: What is known; an adviser whose figures are unknown stays silent.
        params: Limits.

    Returns:
        At most `params.most_advice` pieces, the greatest impact first, ties by rule and channel.
    """
    found = [advice for adviser in ADVISERS for advice in adviser(status, params)]
    revenue_msat = _monthly_revenue_msat(status)
    scored = []
    for advice in _best_per_channel(found):
        impact = _impact(advice, revenue_msat)
        scored.append(replace(advice, impact_score=impact, priority=_priority(impact)))
    scored.sort(key=lambda one: (-one.impact_score, one.rule, one.channels))
    kept: list[Advice] = []
    for advice in scored:
        if sum(one.rule == advice.rule for one in kept) < params.most_per_rule:
            kept.append(advice)
    return tuple(kept[: params.most_advice])
