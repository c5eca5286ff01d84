"""English wording of alerts, advice, evidence and the narrative.

`{name}` is a figure, written with the unit its name ends in; `{name:one|many}` is a count with its noun.
"""

from typing import Final

ALERTS: Final[dict[str, tuple[str, str]]] = {
    "poor_connectivity.unknown": (
        "The network does not know this node",
        "The newest network snapshot has no announcement and no channel of this key. "
        "Check the key, and whether the node has a public channel.",
    ),
    "poor_connectivity.no_snapshot": (
        "The network is not known yet",
        "No network snapshot is stored, so nothing can be said of the node's place in it. "
        "Import one.",
    ),
    "poor_connectivity.narrow": (
        "Too narrow for the usual payment",
        "The node has {peers_count:peer|peers}, but 100,000 sat cannot leave by any enabled channel: the largest "
        "holds {largest_sats}, or its limits are narrower. Larger payments go around.",
    ),
    "poor_connectivity.no_channels": (
        "No public channel",
        "The network snapshot knows the node but no channel of it: nothing can be forwarded. "
        "Open a first channel to a well connected peer.",
    ),
    "poor_connectivity.no_route": (
        "No usable way out",
        "The node has {peers_count:peer|peers}, but no enabled channel: policies are "
        "disabled or missing. Check whether the peers are online.",
    ),
    "poor_connectivity.single_peer": (
        "A single peer",
        "All traffic depends on {peer}: if that peer goes offline, so does this node, and nothing "
        "can be forwarded between two peers. A second channel elsewhere makes it a router.",
    ),
    "poor_connectivity.edge": (
        "At the edge of the network",
        "The centrality score is {centrality_score}, below {limit_score}, with {peers_count:peer|peers}. "
        "Few cheap routes pass here; see the proposed peers.",
    ),
    "channel_inactive.own": (
        "{channels_count:channel|channels} inactive",
        "{channels_count} of {of_count} channels, {capacity_sats} or {share_ratio} of the capacity, cannot be "
        "used because the peer is offline. The largest is with {peer}.",
    ),
    "channel_inactive.public": (
        "{channels_count:channel|channels} announced as disabled",
        "The node announces {channels_count} of {of_count} channels as disabled: {capacity_sats}, {share_ratio} of its "
        "capacity. Usually the peer is offline; check the connection.",
    ),
    "low_liquidity.outbound": (
        "Little left to send",
        "Only {side_ratio} of the balances is on our side ({side_sats}), below {limit_ratio}: "
        "forwards fail for want of outbound liquidity.",
    ),
    "low_liquidity.inbound": (
        "Little room to receive",
        "Only {side_ratio} of the balances is on the peers' side ({side_sats}), below {limit_ratio}: "
        "payments can hardly come in, so little can be forwarded.",
    ),
    "low_liquidity.depleted": (
        "{channels_count:channel|channels} ran empty",
        "Channels with less than {limit_ratio} on our side had to refuse {refused_count:forward|forwards} this week, "
        "worth {missed_msat} in fees. The dearest is with {peer}.",
    ),
    "high_fee_variance": (
        "Fees lie far apart",
        "Enabled channels charge from {low_ppm} to {high_ppm}. If that is not meant, "
        "look at both ends.",
    ),
    "stale_channels": (
        "{channels_count:channel|channels} with an old policy",
        "The policy was not refreshed for more than {limit_days}. Other nodes may forget such a "
        "channel, and route around it. A node that is online refreshes every day or two.",
    ),
    "stale_data": (
        "The network snapshot is old",
        "It is {age_days} old, so everything said about the network describes that day. "
        "Import a fresh graph dump.",
    ),
    "peers_lost": (
        "{peers_count:peer|peers} lost since the day before",
        "Channels with {peer} and others with {capacity_sats} in all are gone from the network.",
    ),
    "node_not_synced.chain": (
        "The node does not follow the chain",
        "It stands at block {block_height}. Until it catches up it cannot see closes of its "
        "channels: check the bitcoin backend now.",
    ),
    "node_not_synced.graph": (
        "The node does not follow gossip",
        "Its map of the network is not up to date; its own payments may fail.",
    ),
    "high_failure_ratio": (
        "Most forwards failed",
        "Of {asked_count:forward|forwards} asked in 24 hours, {success_ratio} succeeded, below {limit_ratio}. "
        "{refused_count} were refused here, the others failed further on.",
    ),
    "rebalance_loss": (
        "Rebalancing cost more than forwarding earned",
        "This week {cost_msat} were paid for circular payments and {revenue_msat} earned.",
    ),
    "revenue_drop": (
        "Revenue fell by {drop_ratio}",
        "{today_msat} in 24 hours against {mean_msat} a day over the six days before.",
    ),
    "idle_channels": (
        "{channels_count:channel|channels} without traffic",
        "Nothing passed for {limit_days} through channels of {capacity_sats} in all, although their peers are online.",
    ),
    "backup_gap.none": (
        "No channel backup is kept",
        "{channels_count:open channel has|open channels have} no static backup here. After a lost disk their funds "
        "could not be asked back. Check that the credential allows the export.",
    ),
    "backup_gap.uncovered": (
        "{channels_count:open channel is|open channels are} not in the backup",
        "The newest channel backup lacks {channels_count} of {of_count} open channels. "
        "Export one anew: `daznode sync`.",
    ),
    "backup_gap.old": (
        "The channel backup is old",
        "It was exported {age_hours_count:hour|hours} ago; a sync makes one anew when it is due. "
        "Above {limit_hours_count:hour|hours} this is worth a look.",
    ),
    "htlc_expiry": (
        "{htlcs_count:payment|payments} in flight close to the time limit",
        "The first expires in {left_count:block|blocks}, of {limit_count} below which this is worth a look; {amount_sats} in all. If it is not "
        "resolved by then, the channel is closed by force. Check that the peer is online.",
    ),
    "pending_force_close": (
        "{channels_count:channel|channels} closing by force",
        "{limbo_sats} are bound until the close is confirmed and its time locks are over.",
    ),
    "pending_force_close.counting": (
        "{channels_count:channel|channels} closing by force",
        "{limbo_sats} are bound; the last are spendable in {left_count:block|blocks}.",
    ),
    "anchor_reserve": (
        "Too little on chain for fee bumps",
        "The wallet holds {held_sats}, less than the {reserve_sats} that the node keeps to bump the fees of its "
        "anchor channels. In a force close it could come too late: send some coins to it.",
    ),
}

