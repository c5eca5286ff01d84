"""Metrics, channel table and trends of a day, as figures of the report."""

from typing import Final

from daznode.domain.ids import format_scid
from daznode.domain.ledger import Ledger
from daznode.domain.node_state import OwnChannel
from daznode.domain.node_view import DayStatus, NodeView, OwnDay, PublicChannel
from daznode.domain.report import (
    CapacityMetrics,
    ChannelMetrics,
    ChannelRow,
    FeeMetrics,
    ForwardingMetrics,
    MarketStanding,
    NetworkMetrics,
    Trends,
)
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, charged_sat, ppm_of, whole_sat

_SHORT_KEY: Final = 12
_SCORE_DECIMALS: Final = 1
RATIO_DECIMALS: Final = 4


def rounded(value: float | None, decimals: int = RATIO_DECIMALS) -> float | None:
    """A float as the report keeps it; None stays None."""
    return None if value is None else round(value, decimals)


def score(value: float | None) -> float | None:
    """A score as the report keeps it: one decimal."""
    return rounded(value, _SCORE_DECIMALS)


def total_capacity_sat(status: DayStatus) -> int | None:
    """Sum of channel capacities: the node's own channels if it is connected, else the public ones."""
    if status.own is not None:
        return sum(channel.capacity_sat for channel in status.own.observation.channels)
    return status.now.capacity_sat if status.now is not None else None


def capacity_metrics(status: DayStatus) -> CapacityMetrics:
    """Liquidity of the day."""
    total_sat = total_capacity_sat(status)
    if status.own is None:
        before = status.before.capacity_sat if status.before is not None else None
        delta = total_sat - before if total_sat is not None and before is not None else None
        return CapacityMetrics(total_sat, None, None, None, delta)
    channels = status.own.observation.channels
    local_msat = sum(channel.local_msat for channel in channels)
    remote_msat = sum(channel.remote_msat for channel in channels)
    both_msat = local_msat + remote_msat
    yesterday = status.own.capacity_by_day[-2]
    return CapacityMetrics(
        total_sats=total_sat,
        local_balance=local_msat // MSAT_PER_SAT,
        remote_balance=remote_msat // MSAT_PER_SAT,
        liquidity_ratio=rounded(local_msat / both_msat) if both_msat else None,
        total_sats_delta_24h=(
            total_sat - yesterday if total_sat is not None and yesterday is not None else None
        ),
    )


def channel_metrics(status: DayStatus) -> ChannelMetrics:
    """Channels by state."""
    pending: int | None = None
    if status.own is not None:
        own = status.own.observation.channels
        capacities = [int(channel.capacity_sat) for channel in own]
        active, total = sum(channel.is_active for channel in own), len(own)
        pending = status.own.observation.pending_channels
    elif status.now is not None:
        public = status.now.channels
        capacities = [
            channel.capacity_sat for channel in public if channel.capacity_sat is not None
        ]
        active, total = sum(channel.is_enabled for channel in public), len(public)
    else:
        return ChannelMetrics(None, None, None, None, None)
    delta = None
    if status.now is not None and status.before is not None:
        delta = len(status.now.channels) - len(status.before.channels)
    average_sats = sum(capacities) // len(capacities) if capacities else None
    return ChannelMetrics(active, total - active, pending, average_sats, delta)


def forwarding_metrics(own: OwnDay | None) -> ForwardingMetrics:
    """What was forwarded, earned and spent; all None on public data."""
    if own is None:
        return ForwardingMetrics(*(None,) * 18)
    day, week, yesterday = own.day, own.week, own.days[-2]
    return ForwardingMetrics(
        forwards_24h=day.forwards,
        forwards_7d=week.forwards,
        success_rate_24h=rounded(day.success_ratio),
        revenue_24h=whole_sat(day.revenue_msat),
        revenue_7d=whole_sat(week.revenue_msat),
        rebalance_cost_24h=charged_sat(day.rebalance_cost_msat),
        rebalance_cost_7d=charged_sat(week.rebalance_cost_msat),
        net_24h=net_sat(day),
        net_7d=net_sat(week),
        revenue_24h_msat=day.revenue_msat,
        revenue_7d_msat=week.revenue_msat,
        net_7d_msat=week.net_msat,
        volume_24h_sats=whole_sat(day.volume_msat),
        volume_7d_sats=whole_sat(week.volume_msat),
        failed_24h=day.failures if day.are_failures_known else None,
        missed_fees_7d_sats=whole_sat(week.missed_fees_msat) if week.are_failures_known else None,
        earned_ppm_7d=ppm_of(week.revenue_msat, week.volume_msat),
        revenue_delta_24h=whole_sat(Msat(day.revenue_msat - yesterday.revenue_msat)),
    )


