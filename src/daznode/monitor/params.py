"""Thresholds of the alert rules, with units and what each means."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MonitorParams:
    """When a figure becomes an alert.

    Attributes:
        inactive_critical_ratio: Share of capacity behind offline peers that makes it critical.
        low_liquidity_ratio: Local (or remote) share of all balances below which forwarding in that
            direction starves; 0.2 as in the decision settings.
        critical_liquidity_ratio: The same, critical.
        depleted_ratio: Local share of one channel below which it counts as empty.
        fee_spread: Highest enabled ppm over the lowest non-zero one above which fees look
            unmanaged; 100 means 10 ppm here and 1,000 ppm there.
        fee_spread_channels: Enabled channels below which spread says nothing.
        stale_policy_days: Age of a policy after which other nodes forget it (BOLT 7 lets nodes
            prune channels whose newest update is older than two weeks).
        idle_days_old: A channel younger than this is not called idle.
        poor_percentile: Centrality score below which the node is poorly connected.
        failure_ratio: Success ratio below which failures matter.
        failure_asked: Forwards asked below which a ratio says nothing.
        revenue_drop_ratio: The day's revenue over the mean of the six days before, below which it
            counts as a drop.
        revenue_drop_sats: Mean daily revenue below which a drop is noise, sat.
        backup_hours: Age of the kept channel backup that is too old; a sync makes one every six.
        htlc_warning_blocks: Blocks to the expiry of an HTLC from which it is worth a look: four
            hours.
        htlc_critical_blocks: The same, critical: LND goes to the chain ten blocks before the expiry
            of what it could claim.
    """

    inactive_critical_ratio: float = 0.5
    low_liquidity_ratio: float = 0.2
    critical_liquidity_ratio: float = 0.1
    depleted_ratio: float = 0.1
    fee_spread: float = 100.0
    fee_spread_channels: int = 5
    stale_policy_days: int = 14
    idle_days_old: int = 14
    poor_percentile: float = 20.0
    failure_ratio: float = 0.3
    failure_asked: int = 20
    revenue_drop_ratio: float = 0.5
    revenue_drop_sats: int = 100
    backup_hours: int = 24
    htlc_warning_blocks: int = 24
    htlc_critical_blocks: int = 12