ADVICE: Final[dict[str, tuple[str, str, str]]] = {
    "raise_fee": (
        "Raise the fee towards {peer}",
        "The channel sells out: it had to refuse {refused_count:forward|forwards} this week. "
        "Demand at {fee_ppm} exceeds what the channel can carry.",
        "Set {scid} from {fee_ppm} to {new_ppm}, leave the other fields as they are.",
    ),
    "refill": (
        "Refill the channel with {peer}",
        "Forwards refused for want of balance would have paid more than a refill costs at the "
        "price paid for the last ones.",
        "Rebalance {amount_sats} into {scid}, paying at most {limit_ppm}.",
    ),
    "cut_fee": (
        "Lower the fee towards {peer}",
        "The channel is full on our side and sold nothing for a fortnight at {fee_ppm}; "
        "others charge {p50_ppm} at the median.",
        "Set {scid} from {fee_ppm} to {new_ppm}, leave the other fields as they are.",
    ),
    "stop_refilling": (
        "Stop refilling the channel with {peer}",
        "Refills cost {cost_msat} this week, the channel earned {revenue_msat}.",
        "Pause rebalancing into {scid}, or raise its fee above the {refill_ppm} that a refill costs.",
    ),
    "raise_cheap_fee": (
        "Too cheap towards {peer}",
        "{fee_ppm} is below the lower quartile of what others charge ({p25_ppm}), "
        "and the channel sells.",
        "Set {scid} from {fee_ppm} to {new_ppm}, leave the other fields as they are.",
    ),
    "wake_peer": (
        "Bring {peer} back online",
        "The peer is offline and {capacity_sats} are bound in the channel.",
        "Reconnect to the peer and write to its operator; if it stays away for weeks, close {scid}.",
    ),
    "free_capital": (
        "{channels_count:channel|channels} could be put to better use",
        "Nothing passed either way for a fortnight, and {local_sats} are bound on our side; "
        "the largest is with {peer}.",
        "Close the channels when on-chain fees are low, and open to one of the proposed peers.",
    ),
    "above_market": (
        "{channels_count:channel|channels} priced above the market",
        "Towards {peer} the node charges {fee_ppm}; three quarters of the capacity of others "
        "charges {p75_ppm} or less. Traffic goes around.",
        "If {scid} is full on your side, lower it towards {p50_ppm}; if it is empty, the price is right.",
    ),
    "below_market": (
        "{channels_count:channel|channels} priced below the market",
        "Towards {peer} the node charges {fee_ppm}; three quarters of the capacity of others charges "
        "{p25_ppm} or more.",
        "If {scid} empties quickly, raise it towards {p25_ppm}.",
    ),
    "enable_channels": (
        "Bring disabled channels back",
        "{channels_count:channel is|channels are} announced as disabled, with {capacity_sats}; the largest is with {peer}.",
        "Reconnect to the peers; a channel that stays disabled is better closed.",
    ),
    "refresh_policies": (
        "Refresh old policies",
        "{channels_count:policy is|policies are} older than {limit_days}; other nodes may drop these channels.",
        "Check that the node is online and gossiping; setting the same policy again refreshes it.",
    ),
    "raise_htlc_maximum": (
        "Allow larger payments",
        "{channels_count:channel turns|channels turn} away payments far below what it could carry, for example with {peer}.",
        "Raise htlc_maximum of {scid} towards the capacity, unless it is low on purpose.",
    ),
    "open_channel": (
        "A new peer: {peer}",
        "Of the best connected nodes, this one would bring the node closest to all others "
        "({peers_count:peer|peers} today).",
        "Open {capacity_sats} (the median of its channels) to {key}.",
    ),
}

