"""Experiments with fee policies as JSON objects for machines, marked as simulated."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec

from daznode.domain.channel_plan import ChannelPlan
from daznode.domain.errors import ChannelNotFound
from daznode.domain.experiment import (
    ChannelOutcome,
    Comparison,
    ExperimentPlan,
    Interval,
    RunOutcome,
)
from daznode.domain.ids import ShortChannelId, format_scid
from daznode.domain.provenance import Reality
from daznode.usecases.simulate_policy import Simulated

if TYPE_CHECKING:
    from daznode.usecases.judge_referee import Judgement

_MARK: Final = {"reality": Reality.SIMULATED.value}
_UNIT: Final = "sat per bitcoin of capacity and year"


def of_run(simulated: Simulated, scid: ShortChannelId | None) -> dict[str, Any]:
    """A run with its channels day by day, or with one of them.

    Raises:
        ChannelNotFound: The node has no such channel.
    """
    channels = [_channel(one) for one in simulated.outcome.channels if scid in {None, one.scid}]
    if scid is not None and not channels:
        message = f"channel {format_scid(scid)}: not one of the node's usable channels"
        raise ChannelNotFound(message)
    return {
        **_MARK,
        "network": simulated.network,
        "terms": msgspec.to_builtins(simulated.terms),
        "node_set": simulated.node_set.value,
        "plan": _plan(simulated.plan) | {"opens_not_made": simulated.unmade},
        "run": _run(simulated.outcome) | {"channels": channels},
    }


def of_comparison(
    found: Comparison, readings: Mapping[str, Mapping[str, Interval]]
) -> dict[str, Any]:
    """A comparison: its plan, standings, differences to the base, and every run without channels."""
    return {
        **_MARK,
        "unit": _UNIT,
        "experiment_id": found.experiment_id,
        "made_at": found.made_at,
        "plan": msgspec.to_builtins(found.plan),
        "standings": _finite(msgspec.to_builtins(found.standings)),
        "against_base": _finite(msgspec.to_builtins(readings)),
        "runs": [_run(outcome) for outcome in found.outcomes],
    }


def of_judgements(plan: ExperimentPlan, judgements: "Sequence[Judgement]") -> dict[str, Any]:
    """What a comparison's statistics are worth."""
    return {
        **_MARK,
        "unit": _UNIT,
        "plan": msgspec.to_builtins(plan),
        "judgements": _finite(msgspec.to_builtins(judgements)),
    }


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The same with null where a figure is infinite: the interval of a single run has no ends."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _run(outcome: RunOutcome) -> dict[str, Any]:
    """A run with the readings of its score; of its channels only how many there are."""
    built: dict[str, Any] = msgspec.to_builtins(outcome)
    return built | {
        "net_msat": outcome.net_msat,
        "net_low_msat": outcome.net_low_msat,
        "net_high_msat": outcome.net_high_msat,
        "net_flat_msat": outcome.net_flat_msat,
        "net_contested_msat": outcome.net_contested_msat,
        "channels": len(outcome.channels),
    }


def _plan(plan: ChannelPlan) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(plan)
    closes = [{"scid": format_scid(one.scid), "day": one.day} for one in plan.closes]
    return built | {"closes": closes}


def _channel(channel: ChannelOutcome) -> dict[str, Any]:
    """A channel; its id is text, since 64 bits exceed what JSON readers keep exactly."""
    built: dict[str, Any] = msgspec.to_builtins(channel)
    return built | {"scid": format_scid(channel.scid)}
