"""Age: how long the channel has stood, and how steady its policy is."""

from itertools import pairwise

from daznode.decide.heuristics.parts import Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures

_MATURITY = ((0.0, 0.0), (7.0, 0.3), (30.0, 0.6), (90.0, 0.9), (180.0, 1.0))
"""Days since the funding block, and what they are worth; straight lines between."""

_STEADY_AFTER_DAYS = 7.0
"""A policy that has stood this long is steady."""


def age(features: ChannelFeatures) -> Judged:
    """Maturity (0.8): 0 at opening, 0.3 at 7 days, 0.6 at 30, 0.9 at 90, 1 at 180; policy (0.2)."""
    days = features.channel.age_days
    policy_days = features.policy_age_days
    steady = None if policy_days is None else min(1.0, policy_days / _STEADY_AFTER_DAYS)
    return join(
        (
            Part("age_days", 0.8, days, "days", None if days is None else maturity(days)),
            Part("policy_age_days", 0.2, policy_days, "days", steady),
        )
    )


def maturity(days: float) -> float:
    """What an age is worth, in [0, 1]."""
    for (start, low), (end, high) in pairwise(_MATURITY):
        if days < end:
            return low + (high - low) * max(0.0, days - start) / (end - start)
    return 1.0
