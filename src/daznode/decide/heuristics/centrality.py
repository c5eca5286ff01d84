"""Centrality: does the channel add paths that the node would not have without it."""

from daznode.decide.heuristics.parts import Judged, Part, fair_share, join
from daznode.domain.channel_score import ChannelFeatures


def centrality(features: ChannelFeatures) -> Judged:
    """Marginal betweenness, closeness, degree and eigenvector, 0.35, 0.25, 0.20, 0.20.

    Each is the share of the node's centrality that would go with the channel, beside the share that
    each of its peers would have if all were alike (`fair_share`).
    """
    shares = features.shares
    return join(
        tuple(
            Part(f"{name}_share", weight, share, "ratio", fair_share(share, shares.peers))
            for name, weight, share in (
                ("betweenness", 0.35, shares.betweenness),
                ("harmonic", 0.25, shares.harmonic),
                ("degree", 0.20, shares.degree),
                ("eigenvector", 0.20, shares.eigenvector),
            )
        )
    )
