"""Competitiveness: our price against the market towards the same peer, and against the network."""

from daznode.decide.heuristics.parts import Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures


def competitiveness(features: ChannelFeatures) -> Judged:
    """Where our price stands among those towards the peer (0.7), and beside the network's (0.3).

    Towards the peer: the share of the competitors' capacity that charges as much or more. Against
    the network: `median / (median + price)`, 0.5 at the median. A disabled policy has no price.
    """
    channel = features.channel
    policy = channel.local_policy
    price = channel.price
    our_ppm = policy.fee_ppm if policy is not None and channel.is_enabled else None
    dearer = None
    if our_ppm is not None and price is not None and price.standing is not None:
        dearer = 1 - price.standing
    beside = _beside_network(our_ppm, features.network_median_ppm)
    return join(
        (
            Part("dearer_competitors_ratio", 0.7, dearer, "ratio", dearer),
            Part("fee_ppm", 0.3, our_ppm, "ppm", beside),
            Part("market_p50_ppm", 0.0, None if price is None else price.p50_ppm, "ppm", None),
            Part("network_p50_ppm", 0.0, features.network_median_ppm, "ppm", None),
        ),
        "the node announces no price for this channel, or has disabled it",
    )


def _beside_network(our_ppm: int | None, median_ppm: int | None) -> float | None:
    if our_ppm is None or median_ppm is None:
        return None
    total_ppm = our_ppm + median_ppm
    return median_ppm / total_ppm if total_ppm else 0.5
