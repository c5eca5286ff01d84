"""Score a channel from one of its ends: features from the network and the node, then the heuristics."""

from datetime import timedelta
from typing import Final

from daznode.decide.scoring import score_channel
from daznode.domain.channel_score import ChannelFeatures, ChannelScore, OwnFlow, PeerStanding
from daznode.domain.errors import ChannelNotFound, InvalidParameter
from daznode.domain.ids import NodeId, ShortChannelId, format_scid
from daznode.domain.measures import NodeScoreCard
from daznode.domain.node_view import OwnDay, PublicChannel
from daznode.graph.marginal import marginal_shares
from daznode.graph.parallel import Crew
from daznode.graph.view import NetworkIndex

_DAY: Final = timedelta(days=1)


def score(
    network: NetworkIndex,
    scid: ShortChannelId,
    node_id: NodeId | None,
    crew: Crew,
    own: OwnDay | None = None,
) -> ChannelScore:
    """The eight heuristics and the composite of a channel; CPU-bound, call it through `Compute`.

    Args:
        network: Where to look.
        scid: The channel.
        node_id: The end from which to see it; None for the end with the lower key (BOLT 7's first).
        crew: Threads that compute.
        own: The node's own data, if it is that end's.

    Raises:
        ChannelNotFound: The snapshot does not have the channel.
        InvalidParameter: The node is no end of the channel.
    """
    snapshot = network.snapshot
    row = snapshot.channel_index(scid)
    if row is None:
        message = (
            f"channel {format_scid(scid)}: not in snapshot {snapshot.origin.snapshot_id}; expected "
            f"one of its {snapshot.n_channels:,} channels"
        )
        raise ChannelNotFound(message)
    ends = snapshot.channel_ends(row)
    node = ends[0] if node_id is None else snapshot.index_of(node_id)
    if node is None or node not in ends:
        one, two = (snapshot.node_hex(end) for end in ends)
        message = f"node {node_id}: no end of channel {format_scid(scid)}; expected {one} or {two}"
        raise InvalidParameter(message)
    peer = ends[1] if node == ends[0] else ends[0]
    (channel,) = (one for one in network.channels_of(node) if one.scid == scid)
    features = ChannelFeatures(
        node_id=NodeId(snapshot.node_hex(node)),
        channel=channel,
        shares=marginal_shares(network, row, node, crew),
        peer=_standing(network, network.card(peer), peer),
        network_median_ppm=network.market.network_median_ppm,
        policy_age_days=_policy_age_days(network, channel),
        own=None if own is None else _own_flow(own, scid),
    )
    return score_channel(features, snapshot.origin.snapshot_id)


def _standing(network: NetworkIndex, card: NodeScoreCard, peer: int) -> PeerStanding:
    figures = {item.name: item.value for item in card.evidence}
    return PeerStanding(
        node_id=NodeId(card.node_id),
        alias=card.alias,
        overall_score=card.overall,
        degree_percentile=network.percentile("peers", peer),
        disabled_ratio=figures.get("disabled_ratio"),
        announced_ratio=figures.get("announced_ratio"),
        policy_changes_per_channel_day=figures.get("policy_changes_per_channel_day"),
        closes_per_year=figures.get("closes_per_year"),
    )


def _policy_age_days(network: NetworkIndex, channel: PublicChannel) -> float | None:
    if channel.local_policy_at is None:
        return None
    return max(0.0, (network.snapshot.origin.observed_at - channel.local_policy_at) / _DAY)


def _own_flow(own: OwnDay, scid: ShortChannelId) -> OwnFlow | None:
    channel = next((one for one in own.observation.channels if one.scid == scid), None)
    if channel is None:
        return None
    return OwnFlow(
        local_ratio=channel.local_ratio,
        is_active=channel.is_active,
        fortnight=own.fortnight.of(scid),
        week=own.week.of(scid),
        node_forwards=own.fortnight.forwards,
        node_revenue_msat=own.fortnight.revenue_msat,
        node_channels=len(own.observation.channels),
    )