BASIS: Final[dict[str, str]] = {
    "demand_exceeds_supply": "The difference of price on what was sold this week, over 30 days; the same amount sells as long as demand exceeds supply.",
    "missed_less_refill": "Fees missed in a fortnight, less the cost of refilling that amount, scaled to 30 days; it takes repeated refills.",
    "median_turnover": "If the channel then sells like the node's median channel; an estimate, not a promise.",
    "no_history": "No estimate: the channel has no history to draw on.",
    "cost_less_revenue": "Refill cost saved, less all that the channel earned, scaled to 30 days.",
    "same_volume": "The difference of price on what was sold this week, over 30 days, if the volume stays; an upper bound.",
    "earned_before": "What the channel earned or assisted in the last fortnight, scaled to 30 days.",
    "capital_only": "No estimate: this frees capital, its yield depends on where it goes.",
    "public_only": "No estimate: earnings are not known from public data.",
    "not_measurable": "No estimate: nothing measured supports one.",
}

ROI_UNKNOWN: Final = (
    "No estimate: neither the demand towards this peer nor on-chain fees are known."
)

CLUES: Final[dict[str, str]] = {
    "local_ratio": "On our side",
    "sold_week_sats": "Sold in 7 days",
    "refused_week_sats": "Refused in 7 days",
    "revenue_week_msat": "Earned in 7 days",
    "market_p25_ppm": "Others, lower quartile",
    "market_p50_ppm": "Others, median",
    "market_p75_ppm": "Others, upper quartile",
    "competitors_count": "Competing channels",
    "refused_fortnight_count": "Refused in 14 days",
    "missed_fortnight_msat": "Fees missed in 14 days",
    "refill_cost_ppm": "Refill cost",
    "forwards_fortnight_count": "Forwards out in 14 days",
    "refilled_week_sats": "Refilled in 7 days",
    "refill_cost_week_msat": "Refills cost in 7 days",
    "capacity_sats": "Capacity",
    "earned_fortnight_msat": "Earned and assisted in 14 days",
    "idle_days": "Without traffic",
    "bound_sats": "Capacity bound",
    "disabled_sats": "Capacity disabled",
    "oldest_policy_days": "Oldest policy",
    "htlc_maximum_ratio": "Largest payment over capacity",
    "peer_score": "Score of the peer",
    "harmonic_gain_ratio": "Closeness gained",
    "hops_now_count": "Hops away today",
    "inbound_ppm": "Others charge towards it",
}

NARRATIVE: Final[dict[str, str]] = {
    "own": "In the 24 hours to {until_moment} the node settled {forwards_count:forward|forwards} and earned {revenue_sats}.",
    "own_idle": "In the 24 hours to {until_moment} the node settled no forward.",
    "success": "Of what was asked of it, {success_ratio} succeeded.",
    "net": "Over seven days {revenue_sats} came in, {cost_sats} went into rebalancing: {net_signed_sats} net.",
    "score": "It ranks {rank_place} of {nodes_count:node|nodes}, with a score of {overall_score}.",
    "score_up": "The score rose by {delta_score} since the day before.",
    "score_down": "The score fell by {delta_score} since the day before.",
    "public": "This report rests on public data alone: {channels_count:announced channel|announced channels} with {capacity_sats}.",
    "alerts_none": "Nothing needs attention.",
    "alerts_some": "{alerts_count:thing needs|things need} attention.",
    "advice": "The best next step: {title}.",
    "advice_gain": "The best next step: {title} (about {gain_sats} in 30 days).",
}

SOURCES: Final[dict[str, str]] = {
    "snapshot_old": "observed {age_days} before this report",
    "snapshot_none": "no network snapshot is stored; import one with `daznode network import FILE`",
    "node_unknown": "this key is not in the snapshot",
    "history_none": "no snapshot of the day before is stored",
    "history_days": "{known_count} of {of_count} days",
    "failures_unwatched": "failed forwards are known only while `daznode sync --follow` listens",
    "node_none": "no node is connected",
}
