"""Activity: forwards, success, revenue and trend, in both directions."""

from daznode.decide.heuristics.parts import NEEDS_OWN_DATA, Judged, Part, fair_share, join
from daznode.domain.channel_score import ChannelFeatures, OwnFlow

_BOTH_WAYS = 2


def activity(features: ChannelFeatures) -> Judged:
    """Forwards (0.3), revenue (0.3), success (0.2) and trend (0.2) over a fortnight.

    Forwards and revenue are shares of the node's, beside an equal share of its channels; revenue
    counts where a forward left and, half, where it came in. Success is what was passed on over what
    was asked of the channel. The trend is the last week over the whole fortnight.
    """
    own = features.own
    if own is None:
        return join(_parts(None, None, None, None, 1), NEEDS_OWN_DATA)
    fortnight = own.fortnight
    forwards = fortnight.forwards_in + fortnight.forwards_out
    earned_msat = fortnight.revenue_msat + fortnight.assisted_msat / _BOTH_WAYS
    asked = fortnight.forwards_out + fortnight.refused
    last = own.week.forwards_in + own.week.forwards_out
    return join(
        _parts(
            forwards / (_BOTH_WAYS * own.node_forwards) if own.node_forwards else None,
            earned_msat / own.node_revenue_msat if own.node_revenue_msat else None,
            fortnight.forwards_out / asked if asked else None,
            last / forwards if forwards else None,
            own.node_channels,
        ),
        _quiet(own),
    )


def _quiet(own: OwnFlow) -> str:
    return (
        "nothing was asked of the channel in a fortnight"
        if own.node_forwards
        else "nothing was asked of the node in a fortnight"
    )


def _parts(
    forwards: float | None,
    revenue: float | None,
    success: float | None,
    trend: float | None,
    channels: int,
) -> tuple[Part, ...]:
    return (
        Part("forwards_share", 0.3, forwards, "ratio", fair_share(forwards, channels)),
        Part("revenue_share", 0.3, revenue, "ratio", fair_share(revenue, channels)),
        Part("success_ratio", 0.2, success, "ratio", success),
        Part("last_week_ratio", 0.2, trend, "ratio", trend),
    )
