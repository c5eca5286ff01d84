"""Which of the refills ordered at the last look came through."""

from collections.abc import Iterable

from daznode.domain.ids import ShortChannelId
from daznode.domain.node_state import NodeActivity
from daznode.simulate.policies.sight import RefillOrder


class Tries:
    """Remembers what was ordered until the next look shows what became of it."""

    def __init__(self) -> None:
        """Begin with nothing ordered."""
        self._ordered: set[ShortChannelId] = set()

    def settle(
        self, activity: NodeActivity
    ) -> tuple[frozenset[ShortChannelId], frozenset[ShortChannelId]]:
        """Channels whose refill succeeded, and those whose refill failed, since the last look.

        A refill that did not show up as a circular payment has failed.
        """
        filled = {rebalance.scid_in for rebalance in activity.rebalances}
        ordered, self._ordered = self._ordered, set()
        return frozenset(ordered & filled), frozenset(ordered - filled)

    def ordered(self, refills: Iterable[RefillOrder]) -> None:
        """Note what is ordered at this look."""
        self._ordered = {refill.scid_in for refill in refills}
