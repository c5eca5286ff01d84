"""Checks that need the node's own data: balances, refusals, earnings, sync."""

from collections.abc import Iterator, Sequence
from typing import Final

from daznode.domain.finding import Finding
from daznode.domain.ids import format_scid
from daznode.domain.node_state import OwnChannel
from daznode.domain.node_view import DayStatus
from daznode.domain.report import Severity
from daznode.domain.units import MSAT_PER_SAT
from daznode.monitor.params import MonitorParams


def _scids(channels: Sequence[OwnChannel]) -> tuple[str, ...]:
    return tuple(format_scid(channel.scid) for channel in channels)


def not_synced(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """The node does not follow the chain, or gossip."""
    del params
    if status.own is None:
        return
    identity = status.own.observation.identity
    if not identity.is_synced_to_chain:
        yield Finding(
            "node_not_synced",
            Severity.CRITICAL,
            {"block_height": int(identity.block_height)},
            variant="chain",
        )
    elif not identity.is_synced_to_graph:
        yield Finding("node_not_synced", Severity.WARNING, variant="graph")


def channel_inactive(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Channels whose peer is offline."""
    if status.own is None:
        return
    channels = status.own.observation.channels
    inactive = [channel for channel in channels if not channel.is_active]
    if not inactive:
        return
    capacity_sat = sum(channel.capacity_sat for channel in inactive)
    share_ratio = capacity_sat / (sum(channel.capacity_sat for channel in channels) or 1)
    is_critical = share_ratio > params.inactive_critical_ratio
    yield Finding(
        "channel_inactive",
        Severity.CRITICAL if is_critical else Severity.WARNING,
        {
            "channels_count": len(inactive),
            "of_count": len(channels),
            "capacity_sats": capacity_sat,
            "share_ratio": share_ratio,
            "peer": max(inactive, key=lambda channel: channel.capacity_sat).peer_name,
        },
        _scids(inactive),
        variant="own",
    )


def low_liquidity(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """The node as a whole can no longer send, or no longer receive."""
    if status.own is None:
        return
    channels = [channel for channel in status.own.observation.channels if channel.is_active]
    local_msat = sum(channel.local_msat for channel in channels)
    remote_msat = sum(channel.remote_msat for channel in channels)
    if local_msat + remote_msat == 0:
        return
    ratio = local_msat / (local_msat + remote_msat)
    for variant, side_ratio, side_msat in (
        ("outbound", ratio, local_msat),
        ("inbound", 1.0 - ratio, remote_msat),
    ):
        if side_ratio < params.low_liquidity_ratio:
            is_critical = side_ratio < params.critical_liquidity_ratio
            yield Finding(
                "low_liquidity",
                Severity.CRITICAL if is_critical else Severity.WARNING,
                {
                    "side_ratio": side_ratio,
                    "limit_ratio": params.low_liquidity_ratio,
                    "side_sats": side_msat // MSAT_PER_SAT,
                },
                variant=variant,
            )


def depleted_channels(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Empty channels that had to refuse forwards in the week."""
    if status.own is None:
        return
    week = status.own.week
    empty = [
        channel
        for channel in status.own.observation.channels
        if channel.is_active
        and (channel.local_ratio or 0.0) < params.depleted_ratio
        and week.of(channel.scid).refused > 0
    ]
    if not empty:
        return
    worst = max(empty, key=lambda channel: week.of(channel.scid).missed_fees_msat)
    yield Finding(
        "low_liquidity",
        Severity.WARNING,
        {
            "channels_count": len(empty),
            "refused_count": sum(week.of(channel.scid).refused for channel in empty),
            "missed_msat": sum(week.of(channel.scid).missed_fees_msat for channel in empty),
            "peer": worst.peer_name,
            "limit_ratio": params.depleted_ratio,
        },
        _scids(empty),
        variant="depleted",
    )


def high_failure(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Most of what was asked of the node in the day failed."""
    if status.own is None:
        return
    day = status.own.day
    asked = day.forwards + day.failures
    ratio = day.success_ratio
    if ratio is not None and asked >= params.failure_asked and ratio < params.failure_ratio:
        yield Finding(
            "high_failure_ratio",
            Severity.WARNING,
            {
                "success_ratio": ratio,
                "limit_ratio": params.failure_ratio,
                "asked_count": asked,
                "refused_count": day.refused,
            },
        )


def rebalance_loss(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Rebalancing cost more than forwarding earned in the week."""
    del params
    if status.own is None:
        return
    week = status.own.week
    if week.rebalance_cost_msat > week.revenue_msat:
        yield Finding(
            "rebalance_loss",
            Severity.WARNING,
            {"cost_msat": week.rebalance_cost_msat, "revenue_msat": week.revenue_msat},
        )


def revenue_drop(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """The day earned much less than the six days before it."""
    if status.own is None:
        return
    before = status.own.days[:-1]
    mean_msat = sum(day.revenue_msat for day in before) // max(1, len(before))
    today_msat = status.own.day.revenue_msat
    if mean_msat < params.revenue_drop_sats * MSAT_PER_SAT:
        return
    if today_msat < params.revenue_drop_ratio * mean_msat:
        yield Finding(
            "revenue_drop",
            Severity.WARNING,
            {
                "today_msat": today_msat,
                "mean_msat": mean_msat,
                "drop_ratio": 1.0 - today_msat / mean_msat,
            },
            requires_action=False,
        )


def idle_channels(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Active channels through which nothing passed for a fortnight."""
    if status.own is None:
        return
    fortnight = status.own.fortnight
    seen_at = status.own.observation.observed_at
    idle = [
        channel
        for channel in status.own.observation.channels
        if channel.is_active
        and fortnight.of(channel.scid).is_idle
        and channel.opened_at is not None
        and (seen_at - channel.opened_at).days >= params.idle_days_old
    ]
    if idle:
        yield Finding(
            "idle_channels",
            Severity.INFO,
            {
                "channels_count": len(idle),
                "capacity_sats": sum(channel.capacity_sat for channel in idle),
                "limit_days": (fortnight.until - fortnight.since).days,
            },
            _scids(idle),
            requires_action=False,
        )


OWN_RULES: Final = (
    not_synced,
    channel_inactive,
    low_liquidity,
    depleted_channels,
    high_failure,
    rebalance_loss,
    revenue_drop,
    idle_channels,
)
