"""NodeGuard: an integrating controller that pulls every channel to a share its flow calls for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from daznode.domain.ids import ShortChannelId, block_height_of
from daznode.domain.node_state import OwnChannel
from daznode.domain.units import MSAT_PER_SAT, BlockHeight, Ppm, Sat
from daznode.simulate.policies.pricing import repriced
from daznode.simulate.policies.sight import Orders, PolicyOrder, Sight
from daznode.simulate.policies.window import Window

_EMA_WEIGHT: Final = 0.08
_TARGET_WEIGHT: Final = 0.10
_GOAL_GAIN: Final = 0.70
_GOAL_MOST: Final = 0.35
_GOAL_RANGE: Final = (0.10, 0.90)
_EVEN: Final = 0.5
_FLOW_LIMIT: Final = 0.25
_LEAST_VOLUME_MSAT: Final = 10_000_000 * MSAT_PER_SAT
_LEAST_AGE_BLOCKS: Final = 3_024
_CYCLES: Final = 3
_LEAST_CAPACITY: Final = Sat(10_000_000)
_DEADBAND: Final = 0.03
_OUTBOUND_GAIN: Final = 0.8
_INBOUND_GAIN: Final = 0.5
_MOST_OUT_PPM: Final = 3_000
_LEAST_IN_PPM: Final = -2_000
_STEP_PPM: Final = 50
_IGNORED_PPM: Final = 5
_BLOCK: Final = timedelta(minutes=10)
_FLOW_SPAN: Final = timedelta(days=21)


class Category(StrEnum):
    """What a channel's flow of three weeks makes of it."""

    UNCATEGORIZED = "uncategorized"
    SINK = "sink"
    SOURCE = "source"
    BIDIRECTIONAL = "bidirectional"


START_PPM: Final = {
    Category.UNCATEGORIZED: Ppm(1_500),
    Category.BIDIRECTIONAL: Ppm(1_500),
    Category.SOURCE: Ppm(50),
    Category.SINK: Ppm(2_500),
}
"""Rate that a channel of each category starts from, and by which its gains scale."""


@dataclass(slots=True)
class Channel:
    """What NodeGuard keeps of one channel.

    Attributes:
        ema: Smoothed share of ours.
        category: Present category.
        next_category: What the last cycles found.
        cycles: How many cycles in a row found it.
        target: Share that the controller pulls to.
        last: Rates last decided, outbound and inbound; None before the first decision.
    """

    ema: float
    category: Category = Category.UNCATEGORIZED
    next_category: Category = Category.UNCATEGORIZED
    cycles: int = 0
    target: float = _EVEN
    last: tuple[int, int] | None = None


def category_of(out_msat: int, in_msat: int) -> Category:
    """Category by what was sent and received in 21 days, msat."""
    volume_msat = out_msat + in_msat
    if volume_msat < _LEAST_VOLUME_MSAT:
        return Category.UNCATEGORIZED
    net = (out_msat - in_msat) / volume_msat
    if net >= _FLOW_LIMIT:
        return Category.SINK
    return Category.SOURCE if net <= -_FLOW_LIMIT else Category.BIDIRECTIONAL


def goal_ratio(category: Category, out_msat: int, in_msat: int) -> float:
    """Share of ours that a flow calls for: more where more leaves, in 0.15 to 0.85."""
    if category is Category.UNCATEGORIZED or not out_msat + in_msat:
        return _EVEN
    net = (out_msat - in_msat) / (out_msat + in_msat)
    pull = min(max(_GOAL_GAIN * net, -_GOAL_MOST), _GOAL_MOST)
    return min(max(_EVEN + pull, _GOAL_RANGE[0]), _GOAL_RANGE[1])