def net_sat(ledger: Ledger) -> int:
    """Revenue minus rebalance cost as a reader adds it up: whole sat earned less whole sat paid."""
    return whole_sat(ledger.revenue_msat) - charged_sat(ledger.rebalance_cost_msat)


def fee_metrics(view: NodeView | None) -> FeeMetrics:
    """What the node charges, and where that stands against the market of each peer."""
    if view is None:
        return FeeMetrics(None, None, None, None, (), None, None)
    priced = [
        (channel, channel.local_policy)
        for channel in view.channels
        if channel.local_policy is not None
        and channel.is_enabled
        and channel.local_policy.fee_ppm < PPM_ONE
    ]
    market = tuple(
        MarketStanding(
            scid=format_scid(channel.scid),
            peer_alias=peer_name(channel.peer_alias, channel.peer_id),
            fee_ppm=policy.fee_ppm,
            market_p25_ppm=channel.price.p25_ppm,
            market_p50_ppm=channel.price.p50_ppm,
            market_p75_ppm=channel.price.p75_ppm,
            n_competitors=channel.price.n_competitors,
            standing=round(channel.price.standing, RATIO_DECIMALS),
        )
        for channel, policy in priced
        if channel.price is not None and channel.price.standing is not None
    )
    if not priced:
        return FeeMetrics(None, None, None, None, market, None, None)
    weights = [channel.capacity_sat or 0 for channel, _ in priced]
    if not any(weights):
        weights = [1] * len(priced)
    weighted = sum(
        weight * policy.fee_ppm for weight, (_, policy) in zip(weights, priced, strict=True)
    )
    fees_ppm = [policy.fee_ppm for _, policy in priced]
    return FeeMetrics(
        avg_fee_rate=round(weighted / sum(weights)),
        min_fee_rate=min(fees_ppm),
        max_fee_rate=max(fees_ppm),
        base_fee_avg=round(sum(policy.base_fee_msat for _, policy in priced) / len(priced)),
        market=market,
        below_market=sum(row.fee_ppm < row.market_p25_ppm for row in market),
        above_market=sum(row.fee_ppm > row.market_p75_ppm for row in market),
    )


def network_metrics(status: DayStatus) -> NetworkMetrics:
    """Where the node stands in the network, and what changed since the day before."""
    view, before = status.now, status.before
    if view is None:
        return NetworkMetrics(*(None,) * 16)
    card = view.card
    hops_delta = rank_delta = None
    gained = lost = None
    if before is not None:
        rank_delta = before.card.rank - card.rank
        gained = tuple(sorted(view.peers - before.peers))
        lost = tuple(sorted(before.peers - view.peers))
        if view.mean_hops is not None and before.mean_hops is not None:
            hops_delta = rounded(view.mean_hops - before.mean_hops)
    return NetworkMetrics(
        n_nodes=card.n_nodes,
        rank=card.rank,
        percentile=score(card.overall),
        centrality_score=score(card.centrality),
        reliability_score=score(card.reliability),
        performance_score=score(card.performance),
        betweenness_rank=view.ranks.get("betweenness"),
        fee_betweenness_rank=view.ranks.get("fee_betweenness"),
        closeness_rank=view.ranks.get("harmonic"),
        capacity_rank=view.ranks.get("capacity_sat"),
        degree_rank=view.ranks.get("peers"),
        mean_hops=rounded(view.mean_hops),
        mean_hops_delta=hops_delta,
        rank_delta=rank_delta,
        peers_gained=gained,
        peers_lost=lost,
    )


def peer_name(alias: str, node_id: str) -> str:
    """What to call a peer: its alias, or the start of its key."""
    return alias or f"{node_id[:_SHORT_KEY]}…"


