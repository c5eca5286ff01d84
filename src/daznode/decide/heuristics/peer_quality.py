"""Peer quality: the peer's node score."""

from daznode.decide.heuristics.parts import Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures

_SCALE = 100


def peer_quality(features: ChannelFeatures) -> Judged:
    """The peer's overall score over 100."""
    score = features.peer.overall_score
    return join(
        (
            Part(
                "peer_overall_score",
                1.0,
                score,
                "points",
                None if score is None else score / _SCALE,
            ),
        )
    )
