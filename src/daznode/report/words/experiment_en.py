"""The words of experiments with fee policies; texts in braces are filled in."""

from collections.abc import Mapping
from typing import Final

WORDS: Final[Mapping[str, str]] = {
    "simulated": (
        "Everything here is simulated. No figure is of a real node, no payment was made, and what "
        "a policy earned here is no promise of what it will earn."
    ),
    "screened": (
        " These runs replay what one full run per node recorded of its customers: they screen "
        "policies within seconds and prove nothing. Judge with the full loop."
    ),
    "unit": "sat per bitcoin of capacity and year",
    "footer": "Simulated by daznode, engine {engine}, in network {network} · made {moment}",
    "footer_run": "Simulated by daznode in network {network} · history {history}",
    "contents": "Contents",
    "colon": ":",
    # A comparison.
    "comparison.title": "Fee policies compared, simulated",
    "comparison.subject": "{policies} on {nodes}",
    "comparison.detail": "network {network}, {set} nodes",
    "comparison.date": "{days} after {burn_in} of burn-in",
    "comparison.lead": (
        "{best} came first with {net} {unit} ({within}), {against}. Each policy set the fees "
        "of {nodes} in {seeds} each, over {days} with {payments} payments a day in the whole "
        "network{modernised}. Runs of equal node and seed saw the same payments, so every "
        "difference is taken within such a pair."
    ),
    "comparison.modernised": ", its fees and capacities redrawn as they are today",
    "comparison.base_first": "and no other policy did better",
    "comparison.ahead": "{difference} more than {base} (difference {within})",
    "comparison.open": "not told apart from {base} by these runs (difference {within})",
    "comparison.behind": "and yet behind {base} (difference {within})",
    "comparison.score": "Wins",
    "comparison.score_caption": "{best} beat {base} on {wins} of the nodes",
    "comparison.score_none": "no policy came before {base}",
    "comparison.status": "{ahead} ahead of {base}, {behind} behind",
    "mark.ahead": "ahead",
    "mark.behind": "behind",
    "mark.open": "not told apart",
    "mark.base": "base",
    "mark.bound": "a bound, no policy",
    "interval": "{low} to {high}",
    "interval.unknown": "too few runs for an interval",
    # Sections.
    "section.standings": "Standings",
    "section.readings": "Does it hold?",
    "section.nodes": "Node by node",
    "section.method": "How to read this",
    "section.result": "The result",
    "section.days": "Day by day",
    "section.channels": "Channels",
    "section.history": "Channel histories",
    # The standings.
    "standings.caption": "Net, {unit}, with intervals that hold the truth in 95 of 100 repetitions",
    "standings.note": (
        "Net is fees less refills and on-chain costs, less half of what restoring the starting "
        "balances would cost. The band is net with all of that cost and with none of it. Ahead and "
        "behind are said after Holm's correction for the number of policies; what is not told apart "
        "may still differ: more nodes, seeds or days would show it."
    ),
    "standings.too_few": (
        "{units} cannot tell any policy apart, however large the difference: with {rivals} held "
        "against {base}, the test takes at least {fewest}."
    ),
    "money.caption": "Where the score comes from, {unit}",
    "money.note": (
        "'No captive' leaves out what was earned from senders who had no other route within their "
        "limit. 'At 100 ppm' restores every drained satoshi at that flat price."
    ),
    "conduct.caption": "What each policy did",
    "conduct.note": (
        "Success is the share of the payments asking for the node that it passed on. Changes and "
        "refills are a channel and day, and a node and day. Own BTC is the balance held on average."
    ),
    "bars.caption": "Net of each policy, {unit}",
    "readings.caption": "Difference to {base} under every reading of the score, {unit}",
    "readings.note": (
        "Restored: all that was drained is paid for; unrestored: none of it. A claim holds when the "
        "policy is told apart from the base and the whole interval is on one side of zero under "
        "every reading of net. {held}"
    ),
    "readings.held": "That is so for {names}.",
    "readings.none": "That is so for no policy here.",
    "nodes.caption": "Net of each policy on each node, mean over {seeds}, {unit}",
    "nodes.note": "The best policy of each node is marked.",
    "best.caption": "The best policy of each node, mean over {seeds}, {unit}",
    "node.caption": "{alias}: {kind}, {tilt}, {capacity}, in sat a run",
    # Columns.
    "col.policy": "Policy",
    "col.net": "Net",
    "col.against": "Against {base}",
    "col.band": "Band",
    "col.wins": "Wins",
    "col.rank": "Mean rank",
    "col.no_captive": "No captive",
    "col.flat": "At 100 ppm",
    "col.gross": "Gross",
    "col.cost": "Cost",
    "col.success": "Success",
    "col.imbalance": "Imbalance",
    "col.updates": "Changes",
    "col.refills": "Refills",
    "col.own": "Own BTC",
    "col.oracle": "Of possible",
    "col.net_low": "Restored",
    "col.net_high": "Unrestored",
    "col.best": "Best policy",
    "col.node": "Node",
    "col.captive": "Captive",
    "col.forwards": "Forwards",
    "col.refused": "Refused",
    "col.run_updates": "Changes",
    "col.run_refills": "Refills",
    "col.day": "Day",
    "col.local": "Local, sat",
    "col.share": "Share",
    "col.fee": "Fee, ppm",
    "col.inbound": "Inbound, ppm",
    "col.earned": "Earned, sat",
    "col.out": "Out, sat",
    "col.in": "In, sat",
    "col.channel": "Channel",
    "col.peer": "Peer",
    "col.capacity": "Capacity, sat",
    "col.start": "At start",
    "col.end": "At end",
    "col.around": "Around",
    "col.refilled": "Refilled",
    "col.refill_cost": "For, sat",
    "tilt.source": "its payments rather drain it",
    "tilt.sink": "its payments rather fill it",
    "tilt.even": "its payments lean neither way",
    "kind.hub": "hub",
    "kind.mid": "middle",
    "kind.leaf": "leaf",
    # One run.
    "run.title": "A fee policy simulated",
    "run.detail": "{node} · policy {policy} · seed {seed} · network {network}",
    "run.date": "{days}",
    "run.lead": (
        "Under {policy} this {kind} node earned {fees} in {days} and paid {spent}. Bringing its "
        "channels back to where they began would cost up to {restore}, so the run is worth between "
        "{low} and {high}. Before the measured days its fees were those of {base}."
    ),
    "run.kept_for_judging": (
        " This node is of the evaluation half: judge by it, do not tune on it."
    ),
    "run.opened": (
        "Opened on {day}: {capacity} to {peer}. It earned {earned} by {forwards}, and {local} of it "
        "were on the node's side in the end."
    ),
    "run.closed": (
        "Closed on {day}: the channel with {peer}, of which {local} went back to the wallet before "
        "the transaction was paid. It had earned {earned} by {forwards}."
    ),
    "run.score": "Passed on",
    "run.score_caption": "of the {offered} payments that asked for this node",
    "run.status_gain": "Net gain",
    "run.status_loss": "Net loss",
    "run.status_even": "Neither gain nor loss",
    "tile.net": "Net",
    "tile.net_note": "{low} to {high}",
    "tile.contested": "Net without captives",
    "tile.contested_note": "{captive} came from senders without another route",
    "tile.fees": "Fees",
    "tile.fees_note": "gross: all that forwards brought",
    "tile.refills": "Paid for refills",
    "tile.refills_note": "{refills} came through",
    "tile.onchain": "Paid on chain",
    "tile.onchain_note": "opens and closes",
    "tile.restore": "To restore",
    "tile.restore_note": "net {flat} with all of it at 100 ppm",
    "tile.forwards": "Forwards",
    "tile.forwards_note": "{refused} refused for want of balance",
    "tile.updates": "Changes of policy",
    "tile.updates_note": "{per_day} a channel and day",
    "tile.imbalance": "Imbalance",
    "tile.imbalance_note": "0% is even, 100% is all on one side",
    "tile.own": "Own balance",
    "tile.own_note": "mean of the days, {share} of the capacity",
    "tile.network": "Network's success",
    "tile.network_note": "of {payments} payments",
    "day": "day {number}",
    "chart.earned": "Fees earned, sat",
    "chart.out": "Passed on, sat",
    "chart.local": "Own balance, sat",
    "chart.refused": "Refused for want of balance",
    "chart.share": "Own share of the balance",
    "chart.fee": "Fee asked, ppm",
    "chart.summary": "{title}: {first} on {first_day}, {last} on {last_day}, between {low} and {high}.",
    "chart.summary_flat": "{title}: {first} on every day.",
    "days.caption": "The node's days in figures",
    "channels.caption": "Channels, most earned first; around: what moving balance to the peer takes elsewhere, ppm",
    "channels.short": "{count} more",
    "channels.opened": "opened on {day}",
    "channels.closed": "closed on {day}",
    "channels.none": "The node has no channel that payments could use.",
    "history.intro": (
        "The {shown} channels that moved most, of {total}. Any other: the same command with "
        "--channel and its id."
    ),
    "history.caption": "{peer} ({scid}) day by day",
    "channel.title": "One channel under a fee policy, simulated",
    "channel.status": "Its node: {status}",
    "channel.lead": (
        "{peer} holds the other side of {capacity}. The channel earned {earned} in {forwards} and "
        "was changed {updates}; {refused} failed for want of balance."
    ),
    # How to read it.
    "method.net": (
        "The score is net, never gross: who sells all liquidity cheap earns fees and is left with "
        "empty channels. Half of the cost to refill them is charged, because part of the flow comes "
        "back by itself; the band shows all and none of it."
    ),
    "method.pairs": (
        "Intervals come from a bootstrap over nodes and the seeds within them; the test flips signs "
        "of node differences. Each node counts once."
    ),
    "method.sets": (
        "Policies are tuned on the development half of nodes and seeds and judged on the evaluation "
        "half; this comparison used the {set} half."
    ),
    "method.again": (
        "Equal plans give equal outcomes: seed {seed}, engine {engine}, nodes and seeds in the JSON."
    ),
    "method.worth": (
        "What these intervals and tests are worth, and how many runs it would take: "
        "daznode reliability {id}"
    ),
    "method.look": (
        "Any run can be looked into, day by day and channel by channel. The first one of {best}: "
        "daznode simulate {options}"
    ),
}
"""Text by its key."""


def say(key: str, **parts: str) -> str:
    """A text with its parts filled in; they are taken literally."""
    return WORDS[key].format(**parts)