def _public_row(channel: PublicChannel) -> ChannelRow:
    local, remote = channel.local_policy, channel.remote_policy
    return ChannelRow(
        scid=format_scid(channel.scid),
        peer_id=channel.peer_id,
        peer_alias=peer_name(channel.peer_alias, channel.peer_id),
        capacity_sats=channel.capacity_sat,
        local_sats=None,
        local_ratio=None,
        is_active=channel.is_enabled if local is not None else None,
        age_days=channel.age_days,
        fee_ppm=local.fee_ppm if local else None,
        base_fee_msat=local.base_fee_msat if local else None,
        inbound_fee_ppm=local.inbound_fee_ppm if local else None,
        peer_fee_ppm=remote.fee_ppm if remote else None,
        market_p50_ppm=channel.price.p50_ppm if channel.price else None,
        forwards_out_7d=None,
        volume_in_7d_sats=None,
        volume_out_7d_sats=None,
        revenue_7d_msat=None,
        assisted_7d_msat=None,
        rebalance_cost_7d_msat=None,
        profit_7d_msat=None,
        failed_7d=None,
        missed_fees_7d_msat=None,
    )


def _own_row(channel: OwnChannel, public: PublicChannel | None, own: OwnDay) -> ChannelRow:
    local, remote = channel.local_policy, channel.remote_policy
    week = own.week.of(channel.scid)
    are_failures_known = own.week.are_failures_known
    book = own.books.get(channel.scid)
    opened = channel.opened_at
    return ChannelRow(
        scid=format_scid(channel.scid),
        peer_id=channel.peer_id,
        peer_alias=peer_name(channel.peer_alias, channel.peer_id),
        capacity_sats=channel.capacity_sat,
        local_sats=whole_sat(channel.local_msat),
        local_ratio=rounded(channel.local_ratio),
        is_active=channel.is_active,
        age_days=(own.observation.observed_at - opened).days if opened else None,
        fee_ppm=local.fee_ppm if local else None,
        base_fee_msat=local.base_fee_msat if local else None,
        inbound_fee_ppm=local.inbound_fee_ppm if local else None,
        peer_fee_ppm=remote.fee_ppm if remote else None,
        market_p50_ppm=public.price.p50_ppm if public and public.price else None,
        forwards_out_7d=week.forwards_out,
        volume_in_7d_sats=whole_sat(week.volume_in_msat),
        volume_out_7d_sats=whole_sat(week.volume_out_msat),
        revenue_7d_msat=week.revenue_msat,
        assisted_7d_msat=week.assisted_msat,
        rebalance_cost_7d_msat=week.rebalance_cost_msat,
        profit_7d_msat=week.profit_msat,
        failed_7d=week.refused if are_failures_known else None,
        missed_fees_7d_msat=week.missed_fees_msat if are_failures_known else None,
        balance_change_7d_msat=book.closing_msat - book.opening_msat if book else None,
        unexplained_7d_msat=book.unexplained_msat if book else None,
    )


def channel_rows(status: DayStatus) -> tuple[ChannelRow, ...]:
    """The channel table: by profit, then capacity, then id."""
    public = {channel.scid: channel for channel in status.now.channels} if status.now else {}
    if status.own is not None:
        own = status.own
        rows = [_own_row(one, public.get(one.scid), own) for one in own.observation.channels]
    else:
        rows = [_public_row(channel) for channel in public.values()]
    return tuple(
        sorted(
            rows, key=lambda row: (-(row.profit_7d_msat or 0), -(row.capacity_sats or 0), row.scid)
        )
    )


def trends(status: DayStatus) -> Trends:
    """Seven days, oldest first; None for a day without data."""
    scores = tuple(score(point.overall_score) if point else None for point in status.points)
    if status.own is None:
        no_days: tuple[None, ...] = (None,) * len(status.points)
        capacities = tuple(point.capacity_sat if point else None for point in status.points)
        return Trends(scores, no_days, no_days, capacities)
    days = status.own.days
    return Trends(
        score_evolution_7d=scores,
        revenue_evolution_7d=tuple(whole_sat(day.revenue_msat) for day in days),
        forward_rate_evolution_7d=tuple(rounded(day.success_ratio) for day in days),
        capacity_evolution_7d=status.own.capacity_by_day,
    )
