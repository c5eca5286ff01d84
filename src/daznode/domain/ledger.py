"""What a node's forwards, refusals and rebalances add up to, per channel and in all."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import NodeActivity
from daznode.domain.units import NO_MSAT, Msat


@dataclass(frozen=True, slots=True)
class ChannelLedger:
    """Sums of one channel over a window.

    Attributes:
        forwards_in: Settled forwards that came in by it.
        forwards_out: Settled forwards that left by it.
        volume_in_msat: Received by them, msat.
        volume_out_msat: Passed on by them, msat.
        revenue_msat: Fees of forwards that left by it, msat.
        assisted_msat: Fees of forwards that came in by it, msat; also counted where they left.
        rebalance_cost_msat: Fees of circular payments that refilled it, msat.
        rebalanced_in_msat: Amount those brought back, msat.
        refused: Forwards that should have left by it and that we refused.
        refused_msat: Amount of those, msat.
        missed_fees_msat: Fees of those, msat.
    """

    forwards_in: int = 0
    forwards_out: int = 0
    volume_in_msat: Msat = NO_MSAT
    volume_out_msat: Msat = NO_MSAT
    revenue_msat: Msat = NO_MSAT
    assisted_msat: Msat = NO_MSAT
    rebalance_cost_msat: Msat = NO_MSAT
    rebalanced_in_msat: Msat = NO_MSAT
    refused: int = 0
    refused_msat: Msat = NO_MSAT
    missed_fees_msat: Msat = NO_MSAT

    @property
    def profit_msat(self) -> Msat:
        """Revenue minus rebalance cost, msat."""
        return Msat(self.revenue_msat - self.rebalance_cost_msat)

    @property
    def is_idle(self) -> bool:
        """Whether nothing passed, either way."""
        return self.forwards_in == 0 and self.forwards_out == 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """Sums of a node over a window `[since, until)`.

    Attributes:
        since: Start, UTC.
        until: End, UTC.
        channels: By short channel id; a channel in which nothing happened is absent.
        forwards: Settled forwards.
        failures: Forwards asked and not settled.
        volume_msat: Amount passed on, msat.
        revenue_msat: Fees earned, msat.
        rebalance_cost_msat: Fees paid for circular payments, msat.
        rebalanced_msat: Amount those moved, msat.
        refused: Failures that were our own refusal.
        missed_fees_msat: Fees of those, msat.
        are_failures_known: Whether failures were recorded for the whole window; if not, their
            counts and sums say too little.
    """

    since: datetime
    until: datetime
    channels: Mapping[ShortChannelId, ChannelLedger] = field(default_factory=dict)
    forwards: int = 0
    failures: int = 0
    volume_msat: Msat = NO_MSAT
    revenue_msat: Msat = NO_MSAT
    rebalance_cost_msat: Msat = NO_MSAT
    rebalanced_msat: Msat = NO_MSAT
    refused: int = 0
    missed_fees_msat: Msat = NO_MSAT
    are_failures_known: bool = True

    @property
    def net_msat(self) -> Msat:
        """Revenue minus rebalance cost, msat."""
        return Msat(self.revenue_msat - self.rebalance_cost_msat)

    @property
    def success_ratio(self) -> float | None:
        """Settled over asked, in [0, 1]; None when nothing was asked, or failures are not known."""
        if not self.are_failures_known:
            return None
        asked = self.forwards + self.failures
        return self.forwards / asked if asked else None

    def of(self, scid: ShortChannelId) -> ChannelLedger:
        """Sums of one channel, zero where nothing happened."""
        return self.channels.get(scid, ChannelLedger())


def tally(activity: NodeActivity, since: datetime, until: datetime) -> Ledger:
    """Add up what happened in a window.

    Args:
        activity: Events; must cover the window.
        since: Start, UTC, inclusive.
        until: End, UTC, exclusive.

    Returns:
        The sums, to the msat.
    """
    channels: dict[ShortChannelId, ChannelLedger] = {}

    def of(scid: ShortChannelId) -> ChannelLedger:
        return channels.get(scid, ChannelLedger())

    forwards = [event for event in activity.forwards if since <= event.at < until]
    for event in forwards:
        row = of(event.scid_in)
        channels[event.scid_in] = replace(
            row,
            forwards_in=row.forwards_in + 1,
            volume_in_msat=Msat(row.volume_in_msat + event.amount_in_msat),
            assisted_msat=Msat(row.assisted_msat + event.fee_msat),
        )
        row = of(event.scid_out)
        channels[event.scid_out] = replace(
            row,
            forwards_out=row.forwards_out + 1,
            volume_out_msat=Msat(row.volume_out_msat + event.amount_out_msat),
            revenue_msat=Msat(row.revenue_msat + event.fee_msat),
        )
    failures = [event for event in activity.failures if since <= event.at < until]
    refusals = [event for event in failures if event.is_local]
    for failure in refusals:
        if failure.scid_out is None:
            continue
        row = of(failure.scid_out)
        channels[failure.scid_out] = replace(
            row,
            refused=row.refused + 1,
            refused_msat=Msat(row.refused_msat + failure.amount_out_msat),
            missed_fees_msat=Msat(row.missed_fees_msat + failure.missed_fee_msat),
        )
    rebalances = [event for event in activity.rebalances if since <= event.at < until]
    for rebalance in rebalances:
        row = of(rebalance.scid_in)
        channels[rebalance.scid_in] = replace(
            row,
            rebalance_cost_msat=Msat(row.rebalance_cost_msat + rebalance.fee_msat),
            rebalanced_in_msat=Msat(row.rebalanced_in_msat + rebalance.amount_msat),
        )
    return Ledger(
        since=since,
        until=until,
        channels=channels,
        forwards=len(forwards),
        failures=len(failures),
        volume_msat=Msat(sum(event.amount_out_msat for event in forwards)),
        revenue_msat=Msat(sum(event.fee_msat for event in forwards)),
        rebalance_cost_msat=Msat(sum(event.fee_msat for event in rebalances)),
        rebalanced_msat=Msat(sum(event.amount_msat for event in rebalances)),
        refused=len(refusals),
        missed_fees_msat=Msat(sum(event.missed_fee_msat for event in refusals)),
        are_failures_known=activity.are_failures_known,
    )
