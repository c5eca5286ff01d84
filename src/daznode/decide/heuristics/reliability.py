"""Reliability: how steadily the peer is there, as gossip shows it and as the node sees it."""

from daznode.decide.heuristics.parts import Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures

_CLOSES_HALVE = 4.0
"""Channels closed in a year at which the part is worth half: one in three months."""


def reliability(features: ChannelFeatures) -> Judged:
    """Peer online (0.3), its directions enabled (0.3), time announced (0.2), few closes (0.2)."""
    peer, own = features.peer, features.own
    remote = features.channel.remote_policy
    enabled = None if peer.disabled_ratio is None else 1 - peer.disabled_ratio
    if remote is not None and remote.is_disabled:
        enabled = 0.0  # the peer says of this very channel that it does not forward
    online = None if own is None else float(own.is_active)
    closes = peer.closes_per_year
    steady = None if closes is None else _CLOSES_HALVE / (_CLOSES_HALVE + closes)
    return join(
        (
            Part("is_active", 0.3, online, "yes/no", online),
            Part("peer_enabled_ratio", 0.3, enabled, "ratio", enabled),
            Part("peer_announced_ratio", 0.2, peer.announced_ratio, "ratio", peer.announced_ratio),
            Part("peer_closes_per_year", 0.2, closes, "channels", steady),
        )
    )
