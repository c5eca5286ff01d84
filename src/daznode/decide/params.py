"""Limits and thresholds of the advice rules, with units and what each means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AdviceParams:
    """When a figure becomes advice, and how far advice may go in one step.

    Attributes:
        most_advice: Pieces of advice in one report.
        most_per_rule: Pieces of advice of one rule; the most valuable are kept.
        drained_ratio: Local share below which a channel is about to run out.
        full_ratio: Local share above which a channel waits for buyers.
        raise_step_ratio: Largest rise of a fee in one step, over the present fee; 0.5 is the
            decision settings' 50 %.
        least_step_ppm: A step that is allowed whatever its share of the present fee, ppm: half more
            than 1 ppm, the default of LND, would never leave the ground.
        cut_step_ratio: Largest cut of a fee in one step, over the present fee.
        refused_forwards: Refusals in a week below which they are chance.
        young_days: A channel younger than this is left alone.
        dead_days: Age from which a channel without any forward in a fortnight may be closed.
        stale_policy_days: Age of a policy after which other nodes may forget it (BOLT 7).
        small_htlc_ratio: htlc_maximum over capacity below which payments are turned away that the
            channel could carry.
        few_peers: Peers below which another one is worth more than any fee change.
        least_competitors: Policies of others towards a peer below which their prices are no market.
        least_gain_msat: Expected gain in 30 days below which a change is not worth the gossip,
            msat; 30,000 is one sat a day.
    """

    most_advice: int = 8
    most_per_rule: int = 2
    drained_ratio: float = 0.3
    full_ratio: float = 0.8
    raise_step_ratio: float = 0.5
    least_step_ppm: int = 25
    cut_step_ratio: float = 0.5
    refused_forwards: int = 3
    young_days: int = 14
    dead_days: int = 30
    stale_policy_days: int = 14
    small_htlc_ratio: float = 0.1
    few_peers: int = 3
    least_competitors: int = 5
    least_gain_msat: int = 30_000
