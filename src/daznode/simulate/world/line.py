"""A peer of the simulated node and the channel with it: what is asked, and when the peer is away."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daznode.domain.node_state import ChannelPolicy
from daznode.domain.units import Msat, msat_of
from daznode.simulate.payments.demand import DAY_MS
from daznode.simulate.world.player import Peer

DISABLE_MS: Final = 1_200_000
"""After this long offline a channel is announced as disabled (LND, `chan-disable-timeout`)."""

_OUTAGE_MEAN_MS: Final = 2_400_000.0
FOREVER_MS: Final = 1 << 60


@dataclass(slots=True)
class Line:
    """A peer and the channel with it as they are now.

    Attributes:
        peer: How it began.
        usable_ms: Moment from which the channel can be used, milliseconds since the node's beginning.
        policy: What the node asks.
        local_msat: The node's balance while the channel takes no part in the network.
        outages: Moments from and until which the peer is offline, milliseconds.
    """

    peer: Peer
    usable_ms: int
    policy: ChannelPolicy
    local_msat: Msat
    outages: list[tuple[int, int]] = field(default_factory=list)

    @property
    def capacity_msat(self) -> Msat:
        """Of the channel."""
        return msat_of(self.peer.capacity_sat)

    def is_offline(self, at_ms: int, for_ms: int = 0) -> bool:
        """Whether the peer is offline, and has been for some time."""
        return any(start + for_ms <= at_ms < end for start, end in self.outages)

    def draw_outages(self, day_ms: int, leaves_ms: int | None, rng: np.random.Generator) -> None:
        """Add the outages that begin on a day, and forget those that are over.

        Args:
            day_ms: The day's beginning.
            leaves_ms: When the peer leaves for good; None if it stays.
            rng: Source of chance.
        """
        self.outages = [outage for outage in self.outages if outage[1] > day_ms]
        count = int(rng.poisson(self.peer.kind.outages_per_day))
        starts = day_ms + (rng.random(count) * DAY_MS).astype(np.int64)
        ends = starts + rng.exponential(_OUTAGE_MEAN_MS, count).astype(np.int64)
        self.outages += zip(starts.tolist(), ends.tolist(), strict=True)
        if leaves_ms is not None and day_ms <= leaves_ms < day_ms + DAY_MS:
            self.outages.append((leaves_ms, FOREVER_MS))

    def turns(self) -> set[int]:
        """Moments at which the peer comes or goes, or its channel is announced as disabled."""
        return {
            moment
            for start, end in self.outages
            for moment in (start, start + DISABLE_MS, end)
            if moment <= end
        }
