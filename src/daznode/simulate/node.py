"""The simulated node at work: it passes payments on or refuses them, and refills channels that run low."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from daznode.domain.node_state import ChannelPolicy, Forward, HtlcFailure, Rebalance
from daznode.domain.units import MSAT_PER_SAT, PPM_ONE, Msat, msat_of
from daznode.simulate.channel import Refusal, SimChannel, total_fee_msat
from daznode.simulate.player import Peer
from daznode.simulate.surroundings import Surroundings
from daznode.simulate.traffic import DAY_SECONDS, Offers

GOSSIP_SECONDS: Final = 1_800.0
"""After this long offline a channel is announced as disabled (LND: 20 minutes, and gossip's delay)."""

_OUTAGE_MEAN_SECONDS: Final = 2_400.0
_MEMORY_SECONDS: Final = 3_600.0
"""Half-life of a failure in the memory of LND's senders (`penaltyhalflife`)."""

_LEAST_SUCCESS_RATIO: Final = 0.05
_ENDPOINT_SUCCESS_RATIO: Final = 0.97
_ONWARD_SUCCESS_RATIO: Final = 0.85
_ONWARD_CHANNELS: Final = 2.0


@dataclass(frozen=True, slots=True)
class RefillParams:
    """The operator's habit of refilling channels by circular payments; it looks at no profit.

    Attributes:
        every_seconds: Time between looks at the channels.
        below_ratio: Local share below which a channel is refilled.
        to_ratio: Local share up to which it is, and below which none is drained for it.
        from_ratio: Local share above which a channel may be drained for it.
        most_sats: Largest circular payment, sat.
        least_sats: Smallest one, sat.
        limit_ppm: Most that is paid, millionths of the amount, whatever the channel earns.
        day_limit_sats: Most that is paid in a day, sat.
        per_look: Most refills at one look.
        tries_per_look: Most channels for which a way is sought at one look.
    """

    every_seconds: int = 14_400
    below_ratio: float = 0.15
    to_ratio: float = 0.4
    from_ratio: float = 0.6
    most_sats: int = 2_000_000
    least_sats: int = 200_000
    limit_ppm: int = 400
    day_limit_sats: int = 1_500
    per_look: int = 2
    tries_per_look: int = 6


@dataclass(slots=True)
class Line:
    """A peer and the channel with it as they are now.

    Attributes:
        peer: How it began.
        policy: What the node asks.
        remote_policy: What the peer asks.
        channel: The balances; None before the channel is usable.
        place: Index of the peer in the day's snapshot.
        outages: Seconds since the node's beginning, from and until which the peer is offline.
        refused_at: When a payment was last refused for lack of balance, seconds.
        refused_msat: Its amount, msat.
    """

    peer: Peer
    policy: ChannelPolicy
    remote_policy: ChannelPolicy
    channel: SimChannel | None
    place: int | None
    outages: list[tuple[float, float]] = field(default_factory=list)
    refused_at: float = -np.inf
    refused_msat: int = 0

    def is_offline(self, second: float, for_seconds: float = 0.0) -> bool:
        """Whether the peer is offline, and has been for some time."""
        return any(start + for_seconds <= second < end for start, end in self.outages)

    def draw_outages(self, day_second: float, leaves: float, rng: np.random.Generator) -> None:
        """Add the outages that begin on a day, and forget those that are over."""
        self.outages = [outage for outage in self.outages if outage[1] > day_second]
        count = int(rng.poisson(self.peer.kind.outages_per_day))
        starts = day_second + rng.random(count) * DAY_SECONDS
        lengths = rng.exponential(_OUTAGE_MEAN_SECONDS, count)
        self.outages += [
            (float(start), float(start + length))
            for start, length in zip(starts, lengths, strict=True)
        ]
        if day_second <= leaves < day_second + DAY_SECONDS:
            self.outages.append((leaves, np.inf))


@dataclass(slots=True)
class History:
    """What happened, each list by time."""

    forwards: list[Forward] = field(default_factory=list)
    failures: list[HtlcFailure] = field(default_factory=list)
    rebalances: list[Rebalance] = field(default_factory=list)


class Node:
    """The node's channels, and what is done with them."""

    def __init__(self, begins_at: datetime, lines: tuple[Line, ...], refill: RefillParams) -> None:
        """Start with channels and an empty history.

        Args:
            begins_at: Moment of second 0.
            lines: Its peers.
            refill: Its operator's habit.
        """
        self.lines = lines
        self.history = History()
        self._begins_at = begins_at
        self._refill = refill
        self._spent_msat = 0
        self._day = -1

    def moment(self, second: float) -> datetime:
        """The moment of a second since the beginning, to the microsecond."""
        return self._begins_at + timedelta(microseconds=round(second * 1e6))

    def take(self, offers: Offers, row: int, second: float) -> None:
        """Let a payment come: it is passed on, refused, fails further on, or never arrives.

        Args:
            offers: Payments of the day.
            row: Which of them.
            second: When, since the beginning.
        """
        entry, leaving = self.lines[offers.entry[row]], self.lines[offers.leaving[row]]
        if entry.channel is None or leaving.channel is None or entry.is_offline(second):
            return
        amount_msat = Msat(int(offers.amount_msat[row]))
        if leaving.is_offline(second, GOSSIP_SECONDS) or self._is_shunned(
            leaving, offers, row, second
        ):
            return
        fee_msat = total_fee_msat(amount_msat, entry.policy, leaving.policy)
        received_msat = Msat(amount_msat + fee_msat)
        if entry.channel.receivable_msat < received_msat:
            return
        if leaving.is_offline(second):
            self._fail(entry, leaving, second, (amount_msat, fee_msat), Refusal.PEER_OFFLINE)
        elif leaving.channel.sendable_msat < amount_msat:
            leaving.refused_at, leaving.refused_msat = second, amount_msat
            self._fail(
                entry, leaving, second, (amount_msat, fee_msat), Refusal.INSUFFICIENT_BALANCE
            )
        elif offers.luck[row] > _success_ratio(leaving.peer, amount_msat):
            self._fail(entry, leaving, second, (amount_msat, fee_msat), Refusal.DOWNSTREAM)
        else:
            entry.channel.receive(received_msat)
            leaving.channel.send(amount_msat)
            self.history.forwards.append(
                Forward(
                    at=self.moment(second),
                    scid_in=entry.channel.scid,
                    scid_out=leaving.channel.scid,
                    amount_in_msat=received_msat,
                    amount_out_msat=amount_msat,
                )
            )

    def _is_shunned(self, leaving: Line, offers: Offers, row: int, second: float) -> bool:
        """Whether the sender stays away because a payment of that size was refused lately."""
        if not offers.remembers[row] or offers.amount_msat[row] < leaving.refused_msat:
            return False
        age = (second - leaving.refused_at) / _MEMORY_SECONDS
        return bool(offers.recall[row] < 2.0**-age)

    def _fail(
        self, entry: Line, leaving: Line, second: float, sums: tuple[Msat, Msat], why: Refusal
    ) -> None:
        self.history.failures.append(
            HtlcFailure(
                at=self.moment(second),
                scid_in=entry.peer.scid,
                scid_out=leaving.peer.scid,
                amount_out_msat=sums[0],
                missed_fee_msat=sums[1],
                is_local=why is not Refusal.DOWNSTREAM,
                reason=why.value,
            )
        )

    def refill(self, second: float, surroundings: Surroundings) -> None:
        """Look at the channels and refill the emptiest from the fullest.

        Args:
            second: When, since the beginning.
            surroundings: The network of the day.
        """
        day = int(second // DAY_SECONDS)
        if day != self._day:
            self._day, self._spent_msat = day, 0
        usable = [
            line
            for line in self.lines
            if line.channel is not None and not line.is_offline(second) and line.place is not None
        ]
        low = [line for line in usable if _ratio(line) < self._refill.below_ratio]
        low = [line for line in low if not line.remote_policy.is_disabled]
        done = 0
        for line in sorted(low, key=_ratio)[: self._refill.tries_per_look]:
            source = max(usable, key=_ratio)
            if done < self._refill.per_look and _ratio(source) > self._refill.from_ratio:
                done += self._circle(source, line, second, surroundings)

    def _circle(
        self, source: Line, target: Line, second: float, surroundings: Surroundings
    ) -> bool:
        """Pay oneself out by one channel and in by another; whether a way was found at the price."""
        params = self._refill
        if source.channel is None or target.channel is None:
            return False
        if source.place is None or target.place is None:
            return False
        wish_sats = min(
            params.most_sats,
            int((params.to_ratio - _ratio(target)) * target.channel.capacity_sat),
            int((_ratio(source) - params.to_ratio) * source.channel.capacity_sat),
        )
        # A large amount finds fewer ways: half of it is tried where the whole finds none.
        for sats in (wish_sats, wish_sats // 2):
            amount_msat = Msat(sats * MSAT_PER_SAT)
            if sats < params.least_sats or target.channel.receivable_msat < amount_msat:
                continue
            route = surroundings.route(source.place, target.place, amount_msat)
            if not route:
                continue
            fee_msat = surroundings.circle_fee_msat(
                route, amount_msat, source.remote_policy, target.remote_policy
            )
            spent_msat = self._spent_msat + fee_msat
            if (
                fee_msat * PPM_ONE > amount_msat * params.limit_ppm
                or spent_msat > params.day_limit_sats * MSAT_PER_SAT
                or source.channel.sendable_msat < amount_msat + fee_msat
            ):
                continue
            source.channel.send(Msat(amount_msat + fee_msat))
            target.channel.receive(amount_msat)
            self._spent_msat = spent_msat
            self.history.rebalances.append(
                Rebalance(
                    at=self.moment(second),
                    scid_out=source.channel.scid,
                    scid_in=target.channel.scid,
                    amount_msat=amount_msat,
                    fee_msat=fee_msat,
                )
            )
            return True
        return False


def _ratio(line: Line) -> float:
    return line.channel.local_ratio if line.channel is not None else 0.0


def _success_ratio(peer: Peer, amount_msat: int) -> float:
    """Chance that a payment handed to a peer arrives: at the peer, or behind it.

    Behind it, a channel of the peer's usual size has the balance with the probability that an
    unknown balance gives, twice the size because the sender chooses among several.

    References:
        Pickhardt, Tikhomirov, Biryukov, Nowostawski, arXiv:2103.08576.
    """
    room = amount_msat / (_ONWARD_CHANNELS * msat_of(peer.onward_sat))
    onward = _ONWARD_SUCCESS_RATIO * max(_LEAST_SUCCESS_RATIO, 1.0 - room)
    ends = peer.kind.ends_here_ratio
    return ends * _ENDPOINT_SUCCESS_RATIO + (1.0 - ends) * onward
