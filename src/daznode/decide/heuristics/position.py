"""Position: hub, bridge or edge, and whether there is a way around the channel."""

from daznode.decide.heuristics.parts import Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures

_SCALE = 100


def position(features: ChannelFeatures) -> Judged:
    """The peer's place by degree (0.5), and how far the way around is (0.5).

    Around: 0 beside a parallel channel (one hop), then `1 - 1 / hops`, 1 where there is no way: the
    channel is a bridge.
    """
    percentile, hops = features.peer.degree_percentile, features.shares.hops_without
    return join(
        (
            Part("peer_degree_percentile", 0.5, percentile, "percentile", percentile / _SCALE),
            Part("hops_without", 0.5, hops, "hops", 1.0 if hops is None else 1 - 1 / hops),
        )
    )
