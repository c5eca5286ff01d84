"""The payment loop as the simulated node stands in it, from one day's network to the next."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from daznode.domain.ids import NodeId, ShortChannelId
from daznode.domain.node_state import ChannelPolicy, NodeActivity, Rebalance
from daznode.domain.units import Msat
from daznode.simulate.payments.loop import PaymentLoop
from daznode.simulate.payments.succession import Succession
from daznode.simulate.players.player import Player
from daznode.simulate.policies.sight import Orders, RefillOrder
from daznode.simulate.world.public_day import PublicDay

_DAY: Final = timedelta(days=1)
_NO_FEERATE: Final = 0.0
"""The node closes nothing, so that no transaction is priced."""


class Stage:
    """A payment loop whose network is another one every day, and the node in it.

    Attributes:
        public: The day's network.
        loop: Payments in it.
    """

    def __init__(self, first: PublicDay, begins_at: datetime, seed: int) -> None:
        """Set up the first day's network; `enter` begins the day.

        Args:
            first: The first day's network.
            begins_at: Its moment, UTC.
            seed: Number of the loop's own chance: other nodes' outages, gossip's delays.
        """
        self.public = first
        self.loop = PaymentLoop(first.ground, first.bounds, player=first.player, seed=seed, days=0)
        self._begins_at = begins_at
        self._day = -1

    def enter(
        self, public: PublicDay, held_msat: Mapping[ShortChannelId, Msat], rng: np.random.Generator
    ) -> None:
        """Begin the next day.

        Args:
            public: Its network.
            held_msat: The node's balances of all its channels: of use where the loop knows none.
            rng: Source of chance for payments, and for the balances of new channels.
        """
        balances_rng, payments_rng = rng.spawn(2)
        is_first = self._day < 0
        since = Succession.none(public.ground.network) if is_first else public.since(self.public)
        self._day += 1
        self.public = public
        self.loop.move_to(
            public.ground,
            public.bounds,
            since,
            player=public.player,
            balance_msat=public.balances(held_msat, balances_rng),
            payments=public.payments(self._day, self._begins_at + self._day * _DAY, payments_rng),
        )
        self._player = Player(self.loop, public.names, self._begins_at)
        edges = self._player.edges.tolist()
        self._edges = dict(zip(self._player.scids, edges, strict=True))

    def run_until(self, to_ms: int) -> NodeActivity:
        """Let happen what happens before a moment, and tell what the node saw of it."""
        since = self._player.now
        events = self.loop.run_until(to_ms)
        return self._player.activity(since, self._player.now, events, ())

    def set_offline(self, node_id: NodeId, *, is_offline: bool) -> None:
        """Take a node off the network or bring it back, if it is in it at all."""
        place = self.public.places.get(node_id)
        if place is not None:
            self.loop.set_offline(place, is_offline=is_offline)

    def has(self, scid: ShortChannelId) -> bool:
        """Whether one of the node's channels takes part in the day's network."""
        return scid in self._edges

    def local_msat(self, scid: ShortChannelId) -> Msat:
        """The node's balance of a channel that takes part."""
        return Msat(int(self.loop.book.balance[self._edges[scid]]))

    def ask(self, scid: ShortChannelId, policy: ChannelPolicy) -> None:
        """Ask something else for a channel, if it takes part: others hear of it through gossip."""
        if self.has(scid):
            self._player.set_policy(scid, policy)

    def refill(self, order: RefillOrder) -> list[Rebalance]:
        """Try a circular payment at its true cost; none if it failed."""
        return self._player.carry_out(Orders(refills=(order,)), _NO_FEERATE)
