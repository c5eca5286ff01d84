"""What fee policies see: one sight at a time, and a small node that obeys them for weeks."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from tests.builders import TODAY, a_channel, a_failure, a_policy, an_activity, an_observation

from daznode.domain.ids import NodeId
from daznode.domain.node_state import (
    Forward,
    HtlcFailure,
    NodeActivity,
    OwnChannel,
    Rebalance,
)
from daznode.domain.units import Msat, Ppm, Sat, forwarding_fee_msat
from daznode.simulate.policies.sight import (
    FeePolicy,
    Orders,
    PeerMarket,
    PolicyOrder,
    PublicMarket,
    Sight,
)

HOUR = timedelta(hours=1)


def a_peer_market(**given: Any) -> PeerMarket:
    """Three rivals of 10, 20 and 30 million sat that ask 100, 200 and 300 ppm of 1,000 msat base."""
    made = PeerMarket(
        base_fee_msat=np.array([1_000, 1_000, 1_000]),
        fee_ppm=np.array([100, 200, 300]),
        capacity_sat=np.array([2_000_000, 2_000_000, 2_000_000]),
        rival_capacity_sat=np.array([10_000_000, 20_000_000, 30_000_000]),
    )
    return replace(made, **{name: np.array(value) for name, value in given.items()})


def a_market(known: Sequence[NodeId] = (), **given: Any) -> PublicMarket:
    """A node of 20 million sat, and the same market before each of its peers."""
    made = PublicMarket(
        own_capacity_sat=Sat(20_000_000),
        peers={peer: a_peer_market() for peer in known},
        feerate_sat_vb=5.0,
    )
    return replace(made, **given)


def quiet(since: datetime, until: datetime, **given: Any) -> NodeActivity:
    """A window in which nothing happened, but for what is given."""
    empty = an_activity(since=since, until=until, forwards=(), failures=(), rebalances=())
    return replace(empty, **given)


def a_sight(
    *channels: OwnChannel,
    now: datetime = TODAY,
    market: PublicMarket | None = None,
    since: timedelta = HOUR,
    **activity: Any,
) -> Sight:
    """A look at some channels after a quiet hour, before rivals at every peer."""
    return Sight(
        now=now,
        observation=an_observation(observed_at=now, channels=channels),
        activity=quiet(now - since, now, **activity),
        market=market or a_market([channel.peer_id for channel in channels]),
    )


def balanced(number: int = 1, local_ratio: float = 0.5, **given: Any) -> OwnChannel:
    """A channel of 10 million sat with some share of ours."""
    capacity_sat = given.pop("capacity_sat", 10_000_000)
    local = round(capacity_sat * local_ratio) * 1_000
    return a_channel(
        number,
        capacity_sat=Sat(capacity_sat),
        local_msat=Msat(local),
        remote_msat=Msat(capacity_sat * 1_000 - local),
        **given,
    )


def asking(fee_ppm: int, **given: Any) -> Any:
    """A policy of one rate."""
    return a_policy(fee_ppm=Ppm(fee_ppm), **given)


@dataclass
class SmallNode:
    """A node whose channels pay each other at random; policies look at it and are obeyed.

    Attributes:
        rng: Chance of payments and refills.
        now: Its time.
        channels: Its channels by place.
        market: What gossip says, made anew every day.
        history: Orders, look by look.
    """

    rng: np.random.Generator
    now: datetime = TODAY
    channels: list[OwnChannel] = field(default_factory=list)
    market: PublicMarket = field(default_factory=a_market)
    history: list[Orders] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with what a real node can show: all kinds of channels."""
        peers = [balanced(n, ratio) for n, ratio in enumerate((0.02, 0.1, 0.5, 0.9, 0.99), 1)]
        second = replace(balanced(6, 0.3), peer_id=peers[0].peer_id)
        odd = [
            balanced(7, 0.5, is_private=True),
            balanced(8, 0.5, is_active=False),
            balanced(9, 0.5, local_policy=None),
            balanced(10, 0.5, remote_policy=None, opened_at=None),
            balanced(11, 0.0, capacity_sat=0),
            balanced(12, 1.0, capacity_sat=40_000),
        ]
        self.channels = [*peers, second, *odd]
        self._renew_market()

    def live(self, policy: FeePolicy, days: int) -> None:
        """Some days of payments between looks."""
        orders = self._look(policy, quiet(self.now, self.now))
        for step in range(int(timedelta(days=days) / policy.every)):
            since, self.now = self.now, self.now + policy.every
            rebalances = self._obey(orders, since)
            forwards, failures = self._payments(since, policy.every)
            if self.now.hour == 0 and self.now - since < timedelta(days=1):
                self._renew_market()
            if step == 10:
                self.channels = [c for c in self.channels if c.scid != self.channels[1].scid]
                self.channels.append(balanced(13, 0.5, local_policy=asking(100)))
            activity = quiet(
                since, self.now, forwards=forwards, failures=failures, rebalances=rebalances
            )
            orders = self._look(policy, activity)

    def _look(self, policy: FeePolicy, activity: NodeActivity) -> Orders:
        observation = an_observation(observed_at=self.now, channels=tuple(self.channels))
        orders = policy.look(Sight(self.now, observation, activity, self.market))
        self.history.append(orders)
        return orders

    def _renew_market(self) -> None:
        known = [channel.peer_id for channel in self.channels[:8]]
        self.market = a_market(known, feerate_sat_vb=float(self.rng.uniform(1, 20)))

    def _place(self, scid: int) -> int:
        return next(i for i, channel in enumerate(self.channels) if channel.scid == scid)

    def _obey(self, orders: Orders, at: datetime) -> tuple[Rebalance, ...]:
        for order in orders.policies:
            place = self._place(order.scid)
            self.channels[place] = replace(self.channels[place], local_policy=order.policy)
        done = []
        for refill in orders.refills:
            out = self._place(refill.scids_out[0])
            into = self._place(refill.scid_in)
            amount, fee = refill.amount_msat, refill.most_fee_msat // 2
            has_room = self.channels[into].remote_msat >= amount
            if self.rng.random() < 0.5 and has_room and self._shift(out, -(amount + fee)):
                self._shift(into, amount)
                done.append(Rebalance(at, refill.scids_out[0], refill.scid_in, amount, Msat(fee)))
        return tuple(done)

    def _shift(self, place: int, amount_msat: int) -> bool:
        channel = self.channels[place]
        local, remote = channel.local_msat + amount_msat, channel.remote_msat - amount_msat
        if local < 0 or remote < 0:
            return False
        self.channels[place] = replace(channel, local_msat=Msat(local), remote_msat=Msat(remote))
        return True

    def _payments(
        self, since: datetime, span: timedelta
    ) -> tuple[tuple[Forward, ...], tuple[HtlcFailure, ...]]:
        forwards, failures = [], []
        moments = np.sort(self.rng.random(self.rng.poisson(30 * span / timedelta(days=1))))
        for moment in moments:
            at = since + float(moment) * span
            came, left = self.rng.choice(len(self.channels), 2, replace=False)
            ours = self.channels[left].local_policy
            if ours is None or not self.channels[left].is_active:
                continue
            amount = Msat(int(self.rng.lognormal(12, 1)) * 1_000)
            fee = forwarding_fee_msat(amount, ours.base_fee_msat, ours.fee_ppm)
            scids = self.channels[came].scid, self.channels[left].scid
            if self.rng.random() < 100 / (100 + ours.fee_ppm) or fee == 0:
                if self.channels[came].remote_msat < amount + fee:
                    continue
                if self._shift(left, -amount):
                    self._shift(came, amount + fee)
                    forwards.append(Forward(at, *scids, Msat(amount + fee), amount))
                else:
                    failures.append(a_failure(at=at, scid_in=scids[0], scid_out=scids[1]))
        return tuple(forwards), tuple(failures)


def only(orders: Orders) -> PolicyOrder:
    """The one policy that was ordered."""
    (order,) = orders.policies
    return order


def rate_of(orders: Orders) -> int:
    """The rate of the one policy that was ordered."""
    return only(orders).policy.fee_ppm
