"""LNDg's automatic rebalancer: which channels it refills, from which, how much and at what cost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, Ppm
from daznode.simulate.policies.peers import capacity_sat, local_msat, remote_msat
from daznode.simulate.policies.sight import RefillOrder
from daznode.simulate.policies.window import Window

MOST_RATE_PPM: Final = Ppm(500)
"""`AR-MaxFeeRate`."""

COST_PERCENT: Final = 65
"""`ar_max_cost`: share of the own rate that a refill may cost."""

TARGET_PERCENT: Final = 90
SOURCE_PERCENT: Final = 75
AMOUNT_PERCENT: Final = 3
SWITCH_PERCENT: Final = 75
FLOW_RATIO: Final = 1.1
RAPID_RATIO: Final = 1.21
SMALLEST_HALVED_MSAT: Final = 69_420 * MSAT_PER_SAT
"""`RapidFire` halves what failed while it is above this."""


@dataclass(frozen=True, slots=True)
class PeerBalance:
    """What the autopilot sees of one peer over seven days.

    Attributes:
        outflow_msat: What left by it.
        inflow_msat: What came in by it.
        local_percent: Our share of its capacity, 0 to 100.
        remote_percent: Its share.
    """

    outflow_msat: int
    inflow_msat: int
    local_percent: float
    remote_percent: float


def refill_rate_ppm(own_ppm: Ppm, peer_ppm: Ppm) -> Ppm | None:
    """Most that a refill may cost, ppm; None if the peer alone takes as much, or nothing may be paid."""
    rate = min(MOST_RATE_PPM, Ppm(own_ppm * COST_PERCENT // 100))
    return rate if rate > 0 and rate > peer_ppm else None


def autopilot_says(peer: PeerBalance, *, is_on: bool) -> bool:
    """Whether a peer is to be refilled from now on.

    On for one that drains and is empty, off for one that does not and is full, else as it `is_on`.
    """
    if peer.outflow_msat > FLOW_RATIO * peer.inflow_msat and peer.remote_percent > SWITCH_PERCENT:
        return True
    if peer.outflow_msat < FLOW_RATIO * peer.inflow_msat and peer.local_percent > SWITCH_PERCENT:
        return False
    return is_on


def next_amount_msat(amount_msat: Msat, *, succeeded: bool, first_msat: Msat) -> Msat:
    """What `RapidFire` tries next: 1.21 times as much after a success, half after a failure.

    Args:
        amount_msat: What was tried.
        succeeded: Whether it came through.
        first_msat: What a series begins with; a failure at 69,420 sat or less ends the series.
    """
    if succeeded:
        return Msat(int(amount_msat * RAPID_RATIO))
    return Msat(amount_msat // 2) if amount_msat > SMALLEST_HALVED_MSAT else first_msat


class AutoRebalancer:
    """One attempt per target and look; who is a target is for the autopilot to say.

    LNDg tries again at once after a success or a failure (`RapidFire`) and waits 30 minutes after a
    series; here each look is one attempt of the series, so a large refill takes hours, not minutes.
    That understates how much LNDg refills. Estimating liquidity from a failed last hop is left out.
    """

    def __init__(self) -> None:
        """Begin with all channels as sources, as a fresh LNDg has them."""
        self._is_on: dict[NodeId, bool] = {}
        self._amounts: dict[ShortChannelId, Msat] = {}

    def settle(self, filled: Iterable[ShortChannelId], failed: Iterable[ShortChannelId]) -> None:
        """Learn what became of the last look's attempts."""
        for scids, succeeded in ((filled, True), (failed, False)):
            for scid in scids:
                tried = self._amounts.get(scid)
                if tried is not None:
                    self._amounts[scid] = next_amount_msat(
                        tried, succeeded=succeeded, first_msat=Msat(0)
                    )

    def refills(
        self, peers: Mapping[NodeId, Sequence[OwnChannel]], week: Window
    ) -> tuple[RefillOrder, ...]:
        """What to try now.

        Args:
            peers: Announced and active channels, by peer.
            week: Activity of seven days.
        """
        for peer_id, channels in peers.items():
            balance = _balance(channels, week)
            self._is_on[peer_id] = autopilot_says(balance, is_on=self._is_on.get(peer_id, False))
        sources: list[ShortChannelId] = []
        targets: list[OwnChannel] = []
        for peer_id, channels in peers.items():
            for channel in channels:
                capacity_msat = channel.capacity_sat * MSAT_PER_SAT
                if self._is_on[peer_id]:
                    if channel.remote_msat * 100 >= TARGET_PERCENT * capacity_msat > 0:
                        targets.append(channel)
                elif channel.local_msat * 100 >= SOURCE_PERCENT * capacity_msat > 0:
                    sources.append(channel.scid)
        if not sources:
            return ()
        orders = (self._order(channel, tuple(sources)) for channel in targets)
        return tuple(order for order in orders if order)

    def _order(
        self, channel: OwnChannel, sources: tuple[ShortChannelId, ...]
    ) -> RefillOrder | None:
        ours, theirs = channel.local_policy, channel.remote_policy
        if ours is None or theirs is None:
            return None
        rate_ppm = refill_rate_ppm(ours.fee_ppm, theirs.fee_ppm)
        if rate_ppm is None:
            return None
        first_msat = Msat(channel.capacity_sat * MSAT_PER_SAT * AMOUNT_PERCENT // 100)
        amount_msat = min(self._amounts.get(channel.scid) or first_msat, channel.remote_msat)
        if amount_msat <= 0:
            return None
        self._amounts[channel.scid] = amount_msat
        most_fee_msat = Msat(amount_msat * rate_ppm // PPM_ONE)
        return RefillOrder(channel.scid, sources, amount_msat, most_fee_msat)


def _balance(channels: Sequence[OwnChannel], week: Window) -> PeerBalance:
    flow = week.over([channel.scid for channel in channels])
    capacity_msat = max(capacity_sat(channels) * MSAT_PER_SAT, 1)
    return PeerBalance(
        outflow_msat=flow.sent_msat,
        inflow_msat=flow.onward_msat,
        local_percent=100 * local_msat(channels) / capacity_msat,
        remote_percent=100 * remote_msat(channels) / capacity_msat,
    )
