"""Advice that gossip alone allows: prices against the market, policies that turn payments away."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from daznode.decide.params import AdviceParams
from daznode.domain.finding import Advice, Clue
from daznode.domain.ids import format_scid
from daznode.domain.node_view import DayStatus, NodeView, PeerPrice, PublicChannel
from daznode.domain.report import Priority
from daznode.domain.units import MSAT_PER_SAT

_NETWORK: Final = "network_snapshot"


def _scids(channels: Sequence[PublicChannel]) -> tuple[str, ...]:
    return tuple(format_scid(channel.scid) for channel in channels)


def _priced(view: NodeView, params: AdviceParams) -> Iterator[tuple[PublicChannel, int, PeerPrice]]:
    """Enabled channels with a market: the channel, our ppm, the others' prices."""
    for channel in view.channels:
        price = channel.price
        if price is None or price.n_competitors < params.least_competitors:
            continue
        if channel.local_policy is not None and channel.is_enabled:
            yield channel, channel.local_policy.fee_ppm, price


def above_market(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels priced above the upper quartile of their market; with own data, see `cut_fee`."""
    if status.now is None or status.own is not None:
        return
    dear = [item for item in _priced(status.now, params) if item[1] > item[2].p75_ppm]
    if not dear:
        return
    worst, worst_ppm, price = max(dear, key=lambda item: item[1] - item[2].p75_ppm)
    yield Advice(
        "above_market",
        Priority.MEDIUM,
        "fees",
        3.0,
        {
            "channels_count": len(dear),
            "peer": worst.peer_name,
            "scid": format_scid(worst.scid),
            "fee_ppm": worst_ppm,
            "p75_ppm": price.p75_ppm,
            "p50_ppm": price.p50_ppm,
        },
        _scids([channel for channel, _, _ in dear]),
        None,
        "public_only",
        (
            Clue("market_p75_ppm", price.p75_ppm, _NETWORK),
            Clue("competitors_count", price.n_competitors, _NETWORK),
        ),
    )


def below_market(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels priced below the lower quartile; with own data, see `raise_cheap_fee`."""
    if status.now is None or status.own is not None:
        return
    cheap = [item for item in _priced(status.now, params) if item[1] < item[2].p25_ppm]
    if not cheap:
        return
    worst, worst_ppm, price = max(cheap, key=lambda item: item[2].p25_ppm - item[1])
    yield Advice(
        "below_market",
        Priority.MEDIUM,
        "fees",
        2.5,
        {
            "channels_count": len(cheap),
            "peer": worst.peer_name,
            "scid": format_scid(worst.scid),
            "fee_ppm": worst_ppm,
            "p25_ppm": price.p25_ppm,
        },
        _scids([channel for channel, _, _ in cheap]),
        None,
        "public_only",
        (
            Clue("market_p25_ppm", price.p25_ppm, _NETWORK),
            Clue("competitors_count", price.n_competitors, _NETWORK),
        ),
    )


def enable_channels(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels announced as disabled; with own data, see `wake_peer`."""
    del params
    if status.now is None or status.own is not None:
        return
    off = status.now.disabled
    if not off:
        return
    biggest = max(off, key=lambda channel: channel.capacity_sat or 0)
    capacity_sats = sum(channel.capacity_sat or 0 for channel in off)
    yield Advice(
        "enable_channels",
        Priority.MEDIUM,
        "channels",
        4.0,
        {"channels_count": len(off), "peer": biggest.peer_name, "capacity_sats": capacity_sats},
        _scids(off),
        None,
        "public_only",
        (Clue("disabled_sats", capacity_sats, _NETWORK),),
    )


def refresh_policies(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Enabled policies so old that other nodes may drop the channel from their map."""
    if status.now is None:
        return
    stale = status.now.stale(timedelta(days=params.stale_policy_days))
    if not stale:
        return
    oldest_days = max(age for _, age in stale).days
    yield Advice(
        "refresh_policies",
        Priority.MEDIUM,
        "channels",
        3.5,
        {"channels_count": len(stale), "limit_days": params.stale_policy_days},
        _scids([channel for channel, _ in stale]),
        None,
        "not_measurable",
        (Clue("oldest_policy_days", oldest_days, _NETWORK),),
    )


def raise_htlc_maximum(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """Channels whose largest HTLC is a small part of what they could carry."""
    if status.now is None:
        return
    small = []
    for channel in status.now.channels:
        policy = channel.local_policy
        if policy is None or not channel.is_enabled or not channel.capacity_sat:
            continue
        share_ratio = policy.htlc_maximum_msat / (channel.capacity_sat * MSAT_PER_SAT)
        if 0 < share_ratio < params.small_htlc_ratio:
            small.append((channel, share_ratio))
    if not small:
        return
    least, least_ratio = min(small, key=lambda pair: pair[1])
    yield Advice(
        "raise_htlc_maximum",
        Priority.LOW,
        "performance",
        1.0,
        {"channels_count": len(small), "peer": least.peer_name, "scid": format_scid(least.scid)},
        _scids([channel for channel, _ in small]),
        None,
        "not_measurable",
        (Clue("htlc_maximum_ratio", least_ratio, _NETWORK),),
    )


def open_channel(status: DayStatus, params: AdviceParams) -> Iterator[Advice]:
    """The candidate peer that would bring the node closest to everybody."""
    view = status.now
    if view is None or not view.gains:
        return
    best = view.gains[0]
    if best.harmonic_gain <= 0:
        return
    n_peers = len(view.peers)
    relative_gain = view.relative_gain(best)
    yield Advice(
        "open_channel",
        Priority.LOW,
        "performance",
        4.0 if n_peers < params.few_peers else 1.0,
        {
            "peer": best.alias or best.node_id,
            "capacity_sats": best.median_channel_sat,
            "peers_count": n_peers,
            "key": best.node_id,
        },
        (),
        None,
        "not_measurable",
        (
            Clue("peer_score", best.score, _NETWORK),
            *((Clue("harmonic_gain_ratio", relative_gain, _NETWORK),) if relative_gain else ()),
            *((Clue("hops_now_count", best.hops_now, _NETWORK),) if best.hops_now else ()),
        ),
    )


PUBLIC_ADVISERS: Final = (
    enable_channels,
    refresh_policies,
    above_market,
    below_market,
    raise_htlc_maximum,
    open_channel,
)