def controlled(deviation: float, start_ppm: int, last: tuple[int, int]) -> tuple[int, int]:
    """Rates after one cycle.

    Args:
        deviation: Smoothed share less its target.
        start_ppm: Rate of the category.
        last: Outbound and inbound rate of the cycle before, ppm.

    Returns:
        Outbound rate in 0 to 3000 and inbound rate in -2000 to 0, each at most 50 away from before;
        what would move by less than 5 stays.

    References:
        Elenpay/NodeGuard 2a1cdaa, `Services/FeeOptimizerService.cs`. A deviation of -0.2 at 1,500 ppm
        turns (1500, 0) into (1550, -50).
    """
    if abs(deviation) <= _DEADBAND:
        return last
    outbound = round(last[0] - _OUTBOUND_GAIN * deviation * start_ppm)
    inbound = round(last[1] + _INBOUND_GAIN * deviation * start_ppm)
    return (
        _stepped(last[0], min(max(outbound, 0), _MOST_OUT_PPM)),
        _stepped(last[1], min(max(inbound, _LEAST_IN_PPM), 0)),
    )


def _stepped(last: int, wanted: int) -> int:
    step = min(max(wanted - last, -_STEP_PPM), _STEP_PPM)
    return last if abs(step) < _IGNORED_PPM else last + step


class NodeGuard:
    """The fee engine alone; its rebalancer is newer than the version rebuilt.

    A cycle every 30 minutes, channels of 10 million sat and more. A channel is classed only once it
    is 3,024 blocks (three weeks) old and has moved 10 million sat in 21 days *as seen here*: until
    the policy has looked that long, flows are understated and channels stay uncategorized, which
    means a target of one half and a start at 1,500 ppm. The first decision starts from the category's
    rate, not from what was asked before. A rebalance in flight never shows between two looks.
    """

    every: timedelta = timedelta(minutes=30)

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._weeks = Window(_FLOW_SPAN)
        self._channels: dict[ShortChannelId, Channel] = {}

    def look(self, sight: Sight) -> Orders:
        """Run one cycle over the active channels."""
        self._weeks.take(sight.activity)
        height = sight.observation.identity.block_height
        orders = []
        for channel in sight.observation.channels:
            ratio = channel.local_ratio
            if not channel.is_active or ratio is None or channel.local_policy is None:
                continue
            kept = self._seen(channel.scid, ratio)
            if _age_blocks(channel, sight.now, height) >= _LEAST_AGE_BLOCKS:
                self._categorize(channel.scid, kept)
            if channel.capacity_sat >= _LEAST_CAPACITY:
                order = _decided(channel, kept)
                if order:
                    orders.append(order)
        return Orders(policies=tuple(orders))

    def _seen(self, scid: ShortChannelId, ratio: float) -> Channel:
        kept = self._channels.get(scid)
        if kept is None:
            kept = self._channels[scid] = Channel(ema=ratio)
        else:
            kept.ema = _EMA_WEIGHT * ratio + (1 - _EMA_WEIGHT) * kept.ema
        return kept

    def _categorize(self, scid: ShortChannelId, kept: Channel) -> None:
        flow = self._weeks.of(scid)
        found = category_of(flow.sent_msat, flow.received_msat)
        kept.cycles = kept.cycles + 1 if found is kept.next_category else 1
        kept.next_category = found
        if kept.cycles >= _CYCLES:
            kept.category = found
        goal = goal_ratio(kept.category, flow.sent_msat, flow.received_msat)
        kept.target = _TARGET_WEIGHT * goal + (1 - _TARGET_WEIGHT) * kept.target


def _age_blocks(channel: OwnChannel, now: datetime, height: BlockHeight) -> int:
    if channel.opened_at is not None:
        return (now - channel.opened_at) // _BLOCK
    return height - block_height_of(channel.scid)


def _decided(channel: OwnChannel, kept: Channel) -> PolicyOrder | None:
    start_ppm = START_PPM[kept.category]
    last = kept.last or (start_ppm, 0)
    asked = controlled(kept.ema - kept.target, start_ppm, last)
    if asked == last:
        return None
    kept.last = asked
    return repriced(channel, fee_ppm=asked[0], inbound_fee_ppm=asked[1])
