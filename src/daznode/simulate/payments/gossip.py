"""How what a node changes becomes known to others: some minutes later, and not too often."""

import heapq
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from daznode.simulate.payments.network import IntArray
from daznode.simulate.payments.succession import Succession

GOSSIP_MEDIAN_MS: Final = 300_000.0
GOSSIP_SPREAD: Final = 0.6
GOSSIP_MOST_MS: Final = 2_500_000
"""How long an update takes to be known: log-normal with a mean of 360 s, 95 % below some 750 s
(measured in 2022 on the Lightning gossip network, lightning-dev)."""
GOSSIP_INTERVAL_MS: Final = 60_000
"""Nodes pass on one update a minute and channel (LND, `channelUpdateInterval`)."""


def gossip_delay_ms(rng: np.random.Generator) -> int:
    """How long one update takes, ms."""
    spread = GOSSIP_SPREAD * rng.normal()
    return min(GOSSIP_MOST_MS, round(GOSSIP_MEDIAN_MS * float(np.exp(spread))))


@dataclass(slots=True)
class Gossip:
    """Updates of the player that are on their way.

    Attributes:
        waiting: A heap: moment at which it is known, edge, all columns of the policy.
        last_ms: By edge, when the last one was, or will be, known.
    """

    waiting: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)
    last_ms: dict[int, int] = field(default_factory=dict)

    def send(self, edge: int, at_ms: int, row: IntArray) -> None:
        """Let a policy be known at a moment, or later: one update a minute and channel is passed on."""
        known_at = max(at_ms, self.last_ms.get(edge, -GOSSIP_INTERVAL_MS) + GOSSIP_INTERVAL_MS)
        self.last_ms[edge] = known_at
        heapq.heappush(self.waiting, (known_at, edge, tuple(row.tolist())))

    def next(self) -> tuple[int, tuple[int, ...]]:
        """Take the update that is known first: its edge and its policy."""
        _, edge, row = heapq.heappop(self.waiting)
        return edge, row

    def forget(self, edge: int) -> None:
        """Drop what is on its way for an edge."""
        self.waiting = sorted(one for one in self.waiting if one[1] != edge)

    def later(self, since: Succession) -> "Gossip":
        """What is on its way, by the edges of a later network."""
        place = {int(old): new for new, old in enumerate(since.edge) if old >= 0}
        return Gossip(
            sorted((at_ms, place[edge], row) for at_ms, edge, row in self.waiting if edge in place),
            {place[edge]: at_ms for edge, at_ms in self.last_ms.items() if edge in place},
        )

    def copy(self) -> "Gossip":
        """The same updates on a way of their own."""
        return Gossip(list(self.waiting), dict(self.last_ms))
