"""Checks that gossip alone allows: connectivity, disabled or forgotten channels, stale data."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from daznode.domain.finding import Finding
from daznode.domain.ids import format_scid
from daznode.domain.node_view import DayStatus, PublicChannel
from daznode.domain.report import Severity
from daznode.domain.units import PPM_ONE
from daznode.monitor.params import MonitorParams


def _scids(channels: Sequence[PublicChannel]) -> tuple[str, ...]:
    return tuple(format_scid(channel.scid) for channel in channels)


def unknown_node(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """The network does not know the node, or no snapshot could tell."""
    del params
    if status.now is None:
        variant = "unknown" if status.has_network else "no_snapshot"
        yield Finding("poor_connectivity", Severity.WARNING, variant=variant)


def stale_data(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """The newest snapshot is too old for the day."""
    del params
    if status.now is not None and status.is_stale:
        age = status.until - status.now.origin.observed_at
        yield Finding(
            "stale_data",
            Severity.INFO,
            {"age_days": age.days},
        )


def poor_connectivity(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """No way out, a single peer, or a place at the edge of the network."""
    view = status.now
    if view is None:
        return
    n_peers = len(view.peers)
    if n_peers == 0:
        yield Finding("poor_connectivity", Severity.CRITICAL, variant="no_channels")
    elif view.fee_reached == 0 and any(channel.is_enabled for channel in view.channels):
        largest_sat = max(channel.capacity_sat or 0 for channel in view.channels)
        yield Finding(
            "poor_connectivity",
            Severity.WARNING,
            {"peers_count": n_peers, "largest_sats": largest_sat},
            variant="narrow",
        )
    elif view.fee_reached == 0:
        yield Finding(
            "poor_connectivity",
            Severity.CRITICAL,
            {"peers_count": n_peers},
            variant="no_route",
        )
    elif n_peers == 1:
        yield Finding(
            "poor_connectivity",
            Severity.WARNING,
            {"peer": view.channels[0].peer_name},
            _scids(view.channels),
            variant="single_peer",
        )
    elif view.card.centrality is not None and view.card.centrality < params.poor_percentile:
        yield Finding(
            "poor_connectivity",
            Severity.WARNING,
            {
                "centrality_score": view.card.centrality,
                "limit_score": params.poor_percentile,
                "peers_count": n_peers,
            },
            variant="edge",
        )


def disabled_channels(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Channels that the node itself announces as disabled: usually an offline peer."""
    if status.now is None or status.own is not None:
        return
    announced = [channel for channel in status.now.channels if channel.local_policy is not None]
    disabled = status.now.disabled
    if not disabled:
        return
    capacity_sat = sum(channel.capacity_sat or 0 for channel in disabled)
    total_sat = sum(channel.capacity_sat or 0 for channel in announced)
    share_ratio = capacity_sat / total_sat if total_sat else len(disabled) / len(announced)
    is_critical = share_ratio > params.inactive_critical_ratio
    yield Finding(
        "channel_inactive",
        Severity.CRITICAL if is_critical else Severity.WARNING,
        {
            "channels_count": len(disabled),
            "of_count": len(announced),
            "capacity_sats": capacity_sat,
            "share_ratio": share_ratio,
        },
        _scids(disabled),
        variant="public",
    )


def stale_channels(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Policies that were not refreshed for so long that other nodes may forget the channel."""
    if status.now is None:
        return
    stale = status.now.stale(timedelta(days=params.stale_policy_days))
    if stale:
        yield Finding(
            "stale_channels",
            Severity.WARNING,
            {"channels_count": len(stale), "limit_days": params.stale_policy_days},
            _scids([channel for channel, _ in stale]),
        )


def high_fee_variance(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Fees that lie so far apart that they look unmanaged."""
    if status.now is None:
        return
    priced = [
        (channel.local_policy.fee_ppm, channel)
        for channel in status.now.channels
        if channel.local_policy is not None
        and channel.is_enabled
        and 0 < channel.local_policy.fee_ppm < PPM_ONE
    ]
    if len(priced) < params.fee_spread_channels:
        return
    low_ppm, lowest = min(priced, key=lambda pair: pair[0])
    high_ppm, highest = max(priced, key=lambda pair: pair[0])
    if high_ppm > params.fee_spread * low_ppm:
        yield Finding(
            "high_fee_variance",
            Severity.INFO,
            {"low_ppm": low_ppm, "high_ppm": high_ppm, "channels_count": len(priced)},
            _scids([lowest, highest]),
            requires_action=False,
        )


def peers_lost(status: DayStatus, params: MonitorParams) -> Iterator[Finding]:
    """Peers of the day before that are gone."""
    del params
    if status.now is None or status.before is None:
        return
    gone = status.before.peers - status.now.peers
    if gone:
        lost = [channel for channel in status.before.channels if channel.peer_id in gone]
        yield Finding(
            "peers_lost",
            Severity.WARNING,
            {
                "peers_count": len(gone),
                "capacity_sats": sum(channel.capacity_sat or 0 for channel in lost),
                "peer": min(channel.peer_name for channel in lost),
            },
            _scids(lost),
            requires_action=False,
        )


PUBLIC_RULES: Final = (
    unknown_node,
    poor_connectivity,
    disabled_channels,
    stale_channels,
    peers_lost,
    high_fee_variance,
    stale_data,
)
