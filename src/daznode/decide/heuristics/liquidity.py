"""Liquidity: is the balance where the flow needs it, with enough capacity."""

from daznode.decide.heuristics.parts import NEEDS_OWN_DATA, Judged, Part, join
from daznode.domain.channel_score import ChannelFeatures, OwnFlow

_MSAT_PER_SAT = 1_000
_WEEKS = 2
_EVEN = 0.5


def liquidity(features: ChannelFeatures) -> Judged:
    """Balance against the direction of the flow (0.6), capacity against a week's flow (0.4).

    The balance wanted is the share of the flow that leaves by the channel (half where nothing
    flows): a channel that only sells should be full, one that only collects should be empty. The
    score falls linearly with the distance to it. Capacity is enough if it carries a week's flow of
    the busier direction.
    """
    own = features.own
    if own is None:
        return join(_parts(None, None, None, None), NEEDS_OWN_DATA)
    wanted = _wanted_ratio(own)
    fit = None if own.local_ratio is None else 1 - abs(own.local_ratio - wanted) / _reach(wanted)
    turnover = _turnover(own, features.channel.capacity_sat)
    return join(_parts(own.local_ratio, wanted, fit, turnover))


def _parts(
    local_ratio: float | None, wanted: float | None, fit: float | None, turnover: float | None
) -> tuple[Part, ...]:
    enough = None if turnover is None else 1.0 if turnover <= 1 else 1 / turnover
    return (
        Part("local_ratio", 0.6, local_ratio, "ratio", fit),
        Part("wanted_local_ratio", 0.0, wanted, "ratio", None),
        Part("turnover_per_week", 0.4, turnover, "ratio", enough),
    )


def _wanted_ratio(own: OwnFlow) -> float:
    out_msat, in_msat = own.fortnight.volume_out_msat, own.fortnight.volume_in_msat
    both_msat = out_msat + in_msat
    return out_msat / both_msat if both_msat else _EVEN


def _reach(wanted: float) -> float:
    """The largest distance that a balance can have to the wanted one."""
    return max(wanted, 1 - wanted)


def _turnover(own: OwnFlow, capacity_sat: int | None) -> float | None:
    """A week's flow of the busier direction over the capacity."""
    if not capacity_sat:
        return None
    busier_msat = max(own.fortnight.volume_out_msat, own.fortnight.volume_in_msat)
    return busier_msat / _WEEKS / (capacity_sat * _MSAT_PER_SAT)
