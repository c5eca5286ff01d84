"""The composite of the eight heuristics: a screen for channels; it does not choose an action."""

from daznode.decide.heuristics import HEURISTICS
from daznode.domain.channel_score import ChannelFeatures, ChannelScore, HeuristicScore


def score_channel(features: ChannelFeatures, snapshot_id: str) -> ChannelScore:
    """Score a channel by all eight heuristics.

    What is not known is left out, the weights of the rest are renormalised, and the confidence falls
    by what is missing. The same features give the same score.

    Args:
        features: What is known of the channel.
        snapshot_id: Where the public part of it comes from.
    """
    judged = {name: judge(features) for name, (_, judge) in HEURISTICS.items()}
    known = sum(
        weight for name, (weight, _) in HEURISTICS.items() if judged[name].score is not None
    )
    scores = tuple(
        HeuristicScore(
            name=name,
            score=judged[name].score,
            confidence=judged[name].confidence,
            weight=weight / known if judged[name].score is not None else 0.0,
            evidence=judged[name].evidence,
            reason=judged[name].reason,
        )
        for name, (weight, _) in HEURISTICS.items()
    )
    composite = sum(one.weight * one.score for one in scores if one.score is not None)
    channel = features.channel
    return ChannelScore(
        scid=channel.scid,
        node_id=features.node_id,
        peer_id=channel.peer_id,
        peer_alias=channel.peer_alias,
        snapshot_id=snapshot_id,
        composite=composite if known else None,
        confidence=sum(
            weight * judged[name].confidence for name, (weight, _) in HEURISTICS.items()
        ),
        heuristics=scores,
    )
